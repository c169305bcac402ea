"""Proposal: what follows from a person's corrections of an organ for its other slices, kept up with the history."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.slice_work import corrected_slices, start_of, touched_slices
from napari_boundaryseg.editing.tools.propagate.carry import LENGTH_MM, REACH_MM, Carry
from napari_boundaryseg.editing.tools.propagate.interpolate import interpolated
from napari_boundaryseg.editing.tools.propagate.slice_process import most_uncertain

STEP = 16
"""Voxels by which the part that is looked at grows: what is known of its slices holds until then."""
NOTHING: Box = (slice(0, 0), slice(0, 0), slice(0, 0))


class Proposal:
    """Of one organ, across one axis of its labels; `update` after each change.

    Where there was some of it before any hand, corrections are carried; where not, what was drawn is interpolated.
    Slices that a person's hand was in are never proposed for, in whichever plane it drew; nor locked ones.

    Parameters
    ----------
    history : History
    organ : int
    axis : int
        Across the slices.
    spacing_mm : three floats
        Of the history's array.
    length_mm, reach_mm : float
        See `carry.Carry`.
    """

    def __init__(
        self,
        history: History,
        organ: int,
        axis: int,
        spacing_mm: Sequence[float],
        length_mm: float = LENGTH_MM,
        reach_mm: float = REACH_MM,
    ) -> None:
        self.history, self.organ, self.axis = history, organ, axis
        self._spacing = tuple(map(float, spacing_mm))
        self._order = (axis, *(a for a in range(3) if a != axis))
        self._length_mm, self._reach_mm = length_mm, reach_mm
        self._carry: Carry | None = None
        self._start = np.zeros((0, 0, 0), bool)
        self.box: Box = NOTHING
        """The part of the array that it is about."""
        self.found = np.zeros((0, 0, 0), bool)
        """What the organ would be in that part, (I, J, K), as it is where nothing is proposed."""
        self.corrected: tuple[int, ...] = ()
        self.offered: tuple[int, ...] = ()
        """The slices that would change."""
        self.update()

    def update(self) -> None:
        """Take in what has happened to the labels."""
        array, start = self.history.array, start_of(self.history, self.organ)
        self.corrected = tuple(sorted(corrected_slices(self.history, self.organ, self.axis)))
        now = array == self.organ
        box = self._part(start, now)
        if box is None or not self.corrected:
            self.box, self.found, self.offered, self._carry = NOTHING, np.zeros((0, 0, 0), bool), (), None
            return
        same = box == self.box and self._carry is not None and np.array_equal(start[box], self._start)
        self.box, self._start = box, start[box]
        here = self._turned(now[box])
        self.found = self._back(self._carried(here, same) if self._start.any() else self._between(here))
        self._spare(now[box])

    def labels_of(self, slices: Iterable[int]) -> tuple[Box, np.ndarray] | None:
        """The box that taking some slices would write, and the labels; None where none of them would change."""
        wanted = sorted(set(slices) & set(self.offered))
        if not wanted:
            return None
        part = list(self.box)
        part[self.axis] = slice(wanted[0], wanted[-1] + 1)
        box: Box = (part[0], part[1], part[2])
        labels = self.history.array[box].copy()
        first, at = self.box[self.axis].start, slice(None)
        for n in wanted:
            inside = tuple(n - wanted[0] if a == self.axis else at for a in range(3))
            plane = labels[inside]
            mask = np.take(self.found, n - first, self.axis)
            plane[mask & (plane == 0)] = self.organ
            plane[~mask & (plane == self.organ)] = 0
        return box, labels

    def next_to_correct(self) -> int | None:
        """The untouched slice whose correction would teach most; None where there is none."""
        first = self.box[self.axis].start
        there = self._turned(self.found | self._start).any(axis=(1, 2)) if self.found.size else np.zeros(0, bool)
        if self._carry is None or not there.any():
            return None
        left = np.where(there, self._carry.unknown, 0.0)
        for n in self._not_ours():
            if 0 <= n - first < len(left):
                left[n - first] = 0.0
        best = most_uncertain(left.tolist())
        return None if best is None else first + best

    def _part(self, start: np.ndarray, now: np.ndarray) -> Box | None:
        """Organ and start, with room for as far as a border may move; in the slices it seldom changes."""
        tight = boxes.around(start | now, self._spacing)
        if tight is None:
            return None
        parts = []
        for a, (side, mm, most) in enumerate(zip(tight, self._spacing, start.shape, strict=True)):
            room, step = math.ceil(self._reach_mm / mm), 1 if a == self.axis else STEP
            low, high = (side.start - room) // step * step, -(-(side.stop + room) // step) * step
            parts.append(slice(max(low, 0), min(high, most)))
        return parts[0], parts[1], parts[2]

    def _carried(self, here: np.ndarray, same: bool) -> np.ndarray:
        if not same or self._carry is None:
            spacing = [self._spacing[a] for a in self._order]
            self._carry = Carry(self._turned(self._start), spacing, self._length_mm, self._reach_mm)
        first = self.box[self.axis].start
        known = {n - first for n in self.corrected if 0 <= n - first < len(here)}
        for n in set(self._carry.corrected) - known:
            self._carry.forget(n)
        for n in known:
            self._carry.correct(n, here[n])
        return self._carry.proposal(range(len(here)))

    def _between(self, here: np.ndarray) -> np.ndarray:
        self._carry = None
        first, found = self.box[self.axis].start, here.copy()
        drawn = {n - first: here[n - first] for n in self.corrected if 0 <= n - first < len(here)}
        for n, mask in interpolated(drawn, [self._spacing[a] for a in self._order]).items():
            found[n] = mask
        return found

    def _not_ours(self) -> set[int]:
        """Slices that nothing is proposed for."""
        kept = touched_slices(self.history, self.organ, self.axis) | set(self.corrected)
        if self.axis == 0:
            kept.update(lock.slice for lock in self.history.locks if lock.slice is not None)
        return kept

    def _spare(self, now: np.ndarray) -> None:
        """Leave out slices that are not ours, and voxels of other organs."""
        first = self.box[self.axis].start
        others = self.history.array[self.box]
        self.found &= (others == 0) | (others == self.organ)
        found, before = self._turned(self.found), self._turned(now)
        for n in self._not_ours():
            if 0 <= n - first < len(found):
                found[n - first] = before[n - first]
        self.offered = tuple(first + n for n in range(len(found)) if (found[n] != before[n]).any())

    def _turned(self, array: np.ndarray) -> np.ndarray:
        return np.transpose(array, self._order)

    def _back(self, array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.transpose(array, np.argsort(self._order)))
