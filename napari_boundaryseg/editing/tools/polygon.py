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
    within = inside(flat - low, (int(high[0] - low[0]), int(high[1] - low[1])))
    if not within.any():
        return None
    box = [slice(at, at + 1)] * 3
    box[rows], box[columns] = (slice(int(a), int(b)) for a, b in zip(low, high))
    return (box[0], box[1], box[2]), np.expand_dims(within, axis)


def inside(corners: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which voxels of a slice have an odd number of edges of a polygon before them in their row.

    Parameters
    ----------
    corners : (N, 2) floats
        In voxels of the slice.
    shape : two ints
    """
    ends = np.stack([corners, np.roll(corners, -1, axis=0)])
    turned = ends[0, :, 0] > ends[1, :, 0]
    (y1, x1), (y2, x2) = (np.where(turned, ends[1 - n].T, ends[n].T) for n in (0, 1))
    low = np.maximum(np.floor(y1).astype(int) + 1, 0)
    rows = np.maximum(np.minimum(np.floor(y2).astype(int), shape[0] - 1) + 1 - low, 0)
    edge = np.repeat(np.arange(len(corners)), rows)
    row = low[edge] + np.arange(len(edge)) - np.repeat(np.cumsum(rows) - rows, rows)
    crossing = x1[edge] + (x2 - x1)[edge] * (row - y1[edge]) / (y2 - y1)[edge]
    column = np.clip(np.floor(crossing) + 1, 0, shape[1]).astype(int)
    crossed = np.bincount(row * (shape[1] + 1) + column, minlength=shape[0] * (shape[1] + 1))
    return np.cumsum(crossed.reshape(shape[0], -1)[:, :-1], axis=1) % 2 == 1
