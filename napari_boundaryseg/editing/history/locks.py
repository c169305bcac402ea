"""Locks: an organ, an organ on one slice, or a whole slice that nothing may change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
