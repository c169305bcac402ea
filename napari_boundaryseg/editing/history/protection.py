"""What locks protect in an array: the voxels of a change that may not be written."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.history.locks import Lock, Locks


def allowed(before: np.ndarray, after: np.ndarray, locks: Locks, box: Box, axis: int = 0) -> tuple[np.ndarray, int]:
    """What of a change may be written; `protected` tells the rule.

    Parameters
    ----------
    before, after : (I, J, K) integer arrays
        The labels of the box as they are, and as they would be.
    locks : Locks
    box : three slices
        Where the two lie in the label map.
    axis : int
        The axis along which slices are counted.

    Returns
    -------
    written : (I, J, K) array
        ``after``, but ``before`` where it is locked. ``after`` itself where nothing is.
    n_protected : int
        The number of voxels that would have changed and do not.
    """
    mask = protected(before, after, locks, box, axis)
    n_protected = int(np.count_nonzero(mask))
    return (np.where(mask, before, after), n_protected) if n_protected else (after, 0)


def protected(before: np.ndarray, after: np.ndarray, locks: Locks, box: Box, axis: int = 0) -> np.ndarray:
    """Where a change may not be written: (I, J, K) bool.

    A voxel stays as it is when its slice is locked whole, when its present label is locked there, or when the label
    that it would get is locked there: a locked organ loses no voxel and gains none. Arguments as for `allowed`.
    """
    mask = np.zeros(before.shape, bool)
    for lock in locks:
        part = _part(lock, box, axis)
        if part is not None:
            mask[part] |= _protected(before[part], after[part], lock)
    return mask & (before != after)


def _protected(before: np.ndarray, after: np.ndarray, lock: Lock) -> np.ndarray | bool:
    return True if lock.organ is None else (before == lock.organ) | (after == lock.organ)


def _part(lock: Lock, box: Box, axis: int) -> tuple[slice, ...] | None:
    """The part of the box that a lock is about, counted from the box's corner."""
    if lock.slice is None:
        return (slice(None),)
    if not box[axis].start <= lock.slice < box[axis].stop:
        return None
    at = lock.slice - box[axis].start
    return (slice(None),) * axis + (slice(at, at + 1),)
