"""Undo stack: steps that were done and can be undone, within a bound on memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from napari_boundaryseg.editing.history.edit import Edit, Hand, Won


class Told(NamedTuple):
    """A step without its voxels: its kind, where organs changed in it, and where the hand was."""

    kind: str
    organs: dict[int, Won]
    hand: Hand | None

    @classmethod
    def of(cls, step: Edit) -> Told:
        """What is told of a step."""
        return cls(step.kind, step.organs, step.hand)


class UndoStack:
    """Positions count the steps since the start, also those that are too old to be kept.

    Position 0 is the start, and position n is after step n. Steps are kept until they take more than ``most_bytes``:
    then the oldest go, but never the newest.

    Parameters
    ----------
    most_bytes : int
    steps : iterable of Edit
        From the start on.
    position : int, optional
        Where we are among them; after the last by default.
    """

    def __init__(self, most_bytes: int, steps: Iterable[Edit] = (), position: int | None = None) -> None:
        self.steps = list(steps)
        """The steps that are kept, oldest first; step i leads from position ``first + i`` to ``first + i + 1``."""
        self.first = 0
        """The oldest position that undo can reach."""
        self.gone: list[Told] = []
        """What is remembered of each step that was dropped."""
        self.bytes_used = sum(step.bytes_used for step in self.steps)
        self.position = len(self.steps) if position is None else position
        self._most_bytes = most_bytes
        self._forget(self.position)

    @property
    def last(self) -> int:
        """The newest position that redo can reach."""
        return self.first + len(self.steps)

    @property
    def top(self) -> Edit | None:
        """The step that led to where we are; None at the oldest position."""
        return self.steps[self.position - self.first - 1] if self.position > self.first else None

    def push(self, edit: Edit) -> None:
        """Add a step after the position; those that could have been redone are dropped."""
        kept = self.position - self.first
        self.bytes_used += edit.bytes_used - sum(step.bytes_used for step in self.steps[kept:])
        self.steps[kept:] = [edit]
        self.position += 1
        self._forget(self.position - 1)

    def way_to(self, position: int) -> list[Edit]:
        """The steps to undo (for an earlier position) or to redo, in this order."""
        if position < self.position:
            return self.steps[position - self.first : self.position - self.first][::-1]
        return self.steps[self.position - self.first : position - self.first]

    def _forget(self, most: int) -> None:
        """Drop the oldest steps, up to a position, while there is too much."""
        while self.bytes_used > self._most_bytes and self.first < most:
            dropped = self.steps.pop(0)
            self.gone.append(Told.of(dropped))
            self.bytes_used -= dropped.bytes_used
            self.first += 1
