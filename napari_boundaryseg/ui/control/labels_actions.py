"""Actions on the labels as a whole: open, begin, lock, go back, accept; and what panels may know of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.editing.effort import Work
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions import accept as accept_action
from napari_boundaryseg.session.actions import scan as scan_actions
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control.apply_prediction import locked_in_words
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers import access, editable_labels, visibility
from napari_boundaryseg.ui.layers.editable_labels import State
from napari_boundaryseg.ui.layers.labels import editable_of, read_labels, scheme_of, show_labels
from napari_boundaryseg.ui.tools.paint_tools import PaintTools


class LabelsActions(QObject):
    """Acts on the labels of a viewer, shows those that the session opens, and follows the layer that holds them."""

    shown = Signal()
    """Other labels are in the window, or none."""
    accepted = Signal()
    """The labels in the window were stored as a case."""
    unsaved_removed = Signal()
    """Labels with corrections that are stored nowhere were removed from the layer list."""

    def __init__(self, viewer: Any, session: Session, tools: PaintTools, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._viewer, self._tools = viewer, tools
        self._accepting: tuple[LabelMap, Any, State] | None = None
        self._kept: set[str] = set()
        session.labels_changed.connect(self._on_labels)
        viewer.layers.events.removed.connect(self._on_removed)
        tools.n_protected.connect(self._on_protected)
        tools.journal_failed.connect(lambda why: session.say("warning", why))

    # What panels ask for.
    @report_errors
    def open(self, path: Path, scheme: LabelScheme | None) -> None:
        """Open labels that were drawn on this scan, under the names of a scheme."""
        scan_actions.open_labels(self.session, path, scheme)

    @report_errors
    def new(self, scheme: LabelScheme) -> None:
        """Start with empty labels."""
        scan = self.session.scan
        if scan is not None:
            self.session.labels = scan.with_labels(np.zeros(scan.geometry.shape, np.uint8), scheme)

    @report_errors
    def accept(self, *_: object) -> None:
        """Store scan and labels as a case of the project."""
        labels, layer = read_labels(self._viewer, self.session.scan), self._tools.layer
        if labels is None:
            return
        if self.session.job is None:  # else the action says that something is running
            self._accepting = labels, layer, editable_of(layer).state
        accept_action.accept(self.session, labels, layer.metadata.get("box"))

    @report_errors
    def lock(self, lock: Lock, on: bool) -> None:
        """Keep an organ or a slice from being changed, or set it free."""
        editable = self._tools.editable
        if editable is not None:
            editable.lock(lock, on, locked_in_words([lock], editable.scheme))

    @report_errors
    def go_to(self, position: int) -> None:
        """Undo or redo up to a step of the history."""
        if self._tools.editable is not None:
            self._tools.editable.history.go_to(position)

    @report_errors
    def save_effort(self, path: Path) -> None:
        """Write what the work on these labels took as CSV."""
        editable = self._tools.editable
        if editable is not None:
            atomic_text(path, editable.effort.as_csv({organ.id: organ.name for organ in editable.scheme.organs}))
            self.session.say("info", f"Saved {path.name}.")

    def hide(self, organs: Iterable[int]) -> None:
        """Show every organ but these."""
        visibility.hide_organs(self._viewer, organs)

    # What panels want to know.
    def scheme(self) -> LabelScheme | None:
        """The label scheme of the labels in the window."""
        return scheme_of(self._tools.layer) if self._tools.layer is not None else None

    def volumes_ml(self) -> dict[int, float]:
        """Organ id to volume, in mL, as the labels now stand."""
        return self._tools.editable.volumes_ml() if self._tools.editable is not None else {}

    def history(self) -> History | None:
        """The steps of the labels in the window."""
        return self._tools.editable.history if self._tools.editable is not None else None

    def locks(self) -> tuple[Lock, ...]:
        """What is locked."""
        return tuple(self._tools.editable.history.locks) if self._tools.editable is not None else ()

    def effort(self) -> Work | None:
        """What the work on these labels took so far."""
        return self._tools.editable.effort.total() if self._tools.editable is not None else None

    def is_stored(self) -> bool:
        """Whether nothing of a person's would be lost with the labels."""
        return self._tools.editable is None or self._tools.editable.is_stored

    # What the session and the layers say.
    def tell(self) -> None:
        """Follow the labels that are in the window now, and say which ones were kept beside them."""
        self._tools.watch()
        self.shown.emit()
        kept = {layer.name for layer in access.of_kind(self._viewer, "kept labels")}
        new, self._kept = sorted(kept - self._kept), kept
        if new:
            self.session.say("warning", f"Corrections that were not accepted are kept, hidden, as: {', '.join(new)}.")

    def _on_labels(self, labels: LabelMap | None) -> None:
        accepted = self._accepting is not None and labels is self._accepting[0]
        scan = self.session.scan
        if labels is None or accepted or scan is None:
            return
        show_labels(self._viewer, scan, labels, name="Opened labels" if labels.array.any() else "Empty labels")
        self.tell()

    def on_job_finished(self, job: Job) -> None:
        """Labels that were changed while they were being stored are not stored as they now stand."""
        if not isinstance(job.task, accept_action.Accept):
            return
        accepting, self._accepting = self._accepting, None
        if accepting is None or job.state != "returned":
            return
        _, layer, state = accepting
        editable_of(layer).mark_stored(state)
        if layer is self._tools.layer:
            self.accepted.emit()

    def _on_protected(self, stroke: str, voxels: int) -> None:
        editable = self._tools.editable
        if editable is not None:
            ml = voxels * editable.scan.geometry.voxel_ml
            self.session.say("info", f"{stroke}: {voxels} locked voxels ({ml:.2f} mL) were not changed.")

    def _on_removed(self, event: Any) -> None:
        editable = editable_labels.known(event.value)
        if editable is not None:
            editable.close()
            if not editable.is_stored:
                QTimer.singleShot(0, self._tell_removed)
        if event.value.metadata.get(access.KIND) == "labels":
            self._tools.watch()
            self.shown.emit()

    def _tell_removed(self) -> None:
        if is_open(self._viewer):
            self.session.say(
                "warning",
                "Labels with corrections that were not accepted were removed from the layer list. "
                "They can be restored in Correct.",
            )
            self.unsaved_removed.emit()

    def close(self) -> None:
        """End the journals of this window's labels."""
        for layer in access.of_kind(self._viewer, "labels", "kept labels"):
            editable_of(layer).close()
