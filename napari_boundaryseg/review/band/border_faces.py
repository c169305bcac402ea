"""Faces between the voxels of an organ and others: where its border is, and how large each piece of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def border_faces(mask: np.ndarray, spacing_mm: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """The middles of the faces of a border, (n, axes), in mm from the first voxel's centre, and their areas in mm².

    Where the scan ends there is no border.

    Examples
    --------
    >>> import numpy as np
    >>> middles, areas = border_faces(np.array([[False, True], [False, True]]), [3.0, 2.0])
    >>> middles.tolist(), areas.tolist()
    ([[0.0, 1.0], [3.0, 1.0]], [3.0, 3.0])
    """
    middles, areas = [], []
    for axis in range(mask.ndim):
        half = np.eye(mask.ndim)[axis] / 2
        middles.append(np.argwhere(np.diff(mask, axis=axis)) + half)
        areas.append(np.full(len(middles[-1]), math.prod(spacing_mm) / spacing_mm[axis]))
    return np.concatenate(middles) * np.asarray(spacing_mm, float), np.concatenate(areas)
