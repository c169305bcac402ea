"""One viewer's controller: panels ask it, it acts on the session, and the layers follow the session."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from psygnal import SignalInstance
from qtpy.QtCore import QObject, QTimer, Signal

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.saving import atomic_text
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal.recovery import RecoverableWork
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions import accept, export, fine_tune, segment
from napari_boundaryseg.session.actions import project as project_actions
from napari_boundaryseg.session.actions import scan as scan_actions
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.call_queue import CallQueue
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control import close_dialog as closing
from napari_boundaryseg.ui.control import model_list
from napari_boundaryseg.ui.control.apply_prediction import PredictionApplier, locked_in_words
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.model_choice import ModelChoice
from napari_boundaryseg.ui.control.recovery import Recovery
from napari_boundaryseg.ui.control.region import DrawnRegion
from napari_boundaryseg.ui.layers import access, editable_labels
from napari_boundaryseg.ui.layers.editable_labels import State
from napari_boundaryseg.ui.layers.labels import editable_of, guard_copy, read_labels, scheme_of, show_labels
from napari_boundaryseg.ui.layers.predictions import clear_results, map_calls
from napari_boundaryseg.ui.layers.region import finish_region
from napari_boundaryseg.ui.layers.scan import show_scan
from napari_boundaryseg.ui.tools.paint_tools import LabelTools
from napari_boundaryseg.ui.views import orientation
from napari_boundaryseg.ui.views.three_planes import ThreePlanes


class ViewerController(QObject):
    """The only one that knows both the session and the viewer."""

    region_needed = Signal(str)
    region_drawn = Signal()
    labels_shown = Signal()
    exported = Signal(list)
    accepted = Signal()
    job_progressed = Signal(float, str)
    job_finished = Signal(object)

    def __init__(self, viewer: Any, session: Session) -> None:
        super().__init__()
        self.viewer, self.session = viewer, session
        self.seconds = 0.0
        self._started = 0.0
        self._accepting: tuple[LabelMap, Any, State] | None = None
        self._kept: set[str] = set()
        self.models, self.region = ModelChoice(session), DrawnRegion(viewer, session)
        self.tools = LabelTools(viewer, self)
        self.applier = PredictionApplier(viewer, session, self)
        self.recovery = Recovery(viewer, session, self)
        self.planes = ThreePlanes(viewer, self)
        self.planes.copied.connect(self.tools.effort.follow_copy)
        self.planes.copied.connect(guard_copy)
        self.calls = CallQueue(self)
        self.letters = orientation.OrientationLetters(viewer)
        session.scan_changed.connect(self._on_scan)
        session.prediction_changed.connect(self._on_prediction)
        session.labels_changed.connect(self._on_labels)
        session.job_changed.connect(self._on_job)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        self.applier.put.connect(self._tell_labels)
        self.tools.n_protected.connect(self._on_protected)
        self.tools.journal_failed.connect(lambda why: session.say("warning", why))
        self.recovery.found.connect(self._on_lost)
        closing.ask_before(viewer, self)
        QTimer.singleShot(0, self._adopt)
        QTimer.singleShot(0, self.recovery.look)

    def close(self) -> None:
        """Leave no process and no scratch file behind; parts of the window may be gone by then."""
        self.calls.forget()
        for layer in access.of_kind(self.viewer, "labels", "kept labels"):
            editable_of(layer).close()
        self.session.close()

    def warm_up(self) -> None:
        """Let the worker start before it is needed."""
        prestart = getattr(self.session.runner, "prestart", None)
        if prestart is not None:
            prestart()

    def listen(self, owner: QObject, signal: SignalInstance, slot: Callable[..., Any]) -> None:
        """Connect a panel to the session for as long as the panel lives."""
        signal.connect(slot)
        owner.destroyed.connect(lambda *_: signal.disconnect(slot, missing_ok=True))

    # What the session says, shown as layers.
    def _on_scan(self, scan: Volume | None) -> None:
        self.calls.replace(())
        self.applier.forget()
        show_scan(self.viewer, scan)
        self.letters.set_active(scan is not None)
        self._tell_labels()

    def _on_prediction(self, prediction: Prediction | None) -> None:
        self.applier.forget()
        if prediction is None or self.session.scan is None:
            clear_results(self.viewer)
            return
        self.seconds = time.monotonic() - self._started
        finish_region(self.viewer)
        shown: list[Callable[[], object]] = [
            partial(clear_results, self.viewer),
            partial(self.applier.receive, prediction),
            *map_calls(self.viewer, self.session.scan, prediction),
        ]
        self.calls.replace([partial(self._show, call) for call in shown])

    @report_errors
    def _show(self, call: Callable[[], object]) -> None:
        call()

    def _on_labels(self, labels: LabelMap | None) -> None:
        accepted = self._accepting is not None and labels is self._accepting[0]
        if labels is None or accepted or self.session.scan is None:
            return
        show_labels(
            self.viewer, self.session.scan, labels, name="Opened labels" if labels.array.any() else "Empty labels"
        )
        self._tell_labels()

    def _tell_labels(self) -> None:
        self.tools.watch()
        self.labels_shown.emit()
        kept = {layer.name for layer in access.of_kind(self.viewer, "kept labels")}
        new, self._kept = sorted(kept - self._kept), kept
        if new:
            self.session.say("warning", f"Corrections that were not accepted are kept, hidden, as: {', '.join(new)}.")

    def _on_job(self, job: Job | None) -> None:
        if job is not None:  # panels hear of it through this object's Qt signals, which end with the panel
            job.progressed.connect(lambda fraction, text: self.job_progressed.emit(fraction, text))
            job.finished.connect(lambda: self._on_finished(job))

    def _on_finished(self, job: Job) -> None:
        if job.error_kind == "RegionNeeded":
            self.session.say("info", "")
            self.region_needed.emit(job.error)
        if isinstance(job.task, accept.Accept):
            self._on_accepted(job.state == "returned")
        self.job_finished.emit(job)

    def _on_accepted(self, stored: bool) -> None:
        """Labels that were changed while they were being stored are not stored as they now stand."""
        accepting, self._accepting = self._accepting, None
        if accepting is None or not stored:
            return
        _, layer, state = accepting
        editable_of(layer).mark_stored(state)
        if layer is self.tools.layer:
            self.accepted.emit()

    def _on_protected(self, stroke: str, voxels: int) -> None:
        editable = self.tools.editable
        if editable is not None:
            ml = voxels * editable.scan.geometry.voxel_ml
            self.session.say("info", f"{stroke}: {voxels} locked voxels ({ml:.2f} mL) were not changed.")

    def _on_lost(self, work: list[RecoverableWork]) -> None:
        names = self.recovery.elsewhere()
        if names and self.session.scan is None:
            self.session.say("warning", f"There is unsaved work on: {', '.join(names)}. Open the scan to get it back.")

    def _on_inserted(self, event: Any) -> None:
        kind = event.value.metadata.get(access.KIND)
        if kind == "scan" and event.value.metadata.get(access.KEY) is not self.session.scan:
            QTimer.singleShot(0, self._adopt)
        if kind == "region":
            event.value.events.data.connect(lambda _: self.region_drawn.emit())

    def _on_removed(self, event: Any) -> None:
        editable = editable_labels.known(event.value)
        if editable is not None:
            editable.close()
            if not editable.is_stored:
                QTimer.singleShot(0, self._tell_removed)
        if event.value.metadata.get(access.KIND) == "labels":
            self.tools.watch()
            self.labels_shown.emit()

    def _tell_removed(self) -> None:
        if is_open(self.viewer):
            self.session.say(
                "warning",
                "Labels with corrections that were not accepted were removed from the layer list. "
                "They can be restored in Correct.",
            )
            self.recovery.look()

    @report_errors
    def _adopt(self) -> None:
        """Take a scan that a napari reader or sample has put into the viewer."""
        layer = access.only(self.viewer, "scan")
        if layer is not None and layer.metadata[access.KEY] is not self.session.scan:
            self.session.scan = layer.metadata[access.KEY]

    # What panels ask for.
    @report_errors
    def open(self, *paths: Path) -> None:
        """Open a scan, of one file or folder or of several channels."""
        scan_actions.open_scan(self.session, *paths)

    @report_errors
    def open_labels(self, path: Path, scheme: LabelScheme | None) -> None:
        """Open labels that were drawn on this scan, under the names of a scheme."""
        scan_actions.open_labels(self.session, path, scheme)

    @report_errors
    def new_labels(self, scheme: LabelScheme) -> None:
        """Start with empty labels."""
        scan = self.session.scan
        if scan is not None:
            self.session.labels = scan.with_labels(np.zeros(scan.geometry.shape, np.uint8), scheme)

    @report_errors
    def segment(self, box: Callable[[], Box | None] = lambda: None, whole: bool = False) -> None:
        """Run the chosen model on the scan, or on the box that the function gives."""
        if self.session.model is None:
            raise InputError("Segment", "no model is chosen", "Choose one from the list")
        part = self.session.box = box()
        self._started = time.monotonic()
        segment.segment(self.session, self.session.model, part, whole=whole)

    @report_errors
    def accept(self, *_: object) -> None:
        """Store scan and labels as a case of the project."""
        labels, layer = read_labels(self.viewer, self.session.scan), self.tools.layer
        if labels is None:
            return
        if self.session.job is None:  # else the action says that something is running
            self._accepting = labels, layer, editable_of(layer).state
        accept.accept(self.session, labels, layer.metadata.get("box"))

    @report_errors
    def lock(self, lock: Lock, on: bool) -> None:
        """Keep an organ or a slice from being changed, or set it free."""
        editable = self.tools.editable
        if editable is not None:
            editable.lock(lock, on, locked_in_words([lock], editable.scheme))

    @report_errors
    def go_to(self, position: int) -> None:
        """Undo or redo up to a step of the history."""
        if self.tools.editable is not None:
            self.tools.editable.history.go_to(position)

    def restore(self, work: RecoverableWork) -> None:
        """Resume work that an earlier window left behind."""
        self.recovery.restore(work)
        self._tell_labels()

    @report_errors
    def save_effort(self, path: Path) -> None:
        """Write what the work on these labels took as CSV."""
        editable = self.tools.editable
        if editable is not None:
            atomic_text(path, editable.effort.as_csv({organ.id: organ.name for organ in editable.scheme.organs}))
            self.session.say("info", f"Saved {path.name}.")

    @report_errors
    def export(self, what: set[str], folder: Path) -> None:
        """Write results into a folder and read them back."""
        labels = read_labels(self.viewer, self.session.scan)
        if labels is not None:
            export.start_export(self.session, labels, what, folder, self.exported.emit)

    @report_errors
    def fine_tune(self, training: list[str], held_out: list[str], steps: int) -> None:
        """Train the chosen model further on accepted cases."""
        if self.session.model is None:
            raise InputError("Train", "no model is chosen", "Choose one in Segment")
        fine_tune.fine_tune(self.session, self.session.model, training, held_out, steps)

    @report_errors
    def show_three_planes(self, wanted: bool) -> None:
        """Show the other two planes beside the main view, or close them."""
        self.planes.set_open(wanted)

    @report_errors
    def open_project(self, folder: Path) -> None:
        """Keep accepted cases and models in this folder."""
        project_actions.open_project(self.session, folder)

    @report_errors
    def open_last_project(self) -> None:
        """Open the project of the last window."""
        if self.session.project is None:
            project_actions.open_last_project(self.session)

    @report_errors
    def open_model(self, path: Path) -> None:
        """Add a model file of one's own to the list and choose it."""
        self.models.open(path)

    @report_errors
    def use_version(self, base: str, file: str | None) -> None:
        """Segment with this version of a model from now on; None for the model as it was shipped."""
        project = self.session.project
        if project is not None:
            project.use_model(base, file)
            self.session.project_changed.emit(project)
            self.models.choose(model_list.in_use(base, project))

    @report_errors
    def roll_back(self, base: str) -> None:
        """Go back to the version that was in use before; nothing is deleted."""
        project = self.session.project
        if project is not None:
            project.roll_back(base)
            self.session.project_changed.emit(project)
            self.models.choose(model_list.in_use(base, project))

    # What panels want to know.
    def scheme(self) -> LabelScheme | None:
        """The label scheme of the labels in the window."""
        return scheme_of(self.tools.layer) if self.tools.layer is not None else None

    def volumes_ml(self) -> dict[int, float]:
        """Organ id to volume, in mL, as the labels now stand."""
        return self.tools.editable.volumes_ml() if self.tools.editable is not None else {}
