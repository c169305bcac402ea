"""Carry: what a person corrected on some slices of an organ, spread over the slices that nobody has touched."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.shapes.slice_distance import slice_distance
from napari_boundaryseg.editing.tools.propagate.slice_process import likeliest_length, variance, weights

REACH_MM = 12.0
"""How far a correction moves a border at most."""
LENGTH_MM = 12.0
"""How far a correction reaches along the slices where the structure does not say."""

MOST_PLACES = 2000
"""In a slice, about, that have a say in how far corrections reach."""


class Carry:
    """The corrections of one organ along an axis, and what follows from them for its other slices.

    On every corrected slice the signed distance of what was drawn less that of the start is what the person changed. A
    Gaussian process along the slices spreads this field, and each other slice's start moves by it. A corrected slice is
    what was drawn, whatever the others say. Where a person says that the organ begins or ends elsewhere (a slice drawn
    where the start has nothing, or emptied), that is no move of a border, and says nothing of the others.

    Parameters
    ----------
    start : (N, R, C) bool array
        The organ before any correction: a model's, a file's, another tool's. Slices first.
    spacing_mm : three floats
        Between slices, rows and columns.
    length_mm : float
        How far a correction reaches along the slices, for the structure; once enough slices are corrected, they say it.
    reach_mm : float
        How far a border moves at most.
    places_mm : (N,) floats, optional
        Where the slices lie along the axis, ascending; evenly by the spacing if not said.

    Examples
    --------
    >>> start = np.zeros((5, 9, 9), bool)
    >>> start[:, 3:6, 3:6] = True
    >>> drawn = np.zeros((9, 9), bool)
    >>> drawn[2:7, 2:7] = True
    >>> carry = Carry(start, (1.0, 1.0, 1.0))
    >>> carry.correct(2, drawn)
    >>> [int(mask.sum()) for mask in carry.proposal([1, 2, 3])]
    [25, 25, 25]
    """

    def __init__(
        self,
        start: np.ndarray,
        spacing_mm: Sequence[float],
        length_mm: float = LENGTH_MM,
        reach_mm: float = REACH_MM,
        places_mm: Sequence[float] | None = None,
    ) -> None:
        self._at = np.arange(len(start)) * float(spacing_mm[0]) if places_mm is None else np.asarray(places_mm, float)
        self._start, self._spacing = np.asarray(start, bool), tuple(map(float, spacing_mm))
        self._default_mm, self._reach_mm = length_mm, reach_mm
        self._distance = _distance(self._start, self._spacing, self._at, 2 * reach_mm)
        self._drawn: dict[int, np.ndarray] = {}
        self._moved: dict[int, np.ndarray] = {}

    @property
    def corrected(self) -> tuple[int, ...]:
        """The slices that a person corrected."""
        return tuple(sorted(self._drawn))

    @property
    def _supports(self) -> tuple[int, ...]:
        """The corrected slices that say how borders move."""
        return tuple(sorted(self._moved))

    @property
    def length_mm(self) -> float:
        """How far a correction reaches along the slices, as far as is known."""
        known = self._supports
        if not known:
            return self._default_mm
        moved = np.stack([self._moved[n] for n in known])
        near = moved[:, moved.any(0)]
        step = max(1, near.shape[1] // MOST_PLACES)
        return likeliest_length(self._places(known), near[:, ::step], self._default_mm)

    @property
    def unknown(self) -> np.ndarray:
        """How much of each slice's correction is not known yet, (N,): 0 where a person drew, 1 far from there."""
        return variance(self._places(range(len(self._start))), self._places(self.corrected), self.length_mm)

    def correct(self, n: int, drawn: np.ndarray) -> None:
        """Let one slice be as a person drew it, (R, C) bool."""
        if n in self._drawn and np.array_equal(self._drawn[n], drawn):
            return
        self._drawn[n] = np.array(drawn, bool)
        self._moved.pop(n, None)
        if not (self._drawn[n].any() and self._start[n].any()):
            return  # no border of the start moved: accepting an empty slice says nothing of the others, either
        now = slice_distance(self._drawn[n][None], self._spacing[1:], 2 * self._reach_mm)[0]
        self._moved[n] = np.clip(now - self._distance[n], -self._reach_mm, self._reach_mm)

    def forget(self, n: int) -> None:
        """Let one slice be as it was at the start."""
        self._drawn.pop(n, None)
        self._moved.pop(n, None)

    def proposal(self, slices: Sequence[int]) -> np.ndarray:
        """What some slices would become, (len(slices), R, C) bool."""
        wanted, known = list(slices), self._supports
        found = self._start[wanted]
        if known:
            taken = weights(self._places(wanted), self._places(known), self.length_mm).astype(np.float32)
            moved = np.stack([self._moved[n] for n in known])
            somewhere = moved.any(0)  # all else stays
            rows, columns = np.array(wanted, int), np.flatnonzero(somewhere)
            before = self._distance.reshape(len(self._start), -1)[rows[:, None], columns]
            found[:, somewhere] = before + taken @ moved[:, somewhere] > 0
        for place, n in enumerate(wanted):
            if n in self._drawn:
                found[place] = self._drawn[n]
        return found

    def _places(self, slices: Sequence[int]) -> np.ndarray:
        return self._at[list(slices)]


def _distance(start: np.ndarray, spacing_mm: Sequence[float], at_mm: np.ndarray, most_mm: float) -> np.ndarray:
    """Signed distances in the slices; of a slice without the organ, in space to the nearest slice with it."""
    found = slice_distance(start, spacing_mm[1:], most_mm)
    there = np.flatnonzero(start.any(axis=(1, 2)))
    if not len(there):
        return found
    for n in set(range(len(start))) - set(there.tolist()):
        near = there[np.abs(at_mm[there] - at_mm[n]).argmin()]
        across = abs(at_mm[near] - at_mm[n]) - spacing_mm[0] / 2
        found[n] = -np.minimum(np.hypot(np.minimum(found[near], 0), across), most_mm)
    return found
