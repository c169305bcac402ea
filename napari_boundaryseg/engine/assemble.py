"""A network's maps to labels, contours and edges on the scan's own grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.components import fill_enclosed, largest_components
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.recipe import Recipe
from napari_boundaryseg.engine.settings import Inference


def assemble(volume: Volume, box: Box, maps: dict[str, np.ndarray], recipe: Recipe,
             channel_weights: dict[str, tuple[float, ...]]) -> tuple[dict[str, Any], list[str]]:
    """Heads inside a box of the scan to the parts of a `Prediction` on the whole grid, and what to say of them."""
    scheme, shape = recipe.scheme, volume.geometry.shape
    classes = maps.pop("classes")
    probabilities = _place(classes, box, shape)
    probabilities[0] += 1 - _place(np.ones((1, *classes.shape[1:]), np.float32), box, shape)[0]
    ids = np.array([0, *scheme.ids])
    array, notes = tidied(ids[probabilities.argmax(0)], recipe.inference)
    labels = LabelMap(array, volume.geometry, scheme, volume.name)
    contours, sources = {}, {}
    for head, organs, word in (("hard", recipe.clear, "hard head"), ("soft", recipe.blurry, "soft head")):
        for n, organ in enumerate(organs):
            if head in maps:
                contours[organ.name], sources[organ.name] = _place(maps[head][n : n + 1], box, shape)[0], word
    for n, organ in enumerate(scheme.organs, start=1):
        if organ.name not in contours:
            contours[organ.name], sources[organ.name] = derived_contour(probabilities[n]), "derived"
    contours = {name: contours[name] for name in scheme.names}
    if "edges" in maps:
        edges, sources["edges"] = _place(maps["edges"], box, shape)[0], "hard head"
    else:
        edges = np.max(list(contours.values()), axis=0)
        words = {sources[name] for name in scheme.names}
        sources["edges"] = words.pop() if len(words) == 1 else "derived"
    attention = {name: _place(maps[name], box, shape)[0] for name in maps if name.startswith("level")}
    return {"labels": labels, "probabilities": probabilities, "edges": edges, "contours": contours,
            "contour_sources": sources, "attention": attention, "channel_weights": channel_weights}, notes


def tidied(labels: np.ndarray, inference: Inference) -> tuple[np.ndarray, list[str]]:
    """The labels after the recipe's post-processing, and how much that changed."""
    array = labels
    if inference.smallest_share:
        array = largest_components(array, inference.smallest_share)
    if inference.fill:
        array = fill_enclosed(array)
    changed = int(np.count_nonzero(array != labels))
    return array, [f"{changed} voxels of separate parts and holes were changed after the network"] if changed else []


def derived_contour(probability: np.ndarray) -> np.ndarray:
    """4 p (1 - p): 1 where the organ is as likely as not, 0 where the network is sure."""
    return 4 * probability * (1 - probability)


def _place(maps: np.ndarray, box: Box, shape: tuple[int, int, int]) -> np.ndarray:
    if maps.shape[1:] == shape:
        return maps
    whole = np.zeros((len(maps), *shape), np.float32)
    whole[(slice(None), *box)] = maps
    return whole
