"""Pieces of an organ that are large enough."""

from __future__ import annotations

import numpy as np


def of_size(parts: np.ndarray, sizes: np.ndarray, least_vox: int) -> np.ndarray:
    """Bool array of the pieces that have at least so many voxels."""
    return np.concatenate([[False], sizes >= least_vox])[parts]
