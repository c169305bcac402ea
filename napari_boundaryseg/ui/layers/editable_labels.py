"""Editable labels: one history for every tool, a journal on the disk, and the effort that they took."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary, ref

import numpy as np
from psygnal import Signal

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.effort import Effort
from napari_boundaryseg.editing.history.edit import Edit
from napari_boundaryseg.editing.history.history import History, Outcome
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.compat.labels_layer import on_stroke, own_history, write_only

WORDS = {"paint": "Paint", "erase": "Erase", "fill": "Fill", "polygon": "Polygon"}
PLANES = ("slice", "coronal slice", "sagittal slice")

State = tuple[int, Edit | None]
"""A position of the history, and the step that led to it."""


class EditableLabels:
    """A labels layer in work.

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
    """

    changed = Signal()
    """A step was made, undone or done again; or a lock was set or taken off."""
    n_protected = Signal(str, int)
    """The name of a stroke, and the number of voxels that were not changed because they are locked."""
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
    ) -> None:
        self.scan, self.scheme, self.effort = scan, scheme, Effort()
        self._layer = ref(layer)
        self.history = history or History(layer.data)
        self._stored: State = (0, None)
        self._painting = False
        self._refused: np.ndarray | None = None
        self.no_journal = ""
        """Why there is no journal."""
        self.journal = journal or self._begin_journal()
        if self.journal is not None:
            self.journal.follow(self.history)
        self.history.changed.connect(self._on_changed)
        self.guard(layer)
        on_stroke(layer, self.stroke)
        own_history(layer, self.undo, self.redo)
        layer.events.data.connect(lambda event: self._on_array())

    def _begin_journal(self) -> Journal | None:
        header = JournalHeader(
            self.scan.name, hash_of(self.scan), self.scheme.model_dump_json(), self.scan.geometry.voxel_ml
        )
        try:
            return Journal(header, self.history.array, on_error=lambda error: self.failed.emit(str(error)))
        except InputError as error:  # the work must go on without it
            self.no_journal = str(error)
            return None

    @property
    def state(self) -> State:
        """Where the labels are now."""
        return self.history.position, self.history.top

    @property
    def is_stored(self) -> bool:
        """Whether nothing of a person's would be lost with the labels."""
        position, step = self._stored
        history = self.history
        if position < history.first:
            return False
        at = history.steps[position - history.first - 1] if position > history.first else step
        if at is not step or history.position < position:
            return False
        since = history.steps[position - history.first : history.position - history.first]
        return not any(done.by_hand for done in since)

    def mark_stored(self, state: State) -> None:
        """Remember that the labels, as they were in this state, are stored somewhere."""
        self._stored = state
        if self.journal is not None:
            self.journal.stored(state[0])
        self.changed.emit()

    def volumes_ml(self) -> dict[int, float]:
        """Organ id to volume, in mL."""
        voxels, voxel_ml = self.history.voxels(), self.scan.geometry.voxel_ml
        return {i: voxels.get(i, 0) * voxel_ml for i in self.scheme.ids}

    def put(self, name: str, values: np.ndarray, box: Box | None = None, kind: str = "tool") -> Outcome:
        """Write labels into a box, or everywhere, as one step; (z, y, x) on the display grid."""
        return self.history.apply(name, box or (slice(None),) * 3, values, kind)

    def lock(self, lock: Lock, on: bool, what: str) -> None:
        """Lock or unlock, as a step that is called after what it is about."""
        if on:
            self.history.lock(lock, f"Lock: {what}")
        else:
            self.history.unlock(lock, f"Unlock: {what}")

    def undo(self) -> None:
        """Take the last step back."""
        step = self.history.undo()
        if step is not None:
            self.effort.undo(*self._place(step.box))

    def redo(self) -> None:
        """Make it again."""
        self.history.redo()

    def guard(self, layer: Any) -> None:
        """Keep napari's tools off what is locked, in a layer on the same array."""
        write_only(layer, self._protected, self._forget, self._tell)

    def _protected(self, box: Box, values: np.ndarray) -> np.ndarray:
        if not len(self.history.locks):
            return np.zeros(values.shape, bool)
        found = self.history.protected(box, values)
        if found.any():
            if self._refused is None:
                self._refused = np.zeros(self.history.array.shape, bool)
            self._refused[box] |= found
        return found

    def _forget(self) -> None:
        self._refused = None

    def _tell(self, n_protected: int = 0) -> None:
        """Say how many voxels the stroke did not change because they are locked, each counted once."""
        if self._refused is not None:
            n_protected += int(np.count_nonzero(self._refused))
        self._forget()
        if n_protected:
            self.n_protected.emit(self._name(None), n_protected)

    def stroke(self) -> None:
        """Make a step of what napari's tools have written, and tell what was locked."""
        self._painting = True
        try:
            outcome = self.history.commit(self._name)
        finally:
            self._painting = False
        self._tell(outcome.n_protected)

    def close(self) -> None:
        """End the journal: it goes where nothing would be lost; else the next window offers what it holds."""
        journal, self.journal = self.journal, None
        if journal is None:
            return
        if self.is_stored:
            journal.finish()
        else:
            journal.close()

    def discard(self) -> None:
        """End the journal; for some days the work can be restored."""
        journal, self.journal = self.journal, None
        if journal is not None:
            journal.discard()

    def _name(self, box: Box | None) -> str:
        """What a step is called: "Paint: Prostate, slice 41"."""
        layer = self._layer()
        mode = str(layer.mode) if layer is not None else ""
        name = WORDS.get(mode, "Change")
        organ = layer.selected_label if layer is not None and mode in WORDS and mode != "erase" else 0
        if organ in self.scheme.ids:
            name += f": {self.scheme.organ(organ).name}"
        return name if box is None else f"{name}, {_where(box)}"

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
        layer = self._layer()
        if layer is not None and box is not None and not (self._painting and why == "edit"):
            layer.refresh()
        self.changed.emit()


def _where(box: Box) -> str:
    for part, plane in zip(box, PLANES):
        if part.stop - part.start == 1:
            return f"{plane} {part.start}"
    return f"slices {box[0].start} to {box[0].stop - 1}"


_EDITABLE: WeakKeyDictionary[Any, EditableLabels] = WeakKeyDictionary()
"""Beside the layers and not in their metadata, which napari copies when a person duplicates a layer."""


def keep(layer: Any, editable: EditableLabels) -> EditableLabels:
    """Remember a layer's history, journal and effort."""
    _EDITABLE[layer] = editable
    return editable


def known(layer: Any) -> EditableLabels | None:
    """What was remembered of a layer, if anything."""
    return _EDITABLE.get(layer)
