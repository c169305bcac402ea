"""How much work a label map took: strokes, path, time and undos, per organ and slice."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

IDLE_S = 5.0


@dataclass
class Work:
    """What one organ on one slice took."""

    strokes: int = 0
    path_mm: float = 0.0
    seconds: float = 0.0
    undos: int = 0


class Effort:
    """Counts while a person works; nothing of it leaves the machine.

    Time runs from one sign of life to the next, for the organ and slice of the first, and stops ``idle_s`` seconds
    after the last one.

    Parameters
    ----------
    idle_s : float
    clock : callable
        Seconds, never going back.
    before : mapping, optional
        What the same labels took in an earlier window.
    """

    def __init__(
        self,
        idle_s: float = IDLE_S,
        clock: Callable[[], float] = time.monotonic,
        before: Mapping[tuple[int, int], Work] | None = None,
    ) -> None:
        self._idle_s, self._clock = idle_s, clock
        self._work = {at: replace(work) for at, work in (before or {}).items()}
        self._told = {at: replace(work) for at, work in self._work.items()}
        self._at: tuple[int, int] | None = None
        self._alive_s = self._counted_s = 0.0

    def active(self, organ: int, slice: int) -> None:
        """A sign of life: a mouse or key press, a turn of the wheel, while this organ and slice are at hand."""
        self._count()
        self._at = (organ, slice)
        self._alive_s = self._counted_s = self._clock()

    def stroke(self, organ: int, slice: int, points_mm: Sequence[Sequence[float]]) -> None:
        """One stroke, along these points in mm."""
        self.active(organ, slice)
        work = self._of(organ, slice)
        work.strokes += 1
        work.path_mm += sum(math.dist(a, b) for a, b in pairwise(points_mm))

    def undo(self, organ: int, slice: int) -> None:
        """One undo, of a step on this organ and slice."""
        self.active(organ, slice)
        self._of(organ, slice).undos += 1

    def pause(self) -> None:
        """Stop the clock until the next sign of life: the window is left, a model runs."""
        self._count()
        self._at = None

    def rows(self) -> dict[tuple[int, int], Work]:
        """(organ, slice) to what it took so far, in this order."""
        self._count()
        return dict(sorted(self._work.items()))

    def news(self) -> dict[tuple[int, int], Work]:
        """The rows that have changed since this was last asked."""
        new = {at: replace(work) for at, work in self.rows().items() if work != self._told.get(at)}
        self._told |= new
        return new

    def total(self) -> Work:
        """What everything took."""
        rows = self.rows().values()
        return Work(
            sum(row.strokes for row in rows),
            sum(row.path_mm for row in rows),
            sum(row.seconds for row in rows),
            sum(row.undos for row in rows),
        )

    def as_csv(self, names: Mapping[int, str] | None = None) -> str:
        """A table with one line per organ and slice, slices counted from 1; ``names`` are those of the organs."""
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(("organ", "name", "slice", "strokes", "path_mm", "seconds", "undos"))
        for (organ, at), work in self.rows().items():
            table.writerow(
                (
                    organ,
                    (names or {}).get(organ, ""),
                    at + 1,
                    work.strokes,
                    f"{work.path_mm:.1f}",
                    f"{work.seconds:.1f}",
                    work.undos,
                )
            )
        return text.getvalue()

    def _of(self, organ: int, slice: int) -> Work:
        return self._work.setdefault((organ, slice), Work())

    def _count(self) -> None:
        """Give the time since the last count to what is at hand."""
        until = min(self._clock(), self._alive_s + self._idle_s)
        if self._at is not None and until > self._counted_s:
            self._of(*self._at).seconds += until - self._counted_s
            self._counted_s = until
