"""Postprocessing: output maps to labels, contours and edges on the scan's own grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from napari_boundaryseg import losses
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.components import fill_enclosed, largest_components
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.inference.assembling.left_out import in_words, left_out_of
from napari_boundaryseg.engine.inference.assembling.pieces import likeliest
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Inference


def labelled(
    volume: Volume, box: Box, found: np.ndarray, probability: Callable[[int], np.ndarray], recipe: Recipe
) -> tuple[LabelMap, list[str], dict[str, dict[str, Any]]]:
    """The labels on the whole grid; notes; what was left out.

    Parameters
    ----------
    volume : Volume
    box : three slices
    found : array of integers
        Of `decided`, inside the box; of probabilities that are not calibrated: what puts numbers right moves no label.
    probability : callable
        Of the n-th organ inside the box, right where it was found; asked for only where it has several pieces.
    recipe : Recipe
    """
    ids = np.array([0, *recipe.scheme.ids], np.min_scalar_type(max(recipe.scheme.ids)))
    shape = volume.geometry.shape
    array = np.zeros(shape, ids.dtype)
    array[box] = ids[found]
    array, notes, left_out = cleaned(
        array,
        lambda n: _place(probability(n)[None], box, shape)[0],
        recipe.inference,
        volume.geometry,
        recipe.scheme,
    )
    return LabelMap(array, volume.geometry, recipe.scheme, volume.name), notes, left_out


def contour_maps(
    maps: Mapping[str, np.ndarray], classes: np.ndarray, recipe: Recipe
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Each organ's contour map inside the box, and what made it.

    Of a head that learned boundaries the probability that the organ's border passes; of one that learned a band the
    heat that it was taught, 1 on the border; of a network without contour heads `derived_contour`.
    """
    contours, sources = {}, {}
    for head, organs in (("hard", recipe.clear), ("soft", recipe.blurry)):
        for organ, found in zip(organs, maps.get(head, ()), strict=False):
            contours[organ.name] = losses.probability(head, found, recipe.losses, recipe.loss_arguments)
            sources[organ.name] = f"{head} head"
    for n, organ in enumerate(recipe.scheme.organs, start=1):
        if organ.name not in contours:
            contours[organ.name], sources[organ.name] = derived_contour(classes[n]), "derived"
    return contours, sources


def cleaned(
    labels: np.ndarray,
    probability: Callable[[int], np.ndarray],
    inference: Inference,
    geometry: Geometry,
    scheme: LabelScheme,
) -> tuple[np.ndarray, list[str], dict[str, dict[str, Any]]]:
    """The labels after the recipe's post-processing, how much that changed, and `left_out_of`.

    The probability of the n-th organ is asked for only where it has several pieces.

    It works in the patient's axes: of two pieces of one size the same one is kept however the scan is stored.
    """
    axes, voxel_ml = AxisMap(geometry.affine, geometry.shape, "RAS"), geometry.voxel_ml
    before = labels
    labels = array = axes.to_axes(labels)
    notes: list[str] = []
    left_out: dict[str, dict[str, Any]] = {}
    if inference.smallest_share:
        only = inference.smallest_share == 1
        names = {organ.id: organ.name for organ in scheme.organs}
        main = likeliest(labels, lambda n: axes.to_axes(probability(n)), names, axes.new_spacing_mm) if only else None
        array = largest_components(labels, inference.smallest_share, main)
        dropped = int(np.count_nonzero(array != labels)) * voxel_ml
        which = "the likeliest piece of each organ was" if only else "large pieces of organs were"
        notes += [f"Only {which} kept; {ml_text(dropped)} mL were left out"] if dropped else []
        left_out = left_out_of(before, np.asarray(axes.from_axes(array)), scheme, voxel_ml)
        notes += [in_words(organ, left) for organ, left in left_out.items()]
    if inference.fill:
        filled = fill_enclosed(array)
        added = int(np.count_nonzero(filled != array)) * voxel_ml
        array, notes = filled, notes + ([f"Holes of {ml_text(added)} mL were filled"] if added else [])
    return np.ascontiguousarray(axes.from_axes(array)), notes, left_out


def derived_contour(probability: np.ndarray) -> np.ndarray:
    """4 p (1 - p): 1 where the organ is as likely as not, 0 where the network is sure."""
    return 4 * probability * (1 - probability)


def _place(maps: np.ndarray, box: Box, shape: tuple[int, ...], outside: float = 0.0) -> np.ndarray:
    if maps.shape[1:] == shape:
        return maps
    whole = np.full((len(maps), *shape), outside, np.float32)
    whole[(slice(None), *box)] = maps
    return whole
