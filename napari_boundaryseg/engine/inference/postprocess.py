"""Postprocessing: output maps to labels, contours and edges on the scan's own grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.components import fill_enclosed, largest_components
from napari_boundaryseg.data.geometry import AxisMap
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.card import Calibration
from napari_boundaryseg.engine.inference.calibration import rescaled, tempered
from napari_boundaryseg.engine.inference.left_out import in_words, left_out_of
from napari_boundaryseg.engine.inference.pieces import likeliest
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Inference


def postprocess(
    volume: Volume,
    box: Box,
    maps: dict[str, np.ndarray],
    recipe: Recipe,
    channel_weights: dict[str, tuple[float, ...]],
    calibration: Calibration | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """Heads inside a box of the scan to the parts of a `Prediction` on the whole grid, and what to say of them."""
    scheme, shape = recipe.scheme, volume.geometry.shape
    classes = maps.pop("classes")
    raw = _placed_classes(classes, box, shape)
    # What is derived from probabilities is derived from the network's own: the edges' calibration was fitted on them.
    probabilities = (
        raw if calibration is None else _placed_classes(tempered(classes, calibration.probabilities), box, shape)
    )
    ids = np.array([0, *scheme.ids])
    array, notes, left_out = cleaned(
        ids[probabilities.argmax(0)], probabilities, recipe.inference, volume.geometry, scheme
    )
    labels = LabelMap(array, volume.geometry, scheme, volume.name)
    contours, sources = {}, {}
    for head, organs, word in (("hard", recipe.clear, "hard head"), ("soft", recipe.blurry, "soft head")):
        for n, organ in enumerate(organs):
            if head in maps:
                contours[organ.name], sources[organ.name] = _place(maps[head][n : n + 1], box, shape)[0], word
    for n, organ in enumerate(scheme.organs, start=1):
        if organ.name not in contours:
            contours[organ.name], sources[organ.name] = derived_contour(raw[n]), "derived"
    contours = {name: contours[name] for name in scheme.names}
    if "edges" in maps:
        edges, sources["edges"] = _place(maps["edges"], box, shape)[0], "hard head"
    else:
        edges = np.max(list(contours.values()), axis=0)
        words = {sources[name] for name in scheme.names}
        sources["edges"] = words.pop() if len(words) == 1 else "derived"
    if calibration is not None:
        edges = _place(rescaled(edges[box], calibration.edges)[None], box, shape)[0]
    attention = {name: _place(maps[name], box, shape)[0] for name in maps if name.startswith("level")}
    return {
        "labels": labels,
        "probabilities": probabilities,
        "edges": edges,
        "contours": contours,
        "contour_sources": sources,
        "attention": attention,
        "channel_weights": channel_weights,
        "details": {"left_out": left_out},
    }, notes


def cleaned(
    labels: np.ndarray, probabilities: np.ndarray, inference: Inference, geometry: Geometry, scheme: LabelScheme
) -> tuple[np.ndarray, list[str], dict[str, dict[str, Any]]]:
    """The labels after the recipe's post-processing, how much that changed, and `left_out_of`.

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
        of_organs = [axes.to_axes(probability) for probability in probabilities[1:]]
        main = likeliest(labels, of_organs, names, axes.new_spacing_mm) if only else None
        array = largest_components(labels, inference.smallest_share, main)
        dropped = int(np.count_nonzero(array != labels)) * voxel_ml
        which = "the likeliest piece of each organ was" if only else "large pieces of organs were"
        notes += [f"Only {which} kept; {dropped:.1f} mL were left out"] if dropped else []
        left_out = left_out_of(before, np.asarray(axes.from_axes(array)), scheme, voxel_ml)
        notes += [in_words(organ, left) for organ, left in left_out.items()]
    if inference.fill:
        filled = fill_enclosed(array)
        added = int(np.count_nonzero(filled != array)) * voxel_ml
        array, notes = filled, notes + ([f"Holes of {added:.1f} mL were filled"] if added else [])
    return np.ascontiguousarray(axes.from_axes(array)), notes, left_out


def derived_contour(probability: np.ndarray) -> np.ndarray:
    """4 p (1 - p): 1 where the organ is as likely as not, 0 where the network is sure."""
    return 4 * probability * (1 - probability)


def _placed_classes(classes: np.ndarray, box: Box, shape: tuple[int, int, int]) -> np.ndarray:
    """Probabilities on the whole grid: outside the box everything is background."""
    placed = _place(classes, box, shape)
    placed[0] += 1 - _place(np.ones((1, *classes.shape[1:]), np.float32), box, shape)[0]
    return placed


def _place(maps: np.ndarray, box: Box, shape: tuple[int, int, int]) -> np.ndarray:
    if maps.shape[1:] == shape:
        return maps
    whole = np.zeros((len(maps), *shape), np.float32)
    whole[(slice(None), *box)] = maps
    return whole
