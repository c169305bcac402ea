"""The one undo stack of a label array: brushes, tools, model results and locks, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np
from psygnal import Signal

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.history.edit import LOCK, UNLOCK, Edit, Hand, Won
from napari_boundaryseg.editing.history.locks import Lock, Locks
from napari_boundaryseg.editing.history.protection import allowed, protected
from napari_boundaryseg.editing.history.tracked_labels import TrackedLabels
from napari_boundaryseg.editing.history.undo_stack import Told, UndoStack
from napari_boundaryseg.errors import InputError

MOST_BYTES = 64 * 2**20
UNNAMED = "Change"
"""The name of a change that was written into the array and never committed."""


Name = str | Callable[[Box], str]
"""A step's name, or what makes it from the box that changed."""


class Outcome(NamedTuple):
    """What became of a change: the step (None when nothing changed), and how many voxels locks protected."""

    edit: Edit | None
    n_protected: int


class History:
    """Every change of one label array, in one line, whoever made it.

    Positions count the steps done since the start, also those that are too old to be kept: position 0 is the start, and
    position n is after step n. A new step after undo drops the steps that could have been redone.

    Other code may write into ``array`` itself (napari's brush does). A private copy of the labels finds such changes:
    `commit` makes a step of them and puts back what is locked. Every other method but `put_back` first commits what
    was written, so undo takes back that change before any older one.

    Locking and unlocking are steps too. So undo reaches a locked voxel only after it has undone the lock: a step never
    changes a voxel that is locked while it is made, in either direction, and the same locks hold whenever it is undone
    or done again.

    Steps are kept until they take more than ``most_bytes`` of memory: then the oldest go, but never the newest. The
    bound on memory wins over the number of steps; compressed labels are small, so that far more than 200 steps fit.

    Used on one thread. ``recorded`` is emitted before ``changed``, so that a journal has a step before views react.

    Parameters
    ----------
    array : (I, J, K) uint8 or uint16 array
        Changed in place.
    slice_axis : int
        The axis along which slices are counted.
    most_bytes : int
    locks : Locks
        That hold at the start or, with ``steps``, at ``position``.
    steps, position : iterable of Edit, int
        An earlier history whose labels at ``position`` are ``array`` (see `recovery.Recovered`).
    """

    recorded = Signal(object)
    """A new step (Edit)."""
    moved = Signal(int)
    """The position after undo, redo or `go_to`."""
    changed = Signal(object, str)
    """The box that views must draw again, or None, and why: "edit", "put back", "undo", "redo", "go to", "lock",
    "unlock"."""

    def __init__(
        self,
        array: np.ndarray,
        *,
        slice_axis: int = 0,
        most_bytes: int = MOST_BYTES,
        locks: Locks | None = None,
        steps: Iterable[Edit] = (),
        position: int | None = None,
    ) -> None:
        self._labels, self._stack = TrackedLabels(array), UndoStack(most_bytes, steps, position)
        self._slice_axis, self._locks = slice_axis, locks or Locks()
        self.stroke: tuple[Name, Hand] | None = None
        """What is being drawn, and where: whoever commits it before it is let go makes that step of it."""

    @property
    def array(self) -> np.ndarray:
        """The labels."""
        return self._labels.array

    @property
    def locks(self) -> Locks:
        """The locks that hold now."""
        return self._locks

    @property
    def steps(self) -> tuple[Edit, ...]:
        """The steps that are kept, oldest first; step i leads from position ``first + i`` to ``first + i + 1``."""
        return tuple(self._stack.steps)

    def changes(self, organ: int) -> Iterator[tuple[str, Won, Hand | None]]:
        """Kind of each step done that changed an organ, where, and where the hand was; also of steps no longer kept."""
        done = map(Told.of, self.steps[: self.position - self.first])
        return ((kind, organs[organ], hand) for kind, organs, hand in (*self._stack.gone, *done) if organ in organs)

    @property
    def first(self) -> int:
        """The oldest position that undo can reach."""
        return self._stack.first

    @property
    def position(self) -> int:
        """The number of steps that are done."""
        return self._stack.position

    @property
    def last(self) -> int:
        """The newest position that redo can reach."""
        return self._stack.last

    @property
    def bytes_used(self) -> int:
        """What the steps take in memory, about."""
        return self._stack.bytes_used

    @property
    def top(self) -> Edit | None:
        """The step that led to where we are; None at the oldest position."""
        return self._stack.top

    def pack(self) -> None:
        """Take little memory while nobody works on the labels; `commit` before, and ask nothing before `unpack`."""
        self._labels.pack()

    def unpack(self) -> None:
        """Be ready again, with a new array."""
        self._labels.unpack()

    def voxels(self) -> dict[int, int]:
        """Label to the number of its voxels, as of the last step."""
        return self._labels.voxels()

    def commit(self, name: Name, box: Box | None = None, kind: str = "paint", hand: Hand | None = None) -> Outcome:
        """Make a step of what was written into the array; what locks protect is put back.

        Parameters
        ----------
        name : str, or a function of the box that changed
        box : three slices, optional
            Where to look; everywhere by default. Changes outside it are found by a later call.
        kind : str
        hand : Hand, optional
            The slice in which a person saw it, where it also changed others.
        """
        if self.stroke is not None and name == UNNAMED:
            name, hand = self.stroke
        found = self._labels.changed(boxes.clipped(box, self.array.shape))
        if found is None:
            return Outcome(None, 0)
        before, drawn = self._labels.committed[found], self.array[found]
        written, n_protected = allowed(before, drawn, self._locks, found, self._slice_axis)
        if n_protected:
            self.array[found] = written
        edit = self._record_voxels(name, kind, found, before, written, hand)
        self.changed.emit(found, "put back" if n_protected else "edit")
        return Outcome(edit, n_protected)

    def put_back(self) -> None:
        """Undo what was written into the array and never committed, instead of committing it."""
        found = self._labels.changed(boxes.clipped(None, self.array.shape))
        if found is not None:
            self.array[found] = self._labels.committed[found]

    def apply(self, name: str, box: Box, values: np.ndarray, kind: str = "tool") -> Outcome:
        """Write labels into a box as one step; what locks protect stays as it is.

        Parameters
        ----------
        name : str
        box : three slices
        values : (I, J, K) integer array
            As large as the box.
        kind : str
        """
        where = boxes.clipped(box, self.array.shape)
        fitting = self._labels.fitting(values, where)
        self.commit(UNNAMED)
        self.array[where] = fitting
        return self.commit(name, where, kind)

    def protected(self, box: Box, values: np.ndarray) -> np.ndarray:
        """Where locks would leave a box alone if it were to get these labels: (I, J, K) bool."""
        return protected(self.array[box], values, self._locks, box, self._slice_axis)

    def follow(self, array: np.ndarray, name: str = UNNAMED) -> Outcome:
        """Take another array of the same shape (after ``layer.data = ...``); what differs is one step."""
        self._labels.refuse_replacement(array)
        self.commit(UNNAMED)
        self._labels.replace(array)
        return self.commit(name, kind="replace")

    def lock(self, lock: Lock, name: str = "") -> Edit | None:
        """Lock an organ or a slice, as a step; None when that lock holds already."""
        self.commit(UNNAMED)
        return None if lock in self._locks else self._lock(Edit.of_lock(name or f"Lock: {lock}", LOCK, lock))

    def unlock(self, lock: Lock, name: str = "") -> Edit | None:
        """Take one lock off, as a step; None when it does not hold."""
        self.commit(UNNAMED)
        return self._lock(Edit.of_lock(name or f"Unlock: {lock}", UNLOCK, lock)) if lock in self._locks else None

    def undo(self) -> Edit | None:
        """Take the last step back; None at the oldest position."""
        self.commit(UNNAMED)
        return None if self.position == self.first else self._travel(self.position - 1, "undo")[0]

    def redo(self) -> Edit | None:
        """Do the next step again; None at the newest position."""
        self.commit(UNNAMED)
        return None if self.position == self.last else self._travel(self.position + 1, "redo")[0]

    def go_to(self, position: int) -> None:
        """Undo or redo up to a position, as one change for views.

        Raises
        ------
        InputError
            For a position outside ``first`` to ``last``.
        """
        if not self.first <= position <= self.last:
            raise InputError("history", f"there is no position {position}", f"Use {self.first} to {self.last}")
        self.commit(UNNAMED)  # as every new step, it drops what could have been redone
        position = min(position, self.last)
        if position != self.position:
            self._travel(position, "go to")

    def _travel(self, position: int, why: str) -> list[Edit]:
        back = position < self.position
        steps = self._stack.way_to(position)
        try:
            for step in steps:
                self._write(step, back)
                self._stack.position += -1 if back else 1
        finally:
            self.moved.emit(self.position)
        self.changed.emit(boxes.union([step.box for step in steps if step.box]), why)
        return steps

    def _write(self, step: Edit, back: bool) -> None:
        if step.box is not None:
            self._labels.put(step.box, step.before if back else step.after)
        self._locks = step.locks_after(self._locks, back=back)

    def _record_voxels(
        self, name: Name, kind: str, found: Box, before: np.ndarray, written: np.ndarray, hand: Hand | None
    ) -> Edit | None:
        inner = boxes.changed(before, written)
        if inner is None:
            return None
        box = boxes.shifted(inner, found)
        if hand is not None and box[hand.axis] == slice(hand.slice, hand.slice + 1):
            hand = None  # nothing else changed
        called = name if isinstance(name, str) else name(box)
        edit = Edit.of_voxels(called, kind, box, before[inner], written[inner], hand)
        self._labels.put(box, written[inner])
        self._record(edit)
        return edit

    def _lock(self, edit: Edit) -> Edit:
        self._locks = edit.locks_after(self._locks)
        self._record(edit)
        self.changed.emit(None, edit.kind)
        return edit

    def _record(self, edit: Edit) -> None:
        self._stack.push(edit)
        self.recorded.emit(edit)
