"""Slices of a label map: the one that shows most of it, the first and the last that hold an organ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_ACROSS = 128
"""Voxels along each side of a slice that are looked at: a large scan has a hundred million."""


def fullest_slice(labels: np.ndarray, organs: Sequence[int]) -> tuple[int, int, int] | None:
    """A voxel in the middle of the slice in which most organs, and most of them, can be seen; None without a label.

    Parameters
    ----------
    labels : (z, y, x) integer array
    organs : sequence of int
    """
    step = max(1, max(labels.shape[1:]) // _ACROSS)
    sample = labels[:, ::step, ::step]
    areas = np.array([(sample == organ).sum(axis=(1, 2)) for organ in organs], float)
    if not areas.any():
        return None
    shares = areas / np.maximum(1, areas.sum(axis=1, keepdims=True))
    best = int(np.argmax(np.sqrt(shares).sum(axis=0) + (shares > 0).sum(axis=0)))
    y, x = (round(float(along.mean())) * step for along in np.nonzero(np.isin(sample[best], organs)))
    return best, y, x


def ends(labels: np.ndarray, organ: int, axis: int) -> tuple[int, int] | None:
    """The first and the last slice across an axis that hold an organ; None where it is nowhere.

    Examples
    --------
    >>> ends(np.array([[[0]], [[2]], [[2]], [[0]]]), 2, 0)
    (1, 2)
    """
    there = (labels == organ).any(axis=tuple({0, 1, 2} - {axis})).nonzero()[0]
    return (int(there[0]), int(there[-1])) if there.size else None
