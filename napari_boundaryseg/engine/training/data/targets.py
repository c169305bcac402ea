"""The target maps that a recipe's losses need: made for a whole case, then cut, turned and bent with its patches."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from napari_boundaryseg import losses
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data.augment import sample
from napari_boundaryseg.losses.target_maps import GridLabels, named

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
    index = {organ: n for n, organ in enumerate(recipe.scheme.ids, start=1)}
    clear, blurry = (tuple(index[organ.id] for organ in organs) for organs in (recipe.clear, recipe.blurry))
    truth = GridLabels(classes, spacing_mm, recipe.scheme, recipe.targets, clear, blurry, recipe.across)
    maps = {name: named(name).make(truth) for name in losses.needed_maps(recipe.losses)}
    return {name: torch.from_numpy(np.ascontiguousarray(one)) for name, one in maps.items() if len(one)}


def resampled(maps: Maps, points: Tensor) -> Maps:
    """Maps at (z', y', x', 3) points of their case, each in its own type: the maps of another case."""
    return {name: sample(one, points, named(name).interpolation).to(one.dtype) for name, one in maps.items()}


def drawn(maps: Maps, points: Tensor) -> Maps:
    """Maps at a patch's points, float32, none below its least value."""
    return {
        name: sample(one, points, named(name).interpolation).clamp_min(named(name).least) for name, one in maps.items()
    }
