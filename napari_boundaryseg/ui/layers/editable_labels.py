"""Editable labels: one history for every tool, a journal on the disk, and the effort that they took."""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np
from psygnal import Signal

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.effort import Effort
from napari_boundaryseg.editing.history.edit import MODEL, OPENED, Edit, Hand
from napari_boundaryseg.editing.history.history import History, Outcome
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.history.since import nothing_by_hand_since, result_since
from napari_boundaryseg.editing.journal.beginning import begun
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.note import Note, note_body
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.editing.remarks import Remarks
from napari_boundaryseg.editing.tools.scene import Written
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.compat.labels_layer import on_stroke, own_history, write_only
from napari_boundaryseg.ui.layers.refused import Refused
from napari_boundaryseg.ui.layers.step_names import in_place, tool_name

State = tuple[int, Edit | None]
"""A position of the history, and the step that led to it."""


class EditableLabels:
    """Labels in work, and the layer that shows them, if one does.

    napari's tools write into the layer's array; each stroke becomes a step of the one history, which napari's undo keys
    lead to. Locks and everything else that changes labels go through it too.

    Parameters
    ----------
    layer : Labels
    scan : Volume
    scheme : LabelScheme
    history : History, optional
        Of the layer's array; a new one by default.
    journal : Journal, optional
        That holds the history so far; a new one by default.
    note : Note, optional
        What else an earlier window left.
    """

    changed = Signal()
    """A step was made, undone or done again; or a lock was set or taken off."""
    n_protected = Signal(str, int)
    """The name of a stroke, and the number of voxels that were not changed because they are locked."""
    travelled = Signal(str, object)
    """What undo or redo has done, in words, and the `Edit`; or, with None, why undo has stopped."""
    erased_nothing = Signal(str)
    """The name of a stroke of the eraser that met only other organs than the chosen one."""
    failed = Signal(str)
    """Why the journal cannot keep the last steps; also on the journal's thread."""

    def __init__(
        self,
        layer: Any,
        scan: Volume,
        scheme: LabelScheme,
        *,
        history: History | None = None,
        journal: Journal | None = None,
        note: Note | None = None,
    ) -> None:
        self.scan_name, self.scan_hash, self.voxel_ml = scan.name, hash_of(scan), scan.geometry.voxel_ml
        note = note or Note()
        self.scheme, self.effort, self.remarks = scheme, Effort(before=note.effort), Remarks(note.remarks)
        self.organ, self.results = note.organ, dict(note.results)
        """The chosen organ, 0 until one was chosen; positions after models' results, each with what was said of it."""
        self.box: Box | None = layer.metadata.get("box")
        """The part of the scan that was segmented, on the scan's own array."""
        self.place: tuple[int, int, int] | None = None
        """Where the view was when they were last shown."""
        self._warned: State | None = None
        self._layer: Any = lambda: None
        self.history = history or History(layer.data)
        self._stored: State = (0, None)
        self._painting, self._called = False, ""
        self._refused = Refused(self.history)
        self.no_journal = ""
        """Why there is no journal."""
        self.journal = journal or self._begin_journal(scan)
        if self.journal is not None:
            self.journal.follow(self.history)
        self.history.changed.connect(self._on_changed)
        self.attach(layer)

    def attach(self, layer: Any) -> None:
        """Be shown by a layer of the history's array."""
        self._layer = ref(layer)
        self._refused.layer = self._layer
        self.guard(layer)
        on_stroke(layer, self.finish)
        own_history(layer, self.undo, self.redo)
        layer.events.data.connect(lambda event: self._on_array())
        if self.organ in self.scheme.ids:
            layer.selected_label = self.organ
        layer.events.selected_label.connect(lambda event: self._on_organ())
        self.note()

    def detach(self) -> None:
        """Be shown by no layer any more."""
        self.history.commit("Change")
        self.effort.pause()
        self.note()
        self._layer = self._refused.layer = lambda: None

    def _begin_journal(self, scan: Volume) -> Journal | None:
        where = tuple(str(path.absolute()) for path in scan.source)
        header = JournalHeader(self.scan_name, self.scan_hash, self.scheme.model_dump_json(), self.voxel_ml, where)
        made, self.no_journal = begun(header, self.history.array, lambda error: self.failed.emit(str(error)))
        return made

    @property
    def state(self) -> State:
        """Where the labels are now."""
        return self.history.position, self.history.top

    @property
    def is_stored(self) -> bool:
        """Whether nothing of a person's would be lost with the labels."""
        return nothing_by_hand_since(self.history, *self._stored)

    @property
    def is_as_stored(self) -> bool:
        """Whether they are exactly what is stored, or were never changed: nothing at all would be lost."""
        return self.state == self._stored and self.remarks.is_stored

    def mark_stored(self, state: State) -> None:
        """Remember that the labels, as they were in this state, are stored somewhere."""
        self._stored, self.remarks.is_stored = state, True
        if self.journal is not None:
            self.journal.stored(state[0])
        self.changed.emit()

    def volumes_ml(self) -> dict[int, float]:
        """Organ id to volume, in mL."""
        voxels = self.history.voxels()
        return {i: voxels.get(i, 0) * self.voxel_ml for i in self.scheme.ids}

    def put(self, name: str, values: np.ndarray, box: Box | None = None, kind: str = "tool") -> Outcome:
        """Write labels into a box, or everywhere, as one step; (z, y, x) on the display grid."""
        return self.history.apply(name, box or (slice(None),) * 3, values, kind)

    def draw(self, box: Box, mask: np.ndarray, organ: int) -> int:
        """Give voxels of a box to an organ, as one step of the tool in hand; how many are locked, which is told."""
        before, layer = self.history.array[box], self._layer()
        if layer is not None and layer.preserve_labels:
            mask = mask & (before == 0)
        name = self._name(box)
        self._refused.forget()
        return self._tell(self.put(name, np.where(mask, organ, before), box).n_protected)

    def lock(self, lock: Lock, on: bool, what: str) -> None:
        """Lock or unlock, as a step that is called after what it is about."""
        if on:
            self.history.lock(lock, f"Lock: {what}")
        else:
            self.history.unlock(lock, f"Unlock: {what}")

    def undo(self) -> None:
        """Take the last step back; before the whole of a result, stop once and say so."""
        self.history.commit("Change")
        top = self.history.top
        if top is not None and top.kind in (MODEL, OPENED) and self._warned != self.state:
            self._warned = self.state
            self.travelled.emit(f"Undo once more takes back all of: {top.name}.", None)
            return
        step = self.history.undo()
        if step is not None:
            self._warned = None
            self.effort.undo(*self._place(step.box))
            self.note()
            self.travelled.emit(f"Undone: {step.name}.", step)

    def redo(self) -> None:
        """Make it again."""
        step = self.history.redo()
        if step is not None:
            self.travelled.emit(f"Done again: {step.name}.", step)

    def go_to(self, position: int) -> None:
        """Undo or redo up to a step of the history."""
        before = self.history.position
        self.history.go_to(position)
        if self.history.position != before:
            top = self.history.top
            self.travelled.emit(f"Back to: {top.name}." if top is not None else "Back to the start.", top)

    def note(self) -> None:
        """Let the journal know what belongs to the labels beside their voxels."""
        if self.journal is not None and not self.journal.has_ended:
            self.journal.note(note_body(self.effort.news(), self.organ, self.box, remarks=self.remarks.news()))

    def _on_organ(self) -> None:
        if (layer := self._layer()) is not None and layer.selected_label != self.organ:
            self.organ = int(layer.selected_label)
            self.note()

    def guard(self, layer: Any) -> None:
        """Keep napari's tools off what is locked, and the eraser off other organs, in a layer on the same array."""
        write_only(layer, self._refused.of, self._refused.forget, self._tell)

    def _tell(self, n_protected: int = 0, changed: bool = False) -> int:
        """Say how many voxels the stroke did not change because they are locked, each counted once; that many."""
        n_protected += self._refused.n_locked
        if self._refused.n_spared and not changed:
            self.erased_nothing.emit(self._name(None))
        self._refused.forget()
        if n_protected:
            self.n_protected.emit(self._name(None), n_protected)
        return n_protected

    def begin(self, again: Written | None = None) -> None:
        """A stroke of our own tools begins, or begins again with what it had written put back to what was there."""
        self._refused.forget()
        if again is None:
            self.history.commit("Change")
        else:
            self.history.array[again.box] = again.labels

    def write(self, written: Written) -> None:
        """Write labels as a stroke of our own tools goes on: no step yet, and what is locked stays."""
        kept, before = self._refused.of(written.box, written.labels), self.history.array[written.box]
        if (layer := self._layer()) is not None and layer.preserve_labels:
            kept = kept | ((before != 0) & (before != self.organ))
        self.history.array[written.box] = np.where(kept, before, written.labels)

    def finish(self, called: str = "", kind: str = "paint", hand: Hand | None = None) -> int:
        """Make a step of what a stroke has written, called after napari's tool or another, and tell what was locked."""
        self._painting, self._called = True, called
        try:
            outcome = self.history.commit(self._name, kind=kind, hand=hand)
            return self._tell(outcome.n_protected, outcome.edit is not None)
        finally:
            self._painting, self._called = False, ""

    def call_off(self) -> None:
        """Put back what a stroke has written."""
        self._refused.forget()
        self.history.put_back()
        self.show()

    def close(self) -> None:
        """End the journal: it goes where nothing would be lost; else the next window offers what it holds."""
        self.note()
        journal, self.journal = self.journal, None
        if journal is None:
            return
        if self.is_stored and self.remarks.is_stored and not result_since(self.history, self._stored[0]):
            journal.finish()
        else:
            journal.close()

    def discard(self) -> None:
        """End the journal; for some days the work can be restored."""
        journal, self.journal = self.journal, None
        if journal is not None:
            journal.discard()

    def _name(self, box: Box | None) -> str:
        return in_place(self._called or tool_name(self._layer(), self.scheme), box)

    def _place(self, box: Box | None) -> tuple[int, int]:
        layer = self._layer()
        return (layer.selected_label if layer is not None else 0), (box[0].start if box is not None else 0)

    def _on_array(self) -> None:
        """Another array was given to the layer: the difference is a step."""
        layer = self._layer()
        if layer is None or layer.data is self.history.array:
            return
        self._painting = True
        try:
            self.history.follow(layer.data, "New values")
        except InputError as error:
            layer.data = self.history.array
            self.failed.emit(str(error))
        finally:
            self._painting = False

    def _on_changed(self, box: Box | None, why: str) -> None:
        if box is not None and not (self._painting and why == "edit"):
            self.show()
        self.changed.emit()

    def show(self) -> None:
        """Show the array as it is."""
        if self._layer() is not None:
            self._layer().refresh(extent=False)
