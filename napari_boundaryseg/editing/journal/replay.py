"""Replay of a journal's records: the labels, the locks and the history at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_boundaryseg.editing.history.edit import MODEL, Edit
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Locks
from napari_boundaryseg.editing.journal.migration import migrated
from napari_boundaryseg.editing.journal.note import Note, note_body
from napari_boundaryseg.editing.journal.records import (
    EDIT,
    MOVE,
    NOTE,
    START,
    JournalHeader,
    Record,
    Start,
    read_start,
)
from napari_boundaryseg.editing.journal.stored import stored
from napari_boundaryseg.errors import InputError

if TYPE_CHECKING:
    from napari_boundaryseg.editing.journal.journal import Journal


@dataclass(frozen=True, eq=False)
class Recovered:
    """What a journal gave back: the state at the moment of death, and the way there."""

    header: JournalHeader
    start: np.ndarray
    """(I, J, K), the labels before the first step."""
    start_locks: Locks
    labels: np.ndarray
    """(I, J, K), writable."""
    locks: Locks
    steps: tuple[Edit, ...]
    """From the start, also those that could be redone."""
    position: int
    complete: bool
    note: Note
    """Effort, chosen organ, segmented part, of which model the results are, and what was said of the labels."""

    def history(self, slice_axis: int = 0) -> History:
        """A history of `labels` that can undo what was done before the crash."""
        return History(self.labels, slice_axis=slice_axis, locks=self.locks, steps=self.steps, position=self.position)

    def hand_to(self, journal: Journal) -> None:
        """Hand everything to a new journal that began with `start` and `start_locks`."""
        for step in self.steps:
            journal.append(step)
        journal.move(self.position)
        journal.note(note_body(self.note.effort, self.note.organ, self.note.box, self.note.results, self.note.remarks))


@dataclass
class Replay:
    """A journal as far as it was read."""

    start: Start
    steps: list[Edit] = field(default_factory=list)
    position: int = 0
    at: float = 0.0
    complete: bool = True
    stored: int = 0
    """The position whose labels are stored elsewhere."""
    note: Note = field(default_factory=Note)
    remarked: bool = False
    """Whether anything was said of the labels since they were stored."""

    @property
    def worth(self) -> bool:
        """Whether a person's work would be lost with the journal; also work that was undone, and can be redone."""
        return self.position < self.stored or any(step.by_hand for step in self.steps[self.stored :])

    @property
    def holds_result(self) -> bool:
        """Whether the labels are a model's result that is stored nowhere, minutes of computing, or were reviewed."""
        return self.remarked or any(step.kind == MODEL for step in self.steps[self.stored : self.position])

    def apply(self, record: Record) -> None:
        """Follow one record."""
        if record.kind == NOTE:
            said = dict(self.note.remarks)
            self.note.follow(record.body)
            self.remarked = self.remarked or self.note.remarks != said
            return
        if record.kind == EDIT:
            edit = migrated(Edit.from_bytes(record.body), self.start.version)
            self._check(edit)
            self.steps[self.position :] = [edit]
            self.note.results = {at: said for at, said in self.note.results.items() if at <= self.position}
            if self.position < self.stored:
                self.stored = 0  # that state can no longer be reached
            self.position += 1
        else:
            position = int(record.body)
            if not 0 <= position <= len(self.steps):
                raise ValueError(f"there is no position {position}")
            if record.kind == MOVE:
                self.position = position
            else:
                self.stored, self.remarked = position, False
        self.at = record.at

    def _check(self, edit: Edit) -> None:
        ends = [part.stop for part in edit.box or ()]
        labels = self.start.labels
        if any(end > n for end, n in zip(ends, labels.shape)) or not np.can_cast(edit.dtype, labels.dtype):
            raise ValueError("a step does not fit the labels")

    def recovered(self) -> Recovered:
        """The labels and locks at the position."""
        labels, locks = self.start.labels.copy(), self.start.locks
        for step in self.steps[: self.position]:
            if step.box is not None:
                labels[step.box] = step.after
            locks = step.locks_after(locks)
        return Recovered(
            self.start.header,
            self.start.labels,
            self.start.locks,
            labels,
            locks,
            tuple(self.steps),
            self.position,
            self.complete,
            self.note,
        )


def read(folder: Path) -> Replay:
    """Read a session up to its end or its first damage; what its start raises is raised."""
    found = stored(folder)
    return replay_of(found.records, found.complete)


def replay_of(records: Sequence[Record], complete: bool = True) -> Replay:
    """Follow records from the first up to the first that cannot be; ``complete`` where nothing lies behind them."""
    if not records or records[0].kind != START:
        raise ValueError("a journal has no start")
    first, *others = records
    replay = Replay(read_start(first.body), at=first.at, complete=complete)
    try:
        for record in others:
            replay.apply(record)
    except (ValueError, KeyError, TypeError, InputError):
        replay.complete = False
    return replay
