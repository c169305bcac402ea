"""Proposal: what follows from a person's corrections of an organ for its other slices, kept up with the history."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.slice_work import corrected_slices, results_of, start_of, touched_slices
from napari_boundaryseg.editing.tools.propagate.carry import LENGTH_MM, REACH_MM, Carry
from napari_boundaryseg.editing.tools.propagate.interpolate import beyond_drawn_ends, interpolated
from napari_boundaryseg.editing.tools.propagate.organ_start import OrganStart
from napari_boundaryseg.editing.tools.propagate.slice_process import most_uncertain, variance
from napari_boundaryseg.editing.tools.propagate.ways import Way, agreements

STEP = 16
"""Voxels by which the part that is looked at grows: what is known of its slices holds until then."""
NOTHING: Box = (slice(0, 0), slice(0, 0), slice(0, 0))


class Proposal:
    """Of one organ, across one axis of its labels; `update` after each change.

    What follows is said by `way`. Where there was some of the organ before any hand, corrections are carried; between
    two drawn slices where there was none, what was drawn is interpolated. Slices that a person's hand was in are never
    proposed for, in whichever plane it drew; nor is what a lock protects, or another organ has.

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
        self._begun: object = None
        self._start, self._adapted = OrganStart(), OrganStart()
        self._given: Box = NOTHING
        self._between: tuple[dict[int, np.ndarray], dict[int, np.ndarray]] = ({}, {})
        self.ways: tuple[Way, ...] = (Way.CARRIED, Way.INTERPOLATED)
        """Those that can be chosen."""
        self.way = Way.CARRIED
        self.box: Box = NOTHING
        """The part of the array that it is about."""
        self._spared = np.zeros((0, 0, 0), np.uint8)
        self.found = np.zeros((0, 0, 0), bool)
        """What the organ would be in that part, (I, J, K), as it is where nothing is proposed."""
        self.corrected: tuple[int, ...] = ()
        self.offered: tuple[int, ...] = ()
        """The slices that would change."""
        self.update()

    def update(self) -> None:
        """Take in what has happened to the labels; nothing may be written and not committed."""
        self._begin()
        self.corrected = tuple(sorted(corrected_slices(self.history, self.organ, self.axis)))
        box = self._part()
        if box is None or not self.corrected:
            self.box, self.found, self.offered, self._carry = NOTHING, np.zeros((0, 0, 0), bool), (), None
            return
        if box != self.box:
            self.box, self._carry = box, None
        now = self.history.array[box] == self.organ
        here, first = self._turned(now), box[self.axis].start
        drawn = {n - first: here[n - first] for n in self.corrected if 0 <= n - first < len(here)}
        self.found = self._back(self._followed(here, drawn))
        self._spare(now)

    def choose(self, way: Way) -> None:
        """Let what follows follow in another way."""
        if way is not self.way:
            self.way, self._carry = way, None
            self.update()

    def adapt(self, adapted: np.ndarray, box: Box) -> None:
        """Let there be what an adapted model finds of the organ, (I, J, K) bool: it can be chosen, and carried on.

        Outside the box it was not given the scan, and says nothing.
        """
        self._adapted = OrganStart.of(adapted, self._spacing)
        self._given, self.ways, self._carry = box, tuple(Way), None
        self.update()

    def agreements(
        self, held_out: Mapping[int, np.ndarray], known: Iterable[int], tolerance_mm: float
    ) -> dict[Way, float]:
        """How well each way foretells a corrected slice from the others: see `ways.agreements`.

        Parameters
        ----------
        held_out : mapping
            A slice that was left out, to what a model finds that was adapted without it: (I, J, K) bool, of which only
            the known slices are looked at.
        known : iterable of int
            The slices that were corrected when the model was adapted; those are meant that still are.
        tolerance_mm : float
        """
        slices = sorted(set(known) & set(self.corrected))
        left_out = [n for n in slices if n in held_out]
        if self.box == NOTHING or len(slices) < 2 or not left_out:
            return {}
        part, start = tuple(self.box[a] for a in self._order[1:]), self._start.within(self.box)
        first, end = self.box[self.axis].start, self.box[self.axis].stop

        def plane(whole: np.ndarray, n: int) -> np.ndarray:
            return np.asarray(np.take(whole, n, self.axis)[part])

        empty = np.zeros([side.stop - side.start for side in part], bool)
        return agreements(
            {n: np.take(start, n - first, self.axis) if first <= n < end else empty for n in slices},
            {n: plane(self.history.array, n) == self.organ for n in slices},
            {n: {m: plane(held_out[n], m) for m in slices} for n in left_out},
            [self._spacing[a] for a in self._order],
            tolerance_mm,
            self._length_mm,
            self._reach_mm,
        )

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

    def spared(self, slices: Iterable[int]) -> list[int]:
        """The other organs that are in the way of what is proposed on some slices: they stay."""
        at = [n - self.box[self.axis].start for n in slices if n in self.offered]
        return [int(organ) for organ in np.unique(self._turned(self._spared)[at]) if organ]

    def next_to_correct(self, doubtful: np.ndarray | None = None) -> int | None:
        """The untouched slice whose correction would teach most; None where there is none.

        Parameters
        ----------
        doubtful : (N,) array, optional
            How doubtful the border is on each slice of the scan, in whatever unit. Then one slice beyond each end of
            the organ counts too: it may go on there. All alike by default.
        """
        if not self.corrected or self.box == NOTHING:
            return None
        first = self.box[self.axis].start
        there = np.asarray((self._turned(self.found) | self._turned(self._start.within(self.box))).any(axis=(1, 2)))
        if doubtful is not None:
            there = np.convolve(there, (1, 1, 1), "same") > 0
        left = np.where(there, self._unknown(len(there)), 0.0)
        for n in touched_slices(self.history, self.organ, self.axis) | set(self.corrected):
            if 0 <= n - first < len(left):
                left[n - first] = 0.0
        part = None if doubtful is None else doubtful[first : first + len(left)].tolist()
        best = most_uncertain(left.tolist(), part)
        return None if best is None else first + best

    def _unknown(self, count: int) -> np.ndarray:
        """How much of the correction of each slice of the part is not known yet: see `carry.Carry.unknown`."""
        if self._carry is not None:
            return self._carry.unknown
        first, mm = self.box[self.axis].start, self._spacing[self.axis]
        known = [(n - first) * mm for n in self.corrected if 0 <= n - first < count]
        return variance(np.arange(count) * mm, np.array(known), self._length_mm)

    def _begin(self) -> None:
        """Look at the start again, where it may be another one."""
        begun = (self.history.first, results_of(self.history, self.organ))
        if begun == self._begun:
            return
        self._begun, self._carry = begun, None
        self._start = OrganStart.of(start_of(self.history, self.organ, self.axis), self._spacing)

    def _part(self) -> Box | None:
        """The organ, wherever it was since the start, with room for as far as a border may move; it seldom changes."""
        seen = [won.box for _, won, _ in self.history.changes(self.organ)]
        starts = [start.box for start in (self._start, self._adapted) if start.box is not None]
        tight = boxes.union([*seen, *starts])
        if tight is None:
            return None
        parts = []
        for side, mm in zip(tight, self._spacing, strict=True):
            room = math.ceil(self._reach_mm / mm)
            low, high = (side.start - room) // STEP * STEP, -(-(side.stop + room) // STEP) * STEP
            parts.append(slice(max(low, 0), high))
        return boxes.clipped((parts[0], parts[1], parts[2]), self.history.array.shape)

    def _followed(self, here: np.ndarray, drawn: dict[int, np.ndarray]) -> np.ndarray:
        """What follows for each slice of the part, slices first."""
        spacing = [self._spacing[a] for a in self._order]
        if self.way is Way.ADAPTED:
            return self._adapted_over(here)
        if self.way is Way.NOTHING:
            return here.copy()
        start = self._turned(self._start.within(self.box))
        if self.way is Way.BOTH:
            start = self._adapted_over(start)
        found = here.copy()
        if start.any():
            if self._carry is None:
                self._carry = Carry(start, spacing, self._length_mm, self._reach_mm)
            for n in set(self._carry.corrected) - set(drawn):
                self._carry.forget(n)
            for n, mask in drawn.items():
                self._carry.correct(n, mask)
            found = self._carry.proposal(range(len(here)))
        there = np.asarray(start.any(axis=(1, 2)))
        for n in beyond_drawn_ends(there, drawn):
            found[n] = here[n]
        if self.way is Way.BOTH:
            return found
        for n, mask in self._interpolated(drawn, there, spacing).items():
            found[n] = mask
        return found

    def _adapted_over(self, other: np.ndarray) -> np.ndarray:
        """What an adapted model finds where it was given the scan, and something else outside; slices first."""
        found, given = other.copy(), []
        for a in self._order:
            side, mine = self._given[a], self.box[a]
            given.append(slice(max(side.start - mine.start, 0), max(side.stop - mine.start, 0)))
        found[tuple(given)] = self._turned(self._adapted.within(self.box))[tuple(given)]
        return found

    def _interpolated(
        self, drawn: dict[int, np.ndarray], there: np.ndarray, spacing: list[float]
    ) -> dict[int, np.ndarray]:
        """The slices between drawn ones where the start has nothing, or all of them where that is wanted."""
        known = sorted(drawn)
        all_of_them = self.way is Way.INTERPOLATED
        gaps = [(a, b) for a, b in pairwise(known) if b - a > 1 and (all_of_them or not there[a + 1 : b].any())]
        wanted = {n: drawn[n] for gap in gaps for n in gap}
        before, found = self._between
        if wanted.keys() != before.keys() or any((before[n] != mask).any() for n, mask in wanted.items()):
            found = {n: mask for n, mask in interpolated(wanted, spacing).items() if any(a < n < b for a, b in gaps)}
            self._between = {n: mask.copy() for n, mask in wanted.items()}, found
        return found

    def _spare(self, now: np.ndarray) -> None:
        """Leave out other organs, what locks protect, and every slice that a person drew on, in any plane."""
        labels = self.history.array[self.box]
        others = (labels != 0) & (labels != self.organ)
        self._spared = np.where(self.found & others, labels, 0)
        self.found &= ~others
        then = np.where(self.found, self.organ, np.where(now, 0, labels)).astype(labels.dtype)
        kept = self.history.protected(self.box, then)
        for axis in range(3):
            of_hand = touched_slices if axis == self.axis else corrected_slices
            for n in of_hand(self.history, self.organ, axis):
                inside = n - self.box[axis].start
                if 0 <= inside < kept.shape[axis]:
                    kept[tuple(inside if a == axis else slice(None) for a in range(3))] = True
        self.found = np.where(kept, now, self.found)
        changed = (self.found != now).any(axis=tuple({0, 1, 2} - {self.axis}))
        self.offered = tuple((np.flatnonzero(changed) + self.box[self.axis].start).tolist())

    def _turned(self, array: np.ndarray) -> np.ndarray:
        return np.transpose(array, self._order)

    def _back(self, array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(np.transpose(array, np.argsort(self._order)))
