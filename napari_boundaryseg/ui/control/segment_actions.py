"""Actions of a segmentation: run it, answer what it asks; its result is shown map by map."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions import segment
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.call_queue import CallQueue
from napari_boundaryseg.ui.control.apply_prediction import PredictionApplier
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers import visibility
from napari_boundaryseg.ui.layers.predictions import clear_results, map_calls
from napari_boundaryseg.ui.layers.region import finish_region


class SegmentActions(QObject):
    """Runs the chosen model, and shows what the session says that it found."""

    region_needed = Signal(str)
    """Why a box is needed before this scan can be segmented."""
    asked = Signal(str)
    """Whether a result may be applied where nothing is locked; nothing when that was answered."""
    applied = Signal()
    """The labels hold the result."""

    def __init__(self, viewer: Any, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._viewer = viewer
        self.seconds = 0.0
        """How long the last segmentation took."""
        self._started = 0.0
        self._calls = CallQueue(self)
        self._applier = PredictionApplier(viewer, session, self)
        self._applier.asked.connect(self.asked)
        self._applier.put.connect(self.applied)
        session.prediction_changed.connect(self._on_prediction)

    @report_errors
    def run(self, box: Callable[[], Box | None] = lambda: None, whole: bool = False) -> None:
        """Run the chosen model on the scan, or on the box that the function gives."""
        if self.session.model is None:
            raise InputError("Segment", "no model is chosen", "Choose one from the list")
        part = self.session.box = box()
        self._started = time.monotonic()
        segment.segment(self.session, self.session.model, part, whole=whole)

    def apply(self) -> None:
        """Apply the result that was asked about; locked voxels stay."""
        self._applier.apply()

    def discard(self) -> None:
        """Leave the labels as they are."""
        self._applier.forget()

    def show_attention(self, visible: bool) -> None:
        """Show or hide the attention maps."""
        visibility.show_attention(self._viewer, visible)

    @property
    def busy(self) -> bool:
        """Whether maps of the result are still waiting to be shown."""
        return self._calls.busy

    def forget(self) -> None:
        """Show and ask nothing more of an earlier result."""
        self._calls.forget()
        self._applier.forget()

    def close(self) -> None:
        """Show nothing more; Qt may have deleted parts of the window already."""
        self._calls.forget()

    def on_job_finished(self, job: Job) -> None:
        """A scan that is far larger than the model's field of view is a question, not an error."""
        if job.error_kind == "RegionNeeded":
            self.session.say("info", "")
            self.region_needed.emit(job.error)

    def _on_prediction(self, prediction: Prediction | None) -> None:
        self._applier.forget()
        scan = self.session.scan
        if prediction is None or scan is None:
            clear_results(self._viewer)
            return
        self.seconds = time.monotonic() - self._started
        finish_region(self._viewer)
        shown: list[Callable[[], object]] = [
            partial(clear_results, self._viewer),
            partial(self._applier.receive, prediction),
            *map_calls(self._viewer, scan, prediction),
        ]
        self._calls.replace([partial(self._show, call) for call in shown])

    @report_errors
    def _show(self, call: Callable[[], object]) -> None:
        call()
