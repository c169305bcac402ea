"""The one undo stack of a label array: brushes, tools, model results and locks, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from psygnal import Signal

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.history.edit import LOCK, UNLOCK, Edit
from napari_boundaryseg.editing.history.locks import Lock, Locks, allowed, protected
from napari_boundaryseg.errors import InputError

MOST_BYTES = 64 * 2**20
UNNAMED = "Change"
"""The name of a change that was written into the array and never taken."""


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
    `commit` makes a step of them and puts back what is locked. Every other method first takes what was written and not
    taken, so undo takes back that change before any older one.

    Locking and unlocking are steps too. So undo reaches a locked voxel only after it has undone the lock: a step never
    changes a voxel that is locked while it is made, in either direction, and the same locks hold whenever it is undone
    or done again.

    Steps are kept until they take more than ``most_bytes`` of memory: then the oldest go, but never the newest. The
    bound on memory wins over the number of steps; packed labels are small, so that far more than 200 steps fit.

    Used on one thread. ``recorded`` is told before ``changed``, so that a journal has a step before views react.

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
        _refuse(array)
        self._array, self._shadow = array, array.copy()
        self._slice_axis, self._most_bytes = slice_axis, most_bytes
        self._locks = locks or Locks()
        self._steps, self._first = list(steps), 0
        self._bytes = sum(step.bytes_used for step in self._steps)
        self._position = len(self._steps) if position is None else position
        self._voxels_of: dict[int, int] | None = None
        self._forget(self._position)

    @property
    def array(self) -> np.ndarray:
        """The labels."""
        return self._array

    @property
    def locks(self) -> Locks:
        """The locks that hold now."""
        return self._locks

    @property
    def steps(self) -> tuple[Edit, ...]:
        """The steps that are kept, oldest first; step i leads from position ``first + i`` to ``first + i + 1``."""
        return tuple(self._steps)

    @property
    def first(self) -> int:
        """The oldest position that undo can reach."""
        return self._first

    @property
    def position(self) -> int:
        """The number of steps that are done."""
        return self._position

    @property
    def last(self) -> int:
        """The newest position that redo can reach."""
        return self._first + len(self._steps)

    @property
    def bytes_used(self) -> int:
        """What the steps take in memory, about."""
        return self._bytes

    @property
    def top(self) -> Edit | None:
        """The step that led to where we are; None at the oldest position."""
        return self._steps[self._position - self._first - 1] if self._position > self._first else None

    def voxels(self) -> dict[int, int]:
        """Label to the number of its voxels, as of the last step; counted once, and then kept up with the steps."""
        if self._voxels_of is None:
            self._voxels_of = _count(self._shadow)
        return self._voxels_of

    def commit(self, name: Name, box: Box | None = None, kind: str = "paint") -> Outcome:
        """Make a step of what was written into the array; what locks protect is put back.

        Parameters
        ----------
        name : str, or a function of the box that changed
        box : three slices, optional
            Where to look; everywhere by default. Changes outside it are found by a later call.
        kind : str
        """
        where = boxes.clipped(box, self._array.shape)
        found = boxes.changed(self._shadow[where], self._array[where])
        if found is None:
            return Outcome(None, 0)
        found = boxes.shifted(found, where)
        before, drawn = self._shadow[found], self._array[found]
        written, n_protected = allowed(before, drawn, self._locks, found, self._slice_axis)
        if n_protected:
            self._array[found] = written
        edit = self._voxels(name, kind, found, before, written)
        self.changed.emit(found, "put back" if n_protected else "edit")
        return Outcome(edit, n_protected)

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
        where = boxes.clipped(box, self._array.shape)
        fitting = self._fitting(values, where)
        self.commit(UNNAMED)
        self._array[where] = fitting
        return self.commit(name, where, kind)

    def protected(self, box: Box, values: np.ndarray) -> np.ndarray:
        """Where locks would leave a box alone if it were to get these labels: (I, J, K) bool."""
        return protected(self._array[box], values, self._locks, box, self._slice_axis)

    def n_protected(self, box: Box, values: np.ndarray) -> int:
        """How many voxels `apply` would leave alone because they are locked."""
        where = boxes.clipped(box, self._array.shape)
        return allowed(self._array[where], self._fitting(values, where), self._locks, where, self._slice_axis)[1]

    def follow(self, array: np.ndarray, name: str = UNNAMED) -> Outcome:
        """Take another array of the same shape (after ``layer.data = ...``); what differs is one step."""
        _refuse(array)
        if array.shape != self._array.shape or array.dtype.itemsize < self._array.dtype.itemsize:
            raise InputError(
                "labels",
                f"{array.shape} {array.dtype} cannot take the place of {self._array.shape} {self._array.dtype}",
                "Keep the shape, and an integer type that holds every label",
            )
        self.commit(UNNAMED)
        self._array, self._shadow = array, self._shadow.astype(array.dtype)
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
        return None if self._position == self._first else self._travel(self._position - 1, "undo")[0]

    def redo(self) -> Edit | None:
        """Do the next step again; None at the newest position."""
        self.commit(UNNAMED)
        return None if self._position == self.last else self._travel(self._position + 1, "redo")[0]

    def go_to(self, position: int) -> None:
        """Undo or redo up to a position, as one change for views.

        Raises
        ------
        InputError
            For a position outside ``first`` to ``last``.
        """
        if not self._first <= position <= self.last:
            raise InputError("history", f"there is no position {position}", f"Use {self._first} to {self.last}")
        self.commit(UNNAMED)  # as every new step, it drops what could have been redone
        position = min(position, self.last)
        if position != self._position:
            self._travel(position, "go to")

    def _travel(self, position: int, why: str) -> list[Edit]:
        back = position < self._position
        numbers = range(self._position, position, -1) if back else range(self._position + 1, position + 1)
        steps = [self._steps[number - self._first - 1] for number in numbers]
        try:
            for step in steps:
                self._write(step, back)
                self._position += -1 if back else 1
        finally:
            self.moved.emit(self._position)
        self.changed.emit(boxes.union([step.box for step in steps if step.box]), why)
        return steps

    def _write(self, step: Edit, back: bool) -> None:
        if step.box is not None:
            self._put(step.box, step.before if back else step.after)
        self._locks = step.locks_after(self._locks, back=back)

    def _put(self, box: Box, values: np.ndarray) -> None:
        """Write into the labels and their copy."""
        self._array[box] = values
        if self._voxels_of is not None:
            won, lost = _count(values), _count(self._shadow[box])
            for label in won.keys() | lost.keys():
                self._voxels_of[label] = self._voxels_of.get(label, 0) + won.get(label, 0) - lost.get(label, 0)
        self._shadow[box] = values

    def _voxels(self, name: Name, kind: str, found: Box, before: np.ndarray, written: np.ndarray) -> Edit | None:
        inner = boxes.changed(before, written)
        if inner is None:
            return None
        box = boxes.shifted(inner, found)
        called = name if isinstance(name, str) else name(box)
        edit = Edit.of_voxels(called, kind, box, before[inner], written[inner])
        self._put(box, written[inner])
        self._record(edit)
        return edit

    def _lock(self, edit: Edit) -> Edit:
        self._locks = edit.locks_after(self._locks)
        self._record(edit)
        self.changed.emit(None, edit.kind)
        return edit

    def _record(self, edit: Edit) -> None:
        kept = self._position - self._first
        self._bytes += edit.bytes_used - sum(step.bytes_used for step in self._steps[kept:])
        self._steps[kept:] = [edit]
        self._position += 1
        self._forget(self._position - 1)
        self.recorded.emit(edit)

    def _forget(self, most: int) -> None:
        """Drop the oldest steps, up to a position, while there is too much."""
        while self._bytes > self._most_bytes and self._first < most:
            self._bytes -= self._steps.pop(0).bytes_used
            self._first += 1

    def _fitting(self, values: np.ndarray, where: Box) -> np.ndarray:
        values, shape = np.asarray(values), tuple(part.stop - part.start for part in where)
        if values.shape != shape or values.dtype.kind not in "uib":
            raise InputError(
                "labels",
                f"{values.shape} {values.dtype} does not fit a box of {shape}",
                "Give integers, one for each voxel of the box",
            )
        if values.dtype != self._array.dtype and values.size:
            most = np.iinfo(self._array.dtype).max
            if values.min() < 0 or values.max() > most:
                raise InputError("labels", f"they run from {values.min()} to {values.max()}", f"Use 0 to {most}")
        return values.astype(self._array.dtype, copy=False)


def _count(labels: np.ndarray) -> dict[int, int]:
    counts = np.bincount(labels.ravel())
    return {int(label): int(counts[label]) for label in np.flatnonzero(counts)}


def _refuse(array: np.ndarray) -> None:
    if array.ndim != 3 or array.dtype not in (np.uint8, np.uint16) or not array.flags.writeable:
        raise InputError(
            "labels",
            f"an array of {array.ndim} axes of {array.dtype} cannot be edited",
            "Use a writable array of three axes, uint8 or uint16",
        )
