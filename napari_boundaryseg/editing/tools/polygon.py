"""The voxels inside a polygon."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.boxes import Box


def polygon(
    corners: Sequence[Sequence[float]], axis: int, shape: tuple[int, int, int]
) -> tuple[Box, np.ndarray] | None:
    """The box of a polygon, and which of its voxels have their middle inside, by the even-odd rule.

    Parameters
    ----------
    corners : (N, 3) floats
        In voxels, whose middles are whole numbers; all of them on one slice.
    axis : int
        Across which the slice lies.
    shape : tuple of int

    Returns
    -------
    box, mask : three slices and a bool array as large as they are; None when no middle is inside

    Examples
    --------
    >>> box, mask = polygon([(1, 0.5, 0.5), (1, 0.5, 2.5), (1, 2.5, 2.5), (1, 2.5, 0.5)], 0, (3, 5, 5))
    >>> box, int(mask.sum())
    ((slice(1, 2, None), slice(1, 3, None), slice(1, 3, None)), 4)
    """
    points = np.asarray(corners, float)
    rows, columns = (a for a in range(3) if a != axis)
    at = round(float(points[0, axis]))
    flat = points[:, (rows, columns)]
    low = np.maximum(np.ceil(flat.min(axis=0)), 0).astype(int)
    high = np.minimum(np.floor(flat.max(axis=0)) + 1, (shape[rows], shape[columns])).astype(int)
    if (low >= high).any() or not 0 <= at < shape[axis]:
        return None
    inside = _inside(flat, low, high)
    if not inside.any():
        return None
    box = [slice(at, at + 1)] * 3
    box[rows], box[columns] = (slice(int(a), int(b)) for a, b in zip(low, high))
    return (box[0], box[1], box[2]), np.expand_dims(inside, axis)


def _inside(corners: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Whether an odd number of edges lies to the left of each point of a grid; there and back is nothing."""
    y, x = (np.arange(a, b) for a, b in zip(low, high))
    inside = np.zeros((y.size, x.size), bool)
    for edge in zip(corners, np.roll(corners, -1, axis=0)):
        (y1, x1), (y2, x2) = sorted(map(tuple, edge))
        rows = (y1 < y) & (y <= y2)
        crossing = x1 + (x2 - x1) * (y[rows] - y1) / ((y2 - y1) or 1.0)
        inside[rows] ^= x > crossing[:, None]
    return inside
