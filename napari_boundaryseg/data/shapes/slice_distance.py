"""Signed distance to an organ's border within each slice, in mm: what shapes are carried and interpolated by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def slice_distance(masks: np.ndarray, spacing_mm: Sequence[float], most_mm: float) -> np.ndarray:
    """Signed distance of each voxel's middle to the border in its own slice: above 0 inside, below outside.

    Measured to the nearest middle on the other side, less half of the smaller spacing: the border lies between the two.
    Beyond the array there is nothing, neither organ nor background.

    Parameters
    ----------
    masks : (N, R, C) bool array
    spacing_mm : two floats
        Between rows, and between columns.
    most_mm : float
        Farther than this counts as this far: also every voxel of a slice without the organ, and of one full of it.

    Returns
    -------
    (N, R, C) float32 array

    Examples
    --------
    >>> slice_distance(np.array([[[0, 1, 1, 1]]], bool), (1.0, 1.0), 2.0)
    array([[[-0.5,  0.5,  1.5,  2. ]]], dtype=float32)
    """
    from scipy.ndimage import distance_transform_edt

    found = np.empty(masks.shape, np.float32)
    half = min(spacing_mm) / 2
    for mask, into in zip(masks, found, strict=True):
        if not mask.any() or mask.all():
            into[...] = most_mm if mask.any() else -most_mm
            continue
        inside, outside = (distance_transform_edt(side, sampling=spacing_mm) for side in (mask, ~mask))
        into[...] = inside - outside + np.where(mask, -half, half)
    return np.clip(found, -most_mm, most_mm, out=found)
