"""Pieces of an organ: voxels that touch, be it at an edge or a corner, are one piece."""

from __future__ import annotations

import numpy as np


def pieces_of(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pieces numbered from 1, and how many voxels each has.

    All 26 neighbours count, not the six at the faces alone. A thin part that runs aslant through thick slices often
    hangs together by edges only, and in a slice two pixels that touch at a corner look like one thing: by faces they
    would be removed as specks. The plausibility of labels counts pieces in the same way, and a hole is what is closed
    by faces: of two things that cross at a corner, the organ goes through.

    Parameters
    ----------
    mask : (I, J, K) bool array

    Returns
    -------
    parts : (I, J, K) integer array
        0 outside.
    sizes : (N,) integer array
        In voxels.

    Examples
    --------
    >>> parts, sizes = pieces_of(np.eye(3, dtype=bool)[None])
    >>> sizes.tolist()
    [3]
    """
    from scipy.ndimage import label

    parts, _ = label(mask, structure=np.ones((3, 3, 3), bool))
    return parts, np.bincount(parts.ravel())[1:]


def of_size(parts: np.ndarray, sizes: np.ndarray, least_vox: int) -> np.ndarray:
    """Bool array of the pieces that have at least so many voxels."""
    return np.concatenate([[False], sizes >= least_vox])[parts]
