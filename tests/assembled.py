"""Parts of a prediction from probabilities on a scan's own grid, as if a network had said them."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.checkpoints.card import Calibration
from napari_boundaryseg.engine.inference.assembling.arrays import InMemory
from napari_boundaryseg.engine.inference.assembling.assembly import Assembly
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Preprocessing


def assembled(
    volume: Volume,
    classes: np.ndarray,
    recipe: Recipe,
    calibration: Calibration | None = None,
    box: Box | None = None,
    planes: int = 2,
) -> tuple[dict[str, Any], list[str]]:
    """Of (classes, I, J, K) inside the box, given so many planes at a time; and the notes."""
    grid = NetworkGrid(volume, Preprocessing(), box)
    maps, assembly = grid.turned(classes), Assembly(volume, grid, recipe, InMemory(), calibration)
    for first in range(0, grid.own_shape[0], planes):
        where = (slice(first, min(first + planes, grid.own_shape[0])), *(slice(0, n) for n in grid.own_shape[1:]))
        assembly.add(where, 0, {"classes": maps[(slice(None), *where)]})
    return assembly.parts()[:2]
