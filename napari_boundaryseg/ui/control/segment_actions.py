"""Actions of a segmentation: run it, answer what it asks; its result is shown map by map."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, QTimer, Signal

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.engine.task_list import Predict
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions import segment
from napari_boundaryseg.session.kept_results import KeptResult
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.call_queue import CallQueue
from napari_boundaryseg.ui.control import apply_prediction
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.predictions import clear_results, map_calls
from napari_boundaryseg.ui.layers.region import finish_region

OPTIONS = re.compile(r" \([^()]*--[^()]*\)")
"""What an error says of options of the command line, which a window has not."""


class SegmentActions(QObject):
    """Runs the chosen model, and shows what the session says that it found."""

    region_needed = Signal(str)
    """Why a box is needed before this scan can be segmented."""
    other_modality = Signal(str)
    """Why the chosen model is not made for this scan."""
    asked = Signal(str)
    """What a result that waits would change, and whether it may; nothing where none waits."""
    applied = Signal(object)
    """The labels hold the result: `ModelResult`."""
    returned = Signal(object)
    """What was shown of a scan is there again, the labels as they are: `ModelResult`, or None without such labels."""

    def __init__(self, viewer: Any, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._viewer = viewer
        self._calls = CallQueue(self)
        session.prediction_changed.connect(self._on_prediction)
        session.kept_results.changed.connect(self.offer)

    @report_errors
    def run(
        self, box: Callable[[], Box | None] = lambda: None, whole: bool = False, any_modality: bool = False
    ) -> None:
        """Run the chosen model on the scan, or on the box that the function gives."""
        if self.session.model is None:
            raise InputError("Segment", "no model is chosen", "Choose one from the list")
        if self.is_segmenting():
            raise InputError("Segment", "a model runs on this scan already", "Wait for it, or cancel it")
        part = self.session.box = box()
        segment.segment(
            self.session,
            self.session.model,
            part,
            whole=whole,
            any_modality=any_modality,
            question=self._ask,
            waits=partial(apply_prediction.waits, self._viewer, segment.scan_of(self.session)),
        )

    def is_segmenting(self) -> bool:
        """Whether a model runs on the open scan, or will."""
        scan = self.session.scan
        return scan is not None and bool(self.session.jobs.of(Predict, scan=scan))

    def model_of_result(self) -> str:
        """The name of the model that made the result which is shown; another one may be chosen meanwhile."""
        prediction = self.session.prediction
        return str(prediction.details.get("model", "the model")) if prediction is not None else ""

    def seconds(self) -> float:
        """How long the last segmentation took."""
        stages: Any = self.session.prediction.details.get("seconds") if self.session.prediction else None
        return float(sum((stages or {}).values()))

    @report_errors
    def show_again(self) -> None:
        """Show the maps of the open scan that were there before it was left; labels stay as they are."""
        if not self.session.closing and self.session.scan is not None and self.session.prediction is None:
            segment.show_again(self.session)

    @report_errors
    def offer(self) -> None:
        """Ask about a result that waits: it came while this scan was not open, or would change what a person drew."""
        kept = self.session.kept_results.of(self.session.scan)
        if kept is not None and kept.ahead:
            QTimer.singleShot(0, self._take_ahead)  # once everybody has heard of the scan, and its labels are shown
            return
        self._ask_about(kept)

    @report_errors
    def _take_ahead(self) -> None:
        """Apply what the model found ahead; where there are labels meanwhile, ask."""
        kept = None if self.session.closing else self.session.kept_results.of(self.session.scan)
        if kept is not None and kept.ahead and access.only(self._viewer, "labels") is None:
            segment.take_kept(self.session)
        elif kept is not None and not apply_prediction.changes(self._viewer, self.session.scan, kept.prediction):
            segment.discard_kept(self.session)  # the scan had been segmented before
        else:
            self._ask_about(kept)

    def _ask_about(self, kept: KeptResult | None) -> None:
        scan = self.session.scan
        self.asked.emit(apply_prediction.question(self._viewer, scan, kept.prediction) if kept and scan else "")

    @report_errors
    def apply(self) -> None:
        """Apply the result that was asked about; locked voxels stay."""
        self._answer(segment.take_kept)

    @report_errors
    def discard(self) -> None:
        """Leave the labels as they are."""
        self._answer(segment.discard_kept)

    @report_errors
    def put_back(self) -> None:
        """Have the pieces of organs that were left out of the result."""
        if self.session.prediction is not None and self.session.scan is not None:
            apply_prediction.put_back(self._viewer, self.session.scan, self.session.prediction)
            self.session.say("info", "")  # that they were left out

    def _answer(self, act: Callable[[Session], None]) -> None:
        self.session.say("info", "")  # that an answer is needed
        act(self.session)
        self.offer()

    @property
    def busy(self) -> bool:
        """Whether maps of the result are still waiting to be shown."""
        return self._calls.busy

    def forget(self) -> None:
        """Show nothing more of an earlier result."""
        self._calls.forget()

    def close(self) -> None:
        """Show nothing more; Qt may have deleted parts of the window already."""
        self._calls.forget()

    def _ask(self, kind: str, text: str) -> None:
        """A scan of another modality, or far larger than the model's field of view, is a question, not an error."""
        asked = {"RegionNeeded": self.region_needed, "OtherModality": self.other_modality}
        asked[kind].emit(OPTIONS.sub("", text))

    def _on_prediction(self, prediction: Prediction | None) -> None:
        scan = self.session.scan
        if prediction is None or scan is None:
            clear_results(self._viewer)
            return
        finish_region(self._viewer)
        self.session.is_applied = self.session.is_shown_again
        take = self._return if self.session.is_shown_again else self._apply
        shown: list[Callable[[], object]] = [
            partial(clear_results, self._viewer),
            partial(take, scan, prediction),
            *map_calls(self._viewer, scan, prediction),
        ]
        self._calls.replace([partial(self._show, call) for call in shown])

    def _apply(self, scan: Volume, prediction: Prediction) -> None:
        result, over_corrections = apply_prediction.apply(self._viewer, scan, prediction)
        self.session.is_applied = True
        if over_corrections:
            self.session.say("info", "The result is one step of the history: Undo brings your corrections back.")
        self.applied.emit(result)

    def _return(self, scan: Volume, prediction: Prediction) -> None:
        self.returned.emit(apply_prediction.result_in_labels(self._viewer, scan, prediction))

    @report_errors
    def _show(self, call: Callable[[], object]) -> None:
        call()
