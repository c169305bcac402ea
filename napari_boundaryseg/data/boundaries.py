"""The border of a mask, which lies between voxels, and the voxels that stand for it.

The border of an organ is the set of faces between a voxel of the organ and one that is not: half a voxel from the two
centres, whatever the spacing. Where the scan ends there is none; slice by slice, faces across the slices are none.

==================  ================================  ==============================================================
voxels              which                             used by
==================  ================================  ==============================================================
`inner_boundary`    the organ's side                  contour targets, difficulty, surface distances, added path
`thick_boundary`    both sides                        calibration; the map of edges is its probability
                                                      (`engine.inference.assembling.border_probability`)
`sobel_edges` ≥ ½   both sides, and more at bends     edge streams and edge consistency (`losses.sobel`)
`canny_boundary`    now one side, now the other       contour targets of a recipe that asks for it
==================  ================================  ==============================================================

Inner and thick voxels lie half a voxel from the border, and each of its faces has one. Sobel and Canny voxels lie half
a voxel from where it is flat and up to √1.25 from where it bends; Sobel has none where a mask is thinner than the
kernel, Canny none on faces across the slices and in the outermost rows and columns of a slice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from scipy import ndimage

from napari_boundaryseg.data.boxes import bounds


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
    found = np.zeros(mask.shape, bool)
    box = bounds(mask, 1)  # beyond it there is no border
    if box is None:
        return found
    part = mask[box]
    inside = part.copy(order="K")  # stored as the mask is: two orders at once are many times slower
    for axis in range(mask.ndim) if axes is None else axes:
        inner, held = inside.swapaxes(0, axis), part.swapaxes(0, axis)
        inner[:-1] &= held[1:]
        inner[1:] &= held[:-1]
    found[box] = part & ~inside
    return found


def thick_boundary(mask: np.ndarray, axes: Sequence[int] | None = None) -> np.ndarray:
    """Voxels on both sides of a mask's border: `inner_boundary` of the mask and of what lies outside it.

    Examples
    --------
    >>> thick_boundary(np.array([False, False, True, True, True, False])).astype(int)
    array([0, 1, 1, 0, 1, 1])
    """
    mask = np.asarray(mask, bool)
    found = np.zeros(mask.shape, bool)
    box = bounds(mask, 1)
    if box is None:
        return found
    part = mask[box]
    beside = np.zeros_like(part)
    for axis in range(mask.ndim) if axes is None else axes:
        sides, held = beside.swapaxes(0, axis), part.swapaxes(0, axis)
        faces = held[:-1] != held[1:]
        sides[:-1] |= faces
        sides[1:] |= faces
    found[box] = beside
    return found


def canny_boundary(mask: np.ndarray, sigma: float = 1.0) -> np.ndarray:
    """Canny edges of a mask, slice by slice along the first axis, as in the papers of SGM and HMEDN."""
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


def squared_normals(boundary: np.ndarray) -> np.ndarray:
    """The squared components, along each axis in voxels, of the unit normal in every voxel of a boundary.

    Parameters
    ----------
    boundary : 2-D or 3-D bool array
        Continued beyond the array as it ends there.

    Returns
    -------
    (axes, voxels) float64 array
        In the order of ``np.argwhere(boundary)``; the components of a voxel sum to 1, and are equal where the boundary
        has no direction. From the structure tensor: slopes over 1 voxel, their squares averaged over 2.

    References
    ----------
    Bigün and Granlund, "Optimal orientation detection of linear symmetry", ICCV 1987.

    Examples
    --------
    >>> squared_normals(np.repeat([[False, False, True, False, False]], 5, axis=0))[:, 2]
    array([0., 1.])
    """
    drawn = np.asarray(boundary, float)
    squared = []
    for axis in range(drawn.ndim):
        order = [int(axis == other) for other in range(drawn.ndim)]
        slope = ndimage.gaussian_filter(drawn, 1.0, order, mode="nearest")
        squared.append(ndimage.gaussian_filter(slope**2, 2.0, mode="nearest")[boundary])
    total = np.sum(squared, axis=0)
    flat = np.full(len(total), 1 / drawn.ndim)
    return np.array([np.divide(one, total, out=flat.copy(), where=total > 1e-12) for one in squared])
