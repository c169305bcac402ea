"""One viewer's desk: panels ask it, it acts on the session, and the layers follow the session."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from psygnal import SignalInstance
from qtpy.QtCore import QObject, QTimer, Signal

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.prediction import Prediction
from napari_boundaryseg.errors import BoundarySegError, InputError
from napari_boundaryseg.jobs.job import Job, sentence
from napari_boundaryseg.session import actions
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui import layers, model_shelf, orientation, regions
from napari_boundaryseg.ui.label_tools import LabelTools
from napari_boundaryseg.ui.ticks import Ticks

F = TypeVar("F", bound=Callable[..., Any])


def told(method: F) -> F:
    """Say in the message area what went wrong, instead of raising it into Qt."""

    @wraps(method)
    def call(self: Desk, *arguments: Any, **named: Any) -> Any:
        try:
            return method(self, *arguments, **named)
        except Exception as error:
            if not isinstance(error, BoundarySegError):
                traceback.print_exc()
            self.session.say("error", sentence(error))
            return None

    return cast(F, call)


class Desk(QObject):
    """The only one that knows both the session and the viewer."""

    region_needed = Signal(str)
    region_drawn = Signal()
    labels_shown = Signal()
    exported = Signal(list)
    accepted = Signal()

    def __init__(self, viewer: Any, session: Session) -> None:
        super().__init__()
        self.viewer, self.session = viewer, session
        self.seconds = 0.0
        self._started = 0.0
        self._accepted: LabelMap | None = None
        self.tools = LabelTools(viewer, self)
        self.ticks = Ticks(self)
        self.letters = orientation.OrientationLetters(viewer)
        session.scan_changed.connect(self._on_scan)
        session.prediction_changed.connect(self._on_prediction)
        session.labels_changed.connect(self._on_labels)
        session.job_changed.connect(self._on_job)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        QTimer.singleShot(0, self._adopt)

    def close(self) -> None:
        """Leave no process and no scratch file behind."""
        self.ticks.replace(())
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
        self.ticks.replace(())
        layers.show_scan(self.viewer, scan)
        self.letters.set_active(scan is not None)
        self._tell_labels()

    def _on_prediction(self, prediction: Prediction | None) -> None:
        if prediction is None or self.session.scan is None:
            layers.clear_results(self.viewer)
            return
        self.seconds = time.monotonic() - self._started
        layers.finish_region(self.viewer)
        calls = layers.prediction_calls(self.viewer, self.session.scan, prediction)
        self.ticks.replace([*calls[:2], self._tell_labels, *calls[2:]])

    def _on_labels(self, labels: LabelMap | None) -> None:
        if labels is None or labels is self._accepted or self.session.scan is None:
            return
        layers.show_labels(self.viewer, self.session.scan, labels)
        self._tell_labels()

    def _tell_labels(self) -> None:
        self.tools.watch()
        self.labels_shown.emit()
        kept = [layer.name for layer in layers.of_kind(self.viewer, "kept labels")]
        if kept:
            self.session.say("warning", f"Corrections that were not accepted are kept, hidden, as: {', '.join(kept)}.")

    def _on_job(self, job: Job | None) -> None:
        if job is not None:
            job.finished.connect(lambda: self._on_finished(job))

    def _on_finished(self, job: Job) -> None:
        if job.error_kind == "RegionNeeded":
            self.session.say("info", "")
            self.region_needed.emit(job.error)
        if job.function == "Accepting":
            self._mark_stored(job.state == "returned")

    def _mark_stored(self, stored: bool) -> None:
        if self.tools.layer is not None and self.session.labels is self._accepted:
            layers.mark_stored(self.tools.layer, stored)
        if stored:
            self.accepted.emit()

    def _on_inserted(self, event: Any) -> None:
        kind = event.value.metadata.get(layers.KIND)
        if kind == "scan" and event.value.metadata.get(layers.KEY) is not self.session.scan:
            QTimer.singleShot(0, self._adopt)
        if kind == "region":
            event.value.events.data.connect(lambda _: self.region_drawn.emit())

    def _on_removed(self, event: Any) -> None:
        if event.value.metadata.get(layers.KIND) == "labels":
            self.tools.watch()
            self.labels_shown.emit()

    def _adopt(self) -> None:
        """Take a scan that a napari reader or sample has put into the viewer."""
        layer = layers.only(self.viewer, "scan")
        if layer is not None and layer.metadata[layers.KEY] is not self.session.scan:
            self.session.scan = layer.metadata[layers.KEY]

    # What panels ask for.
    @told
    def open(self, *paths: Path) -> None:
        """Open a scan, of one file or folder or of several channels."""
        actions.open_scan(self.session, *paths)

    @told
    def open_labels(self, path: Path, scheme: LabelScheme | None) -> None:
        """Open labels that were drawn on this scan, under the names of a scheme."""
        actions.open_labels(self.session, path, scheme)

    @told
    def new_labels(self, scheme: LabelScheme) -> None:
        """Start with empty labels."""
        scan = self.session.scan
        if scan is not None:
            self.session.labels = scan.with_labels(np.zeros(scan.geometry.shape, np.uint8), scheme)

    @told
    def segment(self, box: Callable[[], regions.Box | None] = lambda: None, whole: bool = False) -> None:
        """Run the chosen model on the scan, or on the box that the function gives."""
        if self.session.model is None:
            raise InputError("Segment", "no model is chosen", "Choose one from the list")
        part = self.session.box = box()
        self._started = time.monotonic()
        actions.segment(self.session, self.session.model, part, whole=whole)

    @told
    def accept(self, *_: object) -> None:
        """Store scan and labels as a case of the project."""
        self._accepted = layers.read_labels(self.viewer, self.session.scan)
        if self._accepted is not None:
            actions.accept(self.session, self._accepted)

    @told
    def export(self, what: set[str], folder: Path) -> None:
        """Write results into a folder and read them back."""
        labels = layers.read_labels(self.viewer, self.session.scan)
        if labels is not None:
            actions.start_export(self.session, labels, what, folder, self.exported.emit)

    @told
    def fine_tune(self, training: list[str], held_out: list[str], steps: int) -> None:
        """Train the chosen model further on accepted cases."""
        if self.session.model is None:
            raise InputError("Train", "no model is chosen", "Choose one in Segment")
        actions.fine_tune(self.session, self.session.model, training, held_out, steps)

    @told
    def open_project(self, folder: Path) -> None:
        """Keep accepted cases and models in this folder."""
        actions.open_project(self.session, folder)

    @told
    def use_version(self, base: str, file: str | None) -> None:
        """Segment with this version of a model from now on; None for the model as it was shipped."""
        project = self.session.project
        if project is not None:
            project.use_model(base, file)
            self.session.project_changed.emit(project)
            self.session.model = model_shelf.in_use(base, project)

    @told
    def roll_back(self, base: str) -> None:
        """Go back to the version before; nothing is deleted."""
        project = self.session.project
        if project is not None:
            project.roll_back(base)
            self.session.project_changed.emit(project)
            self.session.model = model_shelf.in_use(base, project)

    # What panels want to know.
    def scheme(self) -> LabelScheme | None:
        """The label scheme of the labels in the window."""
        return layers.scheme_of(self.tools.layer) if self.tools.layer is not None else None

    def volumes_ml(self) -> dict[int, float]:
        """Organ id to volume, in mL, as the labels now stand."""
        return layers.volumes_ml(self.tools.layer) if self.tools.layer is not None else {}

    def slices(self) -> int:
        """How many slices the plane now shown has."""
        scan = self.session.scan
        return scan.geometry.display.display_shape[self.viewer.dims.order[0]] if scan is not None else 1

    @told
    def draw_region(self, *_: object) -> None:
        """Let the person draw a box on the scan."""
        if self.session.scan is not None:
            layers.draw_region(self.viewer, self.session.scan)

    def drawn_box(self, slices: tuple[int, int]) -> regions.Box:
        """The drawn rectangle, for these slices, as a box on the scan's own array."""
        corners, scan = layers.read_region(self.viewer), self.session.scan
        if corners is None or scan is None:
            raise InputError("The box", "none is drawn yet", "Press Draw a box and drag a rectangle on the scan")
        return regions.from_rectangle(corners, slices, scan.geometry)

    def box_around(self, organ: str | None, margin_mm: float) -> regions.Box:
        """A box around an organ of the labels in the window, or around all of them."""
        labels = layers.read_labels(self.viewer, self.session.scan)
        if labels is None:
            raise InputError("The region", "there are no labels yet", "Open or draw labels, or choose the whole scan")
        return regions.around(labels, organ, margin_mm)
