"""Labels for the drawing tools, ways of the mouse over them, and what becomes of them, each voxel alone."""

from __future__ import annotations

from itertools import product

import numpy as np

from napari_boundaryseg.editing.tools.scene import Written

SHAPE = (6, 14, 16)
SPACING = (2.5, 0.8, 1.2)
Voxel = tuple[int, ...]


def two_organs() -> np.ndarray:
    """Organ 1, organ 2 beside it, background; blocks one can draw on paper."""
    found = np.zeros(SHAPE, np.uint8)
    found[1:5, 3:11, 2:8] = 1
    found[1:5, 3:11, 8:13] = 2
    return found


def stroke(rng: np.random.Generator, axis: int, spared: int = 0) -> np.ndarray:
    """One to three points on a slice, which is none of so many at either end."""
    way = rng.uniform(0, SHAPE, (3, 3))
    way[:, axis] = rng.integers(spared, SHAPE[axis] - spared)
    return way[: rng.integers(1, 4)]


def away_mm(voxel: Voxel, start: np.ndarray, end: np.ndarray) -> float:
    """Of a voxel's middle from a piece of a way."""
    at, a, b = (np.multiply(point, SPACING) for point in (voxel, start, end))
    step = b - a
    share = 0.0 if not step.any() else min(max(float((at - a) @ step / (step @ step)), 0.0), 1.0)
    return float(np.linalg.norm(at - a - share * step))


def under_brush(way: np.ndarray, radius: float, axis: int | None) -> list[Voxel]:
    """What the last piece of a way has swept over, on its slice; without an axis, in space."""
    return [
        voxel
        for voxel in product(*map(range, SHAPE))
        if axis is None or voxel[axis] == way[-1, axis]
        if away_mm(voxel, way[-2:][0], way[-1]) <= radius
    ]


def after(before: np.ndarray, written: Written | None) -> np.ndarray:
    """The labels after a tool."""
    found = before.copy()
    if written is not None:
        assert written.labels.shape == found[written.box].shape
        assert written.labels.dtype == found.dtype
        found[written.box] = written.labels
        assert (found != before).any(), "it gives None where nothing changes"
    return found
