"""The target maps that a recipe's losses need: made for a whole case, or for a patch that was turned, scaled, bent."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import torch
from torch import Tensor

from napari_boundaryseg import losses
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.augment import sample
from napari_boundaryseg.losses.target_maps import GridLabels, named

CANNY_VOX = 6
"""How far a Canny filter of one voxel looks."""

Maps = dict[str, Tensor]
"""Name to (N, z, y, x), N at least 1; which names there are, and N of each, depends on the recipe alone."""


def made(classes: np.ndarray, recipe: Recipe, spacing_mm: tuple[float, float, float]) -> Maps:
    """The maps of a case, in the types in which they are kept.

    Parameters
    ----------
    classes : (z, y, x) uint8 or int16 array of class indices
    recipe : Recipe
    spacing_mm : tuple of float
        Along z, y, x.

    Raises
    ------
    InputError
        For a loss, and a map that a loss needs, which nobody registered.
    """
    return _made(classes, recipe, spacing_mm, losses.needed_maps(recipe.losses))


def _made(classes: np.ndarray, recipe: Recipe, spacing_mm: tuple[float, float, float], wanted: Iterable[str]) -> Maps:
    index = {organ: n for n, organ in enumerate(recipe.scheme.ids, start=1)}
    clear, blurry = (tuple(index[organ.id] for organ in organs) for organs in (recipe.clear, recipe.blurry))
    truth = GridLabels(classes, spacing_mm, recipe.scheme, recipe.targets, clear, blurry, recipe.across)
    maps = {name: named(name).make(truth) for name in wanted}
    return {name: torch.from_numpy(np.ascontiguousarray(one)) for name, one in maps.items() if len(one)}


def contoured(recipe: Recipe) -> dict[str, tuple[int, ...]]:
    """By the maps whose channels are organs, which organs of the recipe's scheme these are, counted from 0."""
    place = {organ: n for n, organ in enumerate(recipe.scheme.ids)}
    chosen = {"clear": recipe.clear, "blurry": recipe.blurry, "all": recipe.scheme.organs}
    kinds = {name: named(name).channels for name in losses.needed_maps(recipe.losses)}
    return {name: tuple(place[organ.id] for organ in chosen[kind]) for name, kind in kinds.items() if kind}


def resampled(maps: Maps, points: Tensor) -> Maps:
    """Maps at (z', y', x', 3) points of their case, each in its own type: the maps of another case."""
    return {name: sample(one, points, named(name).interpolation).to(one.dtype) for name, one in maps.items()}


def drawn(maps: Maps, points: Tensor) -> Maps:
    """Maps at a patch's points, float32, none below its least value."""
    return {
        name: sample(one, points, named(name).interpolation).clamp_min(named(name).least) for name, one in maps.items()
    }


def made_anew(
    maps: Maps, labels: Tensor, points: Tensor, recipe: Recipe, spacing_mm: tuple[float, float, float]
) -> Maps:
    """Maps of a patch whose points were turned, scaled or bent: from its own labels, where a map says how far it looks.

    Parameters
    ----------
    maps : dict
        The case's.
    labels : (z, y, x) tensor of class indices
        The case's. What the scan cuts goes on beyond it, so that no border is where the scan ends.
    points : (z', y', x', 3) tensor
        In voxels of the case.
    recipe : Recipe
    spacing_mm : tuple of float
        Of the case, and so of the patch, along z, y, x.
    """
    reach = {name: named(name).reach(recipe.targets) for name in maps}
    near = {name: mm for name, mm in reach.items() if mm is not None}
    kept = drawn({name: one for name, one in maps.items() if name not in near}, points)
    if not near:
        return kept
    more = 2 if recipe.targets.boundary == "inner" else CANNY_VOX
    margin = [math.ceil(max(near.values()) / step) + more for step in spacing_mm]
    if recipe.across is not None:
        margin[recipe.across] = 0
    around = sample(labels[None], _continued(points, margin), "nearest", "border")[0]
    found = _made(around.to(labels.dtype).numpy(), recipe, spacing_mm, near)
    inside = (slice(None), *(slice(m, m + n) for m, n in zip(margin, points.shape[:3], strict=True)))
    return kept | {name: one[inside].float() for name, one in found.items()}


def _continued(points: Tensor, margin: Sequence[int]) -> Tensor:
    """Points with as many more on each side of every axis, in the steps of the outermost ones."""
    for axis, more in enumerate(margin):
        if more:
            first, last = points.narrow(axis, 0, 1), points.narrow(axis, points.shape[axis] - 1, 1)
            step = [1.0 if n == axis else 0.0 for n in range(3)]
            alone = points.shape[axis] == 1
            before = points.new_tensor(step) if alone else points.narrow(axis, 1, 1) - first
            after = points.new_tensor(step) if alone else last - points.narrow(axis, points.shape[axis] - 2, 1)
            shape = [more if n == axis else 1 for n in range(4)]
            count = torch.arange(1, more + 1, dtype=points.dtype).reshape(shape)
            points = torch.cat([first - count.flip(axis) * before, points, last + count * after], dim=axis)
    return points
