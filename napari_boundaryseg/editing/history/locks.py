"""Locks: an organ, an organ on one slice, or a whole slice that nothing may change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.errors import InputError


@dataclass(frozen=True)
class Lock:
    """What is locked.

    Parameters
    ----------
    organ : int or None
        The organ's integer in the label map, from 1. None: every label of the slice, background included.
    slice : int or None
        The index of one slice. None: the organ on all slices.
    """

    organ: int | None = None
    slice: int | None = None

    def __post_init__(self) -> None:
        if self.organ is None and self.slice is None:
            raise InputError("lock", "it names neither an organ nor a slice", "Name at least one of them")
        if (self.organ is not None and self.organ < 1) or (self.slice is not None and self.slice < 0):
            raise InputError(
                "lock",
                f"organ {self.organ}, slice {self.slice} cannot be locked",
                "Count organs from 1 and slices from 0",
            )

    def __str__(self) -> str:
        what = "all labels" if self.organ is None else f"organ {self.organ}"
        return what if self.slice is None else f"{what}, slice {self.slice}"


@dataclass(frozen=True)
class Locks:
    """The locks that hold now. Several may hold for the same voxel; it is free when none does."""

    held: frozenset[Lock] = frozenset()

    @classmethod
    def of(cls, locks: Iterable[Lock]) -> Locks:
        """These locks."""
        return cls(frozenset(locks))

    def __iter__(self) -> Iterator[Lock]:
        return iter(self.held)

    def __contains__(self, lock: Lock) -> bool:
        return lock in self.held

    def __len__(self) -> int:
        return len(self.held)

    def having(self, lock: Lock) -> Locks:
        """These and one more."""
        return Locks(self.held | {lock})

    def without(self, lock: Lock) -> Locks:
        """These but one."""
        return Locks(self.held - {lock})

    def cover(self, organ: int, slice: int | None = None) -> bool:
        """Whether an organ is locked on a slice; without a slice: on all of them by one lock."""
        return any(lock.organ in (organ, None) and lock.slice in (slice, None) for lock in self.held)


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
