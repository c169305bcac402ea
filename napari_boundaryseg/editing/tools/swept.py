"""What a disc or a ball sweeps over as the mouse goes from one point to the next."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.boxes import Box, grown

_ROUNDING = 1e-9
"""As a part of a radius: a middle that lies just on the edge is inside, however the axes are stored."""


def last_piece(way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the last piece of a way begins and ends; a way of one point does both there."""
    return way[-min(2, len(way))], way[-1]


def swept(
    way: np.ndarray, radius_mm: float, spacing_mm: Sequence[float], shape: Sequence[int], axis: int | None = None
) -> tuple[Box, np.ndarray] | None:
    """The voxels whose middle lies within a radius of the last piece of a way.

    Parameters
    ----------
    way : (N, 3) array of float
        In voxels; it may lie outside of the array.
    radius_mm : float
    spacing_mm, shape : of the array
    axis : int, optional
        Across the one slice that is meant, that of the last point: a disc is swept; a ball by default.

    Returns
    -------
    box, mask : three slices and a bool array as large as they are; None without a voxel

    Examples
    --------
    >>> box, mask = swept(np.array([(1, 4, 3), (1, 4, 5)]), 1.0, (3.0, 1.0, 1.0), (3, 9, 9), axis=0)
    >>> box
    (slice(1, 2, None), slice(3, 6, None), slice(2, 7, None))
    >>> print(mask[0].astype(int))
    [[0 1 1 1 0]
     [1 1 1 1 1]
     [0 1 1 1 0]]
    """
    start, end = (np.asarray(point, float) for point in last_piece(way))
    spacing = np.asarray(spacing_mm, float)
    radius = radius_mm * (1 + _ROUNDING)
    low, high = np.minimum(start, end) - radius / spacing, np.maximum(start, end) + radius / spacing
    if axis is not None:
        low[axis] = high[axis] = round(float(end[axis]))
    parts = [slice(max(math.ceil(a), 0), min(math.floor(b) + 1, n)) for a, b, n in zip(low, high, shape, strict=True)]
    if any(part.start >= part.stop for part in parts):
        return None
    along = (end - start) * spacing
    from_start = [(np.arange(part.start, part.stop) - at) * mm for part, at, mm in zip(parts, start, spacing)]
    if axis is not None:
        along[axis], from_start[axis] = 0.0, np.zeros(1)
    places = np.ix_(*from_start)
    length = float(along @ along)
    share = sum(place * step for place, step in zip(places, along)) / (length or 1.0)
    share = np.clip(share, 0.0, 1.0)
    mask = sum((place - share * step) ** 2 for place, step in zip(places, along)) <= radius**2
    return ((parts[0], parts[1], parts[2]), mask) if mask.any() else None


def wider(box: Box, shape: Sequence[int], axis: int, by_vox: int = 1) -> tuple[Box, Box]:
    """A box on one slice with so many voxels more on each side in it, where the array has them.

    Returns
    -------
    wide, place : the larger box, and where the box lies in it

    Examples
    --------
    >>> wider((slice(4, 5), slice(0, 3), slice(2, 6)), (9, 9, 9), axis=0)[0]
    (slice(4, 5, None), slice(0, 4, None), slice(1, 7, None))
    """
    parts = list(grown(box, shape, by_vox))
    parts[axis] = box[axis]
    place = [slice(part.start - wide.start, part.stop - wide.start) for part, wide in zip(box, parts, strict=True)]
    return (parts[0], parts[1], parts[2]), (place[0], place[1], place[2])
