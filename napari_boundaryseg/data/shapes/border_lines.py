"""Border of one organ in its part of a slice: smooth lines between its voxels and the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

SMOOTHING_VOX = 0.8
"""Standard deviation of the Gaussian that takes the steps of voxels off a line."""
_LEAST = 0.05
"""How near to a voxel's centre, as a part of the distances at hand, a line may come."""
_ROOM = 4
"""Voxels round an organ that have a say in its lines."""
Part = tuple[slice, slice]
"""Rows and columns of a slice."""


def part_of(mask: np.ndarray) -> Part | None:
    """An organ with some room round it; None without a voxel."""
    along = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    if not len(along[0]):
        return None
    rows, columns = (
        slice(max(int(at[0]) - _ROOM, 0), min(int(at[-1]) + _ROOM + 1, n))
        for at, n in zip(along, mask.shape, strict=True)
    )
    return rows, columns


def border_lines(mask: np.ndarray, spacing: Sequence[float], margin: np.ndarray | None = None) -> list[np.ndarray]:
    """The lines of an organ, (n, 2) each, closed; beyond the array there is none of it.

    Parameters
    ----------
    mask : (R, C) bool array
    spacing : two floats, mm
    margin : (R, C) array of float, optional
        See `outlines.Margin`; it is believed where it agrees with the mask all round a voxel.
    """
    from scipy.ndimage import binary_dilation
    from skimage.measure import find_contours

    mask = np.pad(mask, 1)
    field = _signed_distance(mask, spacing)
    if margin is not None:
        known = np.pad(margin, 1, constant_values=np.nan)
        doubtful = binary_dilation(np.isnan(known) | ((known > 0) != mask), np.ones((3, 3), bool))
        field = np.where(doubtful, field, known * max(spacing))
    return [line - 1.0 for line in find_contours(field, 0.0)]


def _signed_distance(mask: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Smoothed distance to the border, in mm: above zero in every voxel of the mask, below in every other."""
    from scipy.ndimage import distance_transform_edt, gaussian_filter

    inside = distance_transform_edt(mask, sampling=spacing)
    outside = distance_transform_edt(~mask, sampling=spacing)
    field = gaussian_filter(inside - outside, SMOOTHING_VOX, mode="nearest")
    least = _LEAST * min(spacing)
    return np.where(mask, np.maximum(field, least), np.minimum(field, -least))
