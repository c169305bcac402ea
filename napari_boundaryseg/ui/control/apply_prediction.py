"""Application of a prediction to the labels: one step, or a question where locks protect part of it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.editing.history.edit import MODEL
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.labels import editable_of, scheme_of, show_labels


class PredictionApplier(QObject):
    """Puts results into the labels, and asks first where locks protect more than a stroke is large."""

    asked = Signal(str)
    """A question, or nothing when it was answered."""
    put = Signal()
    """The labels hold the result."""

    def __init__(self, viewer: Any, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._session = viewer, session
        self._waiting: Prediction | None = None

    def receive(self, prediction: Prediction) -> None:
        """Apply a result, or ask first."""
        self.forget()
        layer = access.only(self._viewer, "labels")
        scan = self._session.scan
        if layer is not None and scan is not None and scheme_of(layer) == prediction.labels.scheme:
            editable, display, box = editable_of(layer), scan.geometry.display, box_of(prediction)
            where = display.box_to_display(box) if box else (slice(None),) * 3
            kept = editable.history.n_protected(where, display.to_display(prediction.labels.array)[where])
            if kept > stroke_voxels(layer):
                self._waiting = prediction
                ml = kept * scan.geometry.voxel_ml
                self.asked.emit(
                    f"Locked: {locked_in_words(editable.history.locks, editable.scheme)}. The model would change "
                    f"{kept} voxels ({ml:.1f} mL) there; they are not changed. Apply the rest?"
                )
                return
        self._apply(prediction)

    def apply(self) -> None:
        """Apply what is waiting; locked voxels stay."""
        waiting = self._waiting
        self.forget()
        if waiting is not None:
            self._apply(waiting)

    def forget(self) -> None:
        """Drop what is waiting: the labels stay as they are."""
        if self._waiting is not None:
            self._waiting = None
            self.asked.emit("")

    def _apply(self, prediction: Prediction) -> None:
        scan = self._session.scan
        if scan is None:
            return
        before = access.only(self._viewer, "labels")
        drawn = before is not None and not editable_of(before).is_stored
        layer = show_labels(
            self._viewer,
            scan,
            prediction.labels,
            box_of(prediction),
            name=f"Model: {prediction.details.get('model', 'result')}",
            kind=MODEL,
        )
        if drawn and layer is before:
            self._session.say("info", "The result is one step of the history: Undo brings your corrections back.")
        self.put.emit()


def box_of(prediction: Prediction) -> Box | None:
    """The part of the scan that a prediction was made in."""
    box: Any = prediction.details.get("box")
    if box is None:
        return None
    return boxes.from_pairs(box)


def stroke_voxels(layer: Any) -> int:
    """How many voxels a dab of the present brush has."""
    return math.ceil(math.pi * (float(layer.brush_size) / 2) ** 2)


def locked_in_words(locks: Iterable[Lock], scheme: LabelScheme) -> str:
    """What is locked, for a person: "Bladder; slice 41; Prostate on slice 12"."""
    words = []
    for lock in sorted(locks, key=lambda one: (one.slice is not None, one.slice or 0, one.organ or 0)):
        organ = scheme.organ(lock.organ).name if lock.organ is not None and lock.organ in scheme.ids else ""
        place = f"slice {lock.slice}" if lock.slice is not None else ""
        words.append(f"{organ} on {place}" if organ and place else organ or place)
    return "; ".join(words)
