"""Distance to the border of a mask, smoothed so that the steps of its voxels do not count, in mm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

SMOOTHING_VOX = 0.8
"""Standard deviation of the Gaussian that takes the steps off, as for lines that are shown."""
_LEAST = 0.05
"""How near to a voxel's centre, as a share of the step in the smoothed mask, the border may come."""


class SmoothBorder:
    """The border of a mask, from which distances are asked.

    It crosses the line from a voxel of the mask to a neighbour outside it where the mask, smoothed, is one half; where
    the scan ends there is none. A distance is that to the plane through the nearest crossing, across the slope of the
    smoothed mask. Of a plane along the axes it is exact; the distance to the faces of voxels would be too short where
    they are steps, by about a fifth of a voxel.

    Parameters
    ----------
    mask : (I, J, K) bool array
    spacing_mm : three floats

    Examples
    --------
    >>> border = SmoothBorder(np.arange(6).reshape(1, 1, 6) < 3, (1.0, 1.0, 3.0))
    >>> border.distance_mm(np.array([[0, 0, 0], [0, 0, 2], [0, 0, 5]])).round(6).tolist()
    [7.5, 1.5, -7.5]
    """

    def __init__(self, mask: np.ndarray, spacing_mm: Sequence[float]) -> None:
        self._mask, self._steps = mask, np.asarray(spacing_mm, float)
        self._points, self._normals = _border(mask, self._steps)
        self._tree = cKDTree(self._points, balanced_tree=False, compact_nodes=False) if len(self._points) else None

    def distance_mm(self, voxels: np.ndarray) -> np.ndarray:
        """Signed distance from the centres of voxels, (N, 3) array of int, to the border: above 0 inside, (N,).

        Infinite where the mask has no border.
        """
        sign = np.where(self._mask[tuple(voxels.T)], 1.0, -1.0)
        if self._tree is None:
            return sign * np.inf
        apart, nearest = self._tree.query(voxels * self._steps)
        across = np.abs(((voxels * self._steps - self._points[nearest]) * self._normals[nearest]).sum(axis=1))
        # The nearest crossing lies beside the nearest point of the border by half a voxel's diagonal at most.
        least = np.sqrt(np.maximum(apart**2 - (self._steps**2).sum() / 4, 0.0))
        return sign * np.maximum(across, least)


def _border(mask: np.ndarray, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points of the border in mm, and their normals, (n, 3) each."""
    smooth = gaussian_filter(mask.astype(np.float32), SMOOTHING_VOX, mode="nearest") - 0.5
    level = np.where(mask, np.maximum(smooth, _LEAST), np.minimum(smooth, -_LEAST))
    points, normals = [], []
    for axis in range(3):
        low, high = ([slice(None)] * 3 for _ in range(2))
        low[axis], high[axis] = slice(None, -1), slice(1, None)
        first = np.argwhere(mask[tuple(low)] != mask[tuple(high)])
        second = first + np.eye(3, dtype=int)[axis]
        a, b = (level[tuple(at.T)] for at in (first, second))
        share = (a / (a - b))[:, None]
        points.append((first + share * np.eye(3)[axis]) * steps)
        slopes = [(1 - share) * _slope(smooth, first, steps) + share * _slope(smooth, second, steps)]
        normals += [slope / np.maximum(np.linalg.norm(slope, axis=1, keepdims=True), 1e-12) for slope in slopes]
    return np.concatenate(points), np.concatenate(normals)


def _slope(values: np.ndarray, voxels: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """(n, 3), per mm: central differences, at the end of the array one-sided."""
    found = np.zeros((len(voxels), 3))
    for axis in range(3):
        ends = [np.clip(voxels + step * np.eye(3, dtype=int)[axis], 0, np.array(values.shape) - 1) for step in (-1, 1)]
        before, after = (values[tuple(at.T)] for at in ends)
        found[:, axis] = (after - before) / (np.maximum(ends[1] - ends[0], 1)[:, axis] * steps[axis])
    return found
