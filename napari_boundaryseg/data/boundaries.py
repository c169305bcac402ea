"""Boundaries of masks: inner boundary, Canny boundary, Sobel edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import ndimage


def inner_boundary(mask: np.ndarray, axes: Sequence[int] | None = None) -> np.ndarray:
    """Voxels of a mask that touch its outside by a face; the array's border is no boundary.

    Parameters
    ----------
    mask : 2-D or 3-D bool array
    axes : sequence of int, optional
        Along which neighbours count: (0, 1) gives the contour in every plane of the last axis. All by default.

    Returns
    -------
    bool array
        6-connectivity in 3-D, 4-connectivity in 2-D.

    Examples
    --------
    >>> import numpy as np
    >>> inner_boundary(np.pad(np.ones((3, 3), bool), 1)).astype(int)
    array([[0, 0, 0, 0, 0],
           [0, 1, 1, 1, 0],
           [0, 1, 0, 1, 0],
           [0, 1, 1, 1, 0],
           [0, 0, 0, 0, 0]])
    """
    mask = np.asarray(mask, bool)
    inside = mask.copy()
    for axis in range(mask.ndim) if axes is None else axes:
        before = [slice(None)] * mask.ndim
        after = [slice(None)] * mask.ndim
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        inside[tuple(before)] &= mask[tuple(after)]
        inside[tuple(after)] &= mask[tuple(before)]
    return mask & ~inside


def canny_boundary(mask: np.ndarray, sigma: float = 1.0) -> np.ndarray:
    """Canny edges of a mask, slice by slice along the first axis, for comparison with the SGM paper."""
    from skimage.feature import canny

    slices = np.asarray(mask, float)
    if slices.ndim == 2:
        return np.asarray(canny(slices, sigma=sigma), bool)
    return np.stack([canny(plane, sigma=sigma) for plane in slices]).astype(bool)


def outline(mask: np.ndarray, kind: Literal["inner", "canny"] = "inner", across: int | None = None) -> np.ndarray:
    """A mask's boundary, in the volume or slice by slice across an axis."""
    if kind == "canny":
        return np.moveaxis(canny_boundary(np.moveaxis(mask, across or 0, 0)), 0, across or 0)
    return inner_boundary(mask, None if across is None else [axis for axis in range(mask.ndim) if axis != across])


def sobel_edges(array: np.ndarray) -> np.ndarray:
    """Gradient magnitude with Sobel kernels divided by 16 (3-D) or 4 (2-D): 1 beside a unit step, edges repeated.

    Examples
    --------
    >>> import numpy as np
    >>> sobel_edges(np.repeat([[0.0, 0.0, 1.0, 1.0]], 3, axis=0))[1]
    array([0., 1., 1., 0.])
    """
    array = np.asarray(array, float)
    scale = {2: 4.0, 3: 16.0}[array.ndim]
    parts = [ndimage.sobel(array, axis=axis, mode="nearest") / scale for axis in range(array.ndim)]
    return np.sqrt(sum(part**2 for part in parts))
