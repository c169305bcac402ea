"""An organ copied from one slice onto another."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.boxes import around
from napari_boundaryseg.editing.tools.scene import Scene, Written


def copy_slice(labels: np.ndarray, organ: int, axis: int, at: int, to: int) -> Written | None:
    """Let an organ be on one slice what it is on another; other organs are spared.

    Parameters
    ----------
    labels : (I, J, K) integer array
        Not written to.
    organ : int
    axis : int
        Across the slices.
    at, to : int
        From which slice, and onto which. Copying a slice without the organ takes it off the other.

    Returns
    -------
    Written, or None where nothing changes or there is no such slice

    Examples
    --------
    >>> labels = np.zeros((2, 3, 4), np.uint8)
    >>> labels[0, 1, :2], labels[1, 1, 1:3] = 1, (2, 1)
    >>> copy_slice(labels, 1, axis=0, at=0, to=1).labels
    array([[[1, 2, 0]]], dtype=uint8)
    """
    if not (0 <= at < labels.shape[axis] and 0 <= to < labels.shape[axis]):
        return None
    wanted = labels[_slice(axis, at)] == organ
    box = around(wanted | (labels[_slice(axis, to)] == organ), (1.0, 1.0, 1.0))
    if box is None:
        return None
    parts = list(box)
    parts[axis] = slice(to, to + 1)
    return Scene(labels, organ, (1.0, 1.0, 1.0), axis).written((parts[0], parts[1], parts[2]), wanted[box])


def _slice(axis: int, at: int) -> tuple[slice, ...]:
    """One slice of an array, as three axes."""
    return (*[slice(None)] * axis, slice(at, at + 1))
