"""One viewer's controller: panels ask its parts, they act on the session, and the layers follow the session."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from psygnal import SignalInstance
from qtpy.QtCore import QObject, QTimer, Signal

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.call_queue import CallQueue
from napari_boundaryseg.ui.compat.opening import before_opened
from napari_boundaryseg.ui.control import close_dialog, three_d_question
from napari_boundaryseg.ui.control.cases.case_actions import CaseActions
from napari_boundaryseg.ui.control.cases.opening import Opening
from napari_boundaryseg.ui.control.cases.recent import RecentScans
from napari_boundaryseg.ui.control.correcting.adapt_actions import AdaptActions
from napari_boundaryseg.ui.control.correcting.carry_actions import CarryActions
from napari_boundaryseg.ui.control.correcting.clean_actions import CleanActions
from napari_boundaryseg.ui.control.correcting.copy_actions import CopyActions
from napari_boundaryseg.ui.control.correcting.model_labels import ModelLabels
from napari_boundaryseg.ui.control.correcting.slice_edges import SliceEdges
from napari_boundaryseg.ui.control.correcting.slice_progress import SliceProgress
from napari_boundaryseg.ui.control.correcting.stroke_holes import StrokeHoles
from napari_boundaryseg.ui.control.display.display_actions import DisplayActions
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.export_actions import ExportActions
from napari_boundaryseg.ui.control.job_actions import JobActions
from napari_boundaryseg.ui.control.labels_actions import LabelsActions
from napari_boundaryseg.ui.control.model_choice import ModelChoice
from napari_boundaryseg.ui.control.project_actions import ProjectActions
from napari_boundaryseg.ui.control.recovery import Recovery
from napari_boundaryseg.ui.control.region import DrawnRegion
from napari_boundaryseg.ui.control.reviewing.agreement_actions import AgreementActions
from napari_boundaryseg.ui.control.reviewing.band.band_actions import BandActions
from napari_boundaryseg.ui.control.reviewing.check_actions import CheckActions
from napari_boundaryseg.ui.control.reviewing.findings_question import FindingsQuestion
from napari_boundaryseg.ui.control.reviewing.look import Look
from napari_boundaryseg.ui.control.reviewing.observing.observer_actions import ObserverActions
from napari_boundaryseg.ui.control.reviewing.queue_actions import QueueActions
from napari_boundaryseg.ui.control.reviewing.references import References
from napari_boundaryseg.ui.control.reviewing.settled import Settled
from napari_boundaryseg.ui.control.segment_actions import SegmentActions
from napari_boundaryseg.ui.control.trend.trend_actions import TrendActions
from napari_boundaryseg.ui.control.view_actions import ViewActions
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.free_labels import note_scan
from napari_boundaryseg.ui.layers.scan import show_scan
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.tools.paint_tools import PaintTools
from napari_boundaryseg.ui.views.model_result import ModelResult
from napari_boundaryseg.ui.views.organ_surfaces import OrganSurfaces


class ViewerController(QObject):
    """The only one that knows both the session and the viewer; it makes the parts and lets them hear each other.

    A panel keeps the parts that it needs, reads the session and listens to it, and never sees the viewer.
    """

    keys_asked = Signal()
    """A person wants to see the keys."""
    clean_asked = Signal()
    """A person wants to clean an organ up, or no longer."""

    def __init__(self, viewer: Any, session: Session) -> None:
        super().__init__()
        self.viewer, self.session = viewer, session
        self.jobs = JobActions(session, self)
        self.grid = ScanGrid(viewer)
        self.tools = PaintTools(self.grid, self)
        self.opening = Opening(session, self._unsaved, self)
        self.labels = LabelsActions(viewer, session, self.tools, self)
        self.place = self.labels.place
        self.models = ModelChoice(session)
        self.recent = RecentScans(session)
        self.region = DrawnRegion(viewer, session, self)
        self.segmentation = SegmentActions(viewer, session, self)
        self.projects = ProjectActions(session, self.models)
        self.trend = TrendActions(session, self.models, self)
        self.cases = CaseActions(session, self.labels, self._unsaved, self.models.for_scan, self)
        self.results = ExportActions(viewer, session, self)
        self.recovery = Recovery(viewer, session, self)
        self.view = ViewActions(self.grid, session, self.tools.effort, self)
        self._channels = CallQueue(self)
        self.surfaces = OrganSurfaces(viewer, self)
        self.display = DisplayActions(viewer, self.tools, self.view.outlines, self)
        self.carry = CarryActions(self.grid, session, self.tools, self.view.outlines, self.view.planes, self)
        self.adapting = AdaptActions(self.grid, session, self.tools, self.carry, self.models, self)
        self.clean = CleanActions(self.grid, session, self.tools, self.view.outlines, self.carry, self)
        self.copies = CopyActions(self.grid, session, self.tools)
        self.progress = SliceProgress(self.grid, session, self.tools, self.labels, self)
        self._settled = Settled(viewer, session, self.tools, self.labels, self)
        self._look = Look(self.grid, self.view.planes)
        self.checks = CheckActions(session, self._settled, self._look, self)
        self.references = References(viewer, session, self.cases, self)
        self.agreement = AgreementActions(viewer, session, self._settled, self._look, self.references, parent=self)
        self.observers = ObserverActions(viewer, session, self._settled, self._look, self.references, parent=self)
        self.findings = FindingsQuestion(session, self._settled, self.checks, self)
        self.review = QueueActions(session, self._settled, self._look, self.view.outlines, self)
        self.band = BandActions(session, self._settled, self.tools, self.view.outlines, self)
        self.progress.marks_of = self.review.slice_marks
        self.labels.allows, self.labels.review_of = self.findings.allows, self._reviewed
        self._holes = StrokeHoles(self.grid, session, self.tools, self)
        self.tools.own.model_labels = ModelLabels(session)
        edges = SliceEdges(viewer, session, self.tools)
        self.tools.outline.edges_at, self.tools.outline.suits = edges, edges.suits
        self._connect()
        close_dialog.ask_before(
            viewer, session, partial(self.labels.accept, then=partial(close_dialog.close_unless_asked, viewer, session))
        )
        before_opened(viewer, self.opening.take)
        three_d_question.ask_before(viewer)
        QTimer.singleShot(0, self._adopt)
        QTimer.singleShot(0, self.recovery.look)

    def _unsaved(self) -> set[str]:
        """`scan_hash` of every scan with work that nobody accepted: of this window and of earlier ones."""
        earlier = (*self.recovery.of_scan(), *self.recovery.elsewhere())
        return self.labels.in_work() | {work.header.scan_hash for work in earlier}

    def _connect(self) -> None:
        self.session.scan_changed.connect(self._on_scan)
        self.session.scan_changed.connect(self.recent.note)
        self.session.prediction_changed.connect(self._on_prediction)
        self.viewer.layers.events.inserted.connect(self._on_inserted)
        self.jobs.finished.connect(self.cases.on_job_finished)
        self.tools.edited.connect(self.cases.on_edited)
        self.tools.edited.connect(self.view.outlines.later)
        self.tools.own.changed.connect(self.view.outlines.later)
        self.tools.edited.connect(self.surfaces.follow)
        self.labels.shown.connect(self.surfaces.follow)
        self.labels.hidden.connect(self.surfaces.follow)
        self.labels.shown.connect(self.view.outlines.follow)
        self.labels.shown.connect(self.carry.follow)
        self.labels.shown.connect(self.clean.follow)
        self.review.changed.connect(self.progress.later)
        self.segmentation.applied.connect(self._on_applied)
        self.segmentation.returned.connect(self.display.follow)
        self.labels.shown.connect(self.segmentation.offer)
        self.tools.edited.connect(self.segmentation.offer)
        self.tools.travelled.connect(self.view.show_step)
        self.recovery.restored.connect(self._on_restored)
        self.labels.unsaved_removed.connect(self.recovery.look)

    def _reviewed(self) -> dict[str, Any]:
        """What was checked, reviewed and compared of the labels in the window, plain values; None for what was not."""
        one, several = self.agreement.for_certificate(), self.observers.for_certificate()
        return {
            "findings": self.checks.for_certificate(),
            "arcs": self.review.for_certificate(),
            "band": self.band.for_certificate(),
            "reference": one if several is None else {**(one or {}), "several observers": several},
        }

    def close(self) -> None:
        """Leave no process and no scratch file behind; parts of the window may be gone by then."""
        self._channels.forget()
        self.segmentation.close()
        self.labels.close()
        self.session.close()

    def listen(self, owner: QObject, signal: SignalInstance, slot: Callable[..., Any]) -> None:
        """Connect a panel to the session for as long as the panel lives."""
        signal.connect(slot)
        owner.destroyed.connect(lambda *_: signal.disconnect(slot, missing_ok=True))

    def open(self, *paths: Path) -> None:
        """Open a scan, of one file or folder or of several channels; one that is a case comes with its labels."""
        self.opening.open(*paths)

    @property
    def has_every_channel(self) -> bool:
        """Whether all channels of the open scan are in the layer list, or were there."""
        return not self._channels.busy

    def _on_scan(self, scan: Volume | None) -> None:
        self.segmentation.forget()
        self.opening.forget()
        self.session.say("info", "")  # what was said of the scan before
        self.labels.leave(self.grid.voxel())
        self.grid.show(None)
        self._channels.replace(show_scan(self.viewer, scan))
        self.grid.show(scan.geometry.display if scan is not None else None)
        self.view.show_place_of(self.labels.take_up())
        self.view.follow(scan)
        self.labels.tell()
        self.recovery.look_for_scan()
        QTimer.singleShot(0, self.segmentation.show_again)  # once everybody has heard of the scan

    def _on_prediction(self, prediction: Prediction | None) -> None:
        self.display.follow(None)  # its files go

    def _on_applied(self, result: ModelResult) -> None:
        self.labels.tell()
        self.display.follow(result)
        self.view.show_fullest_slice(self.tools.editable)

    def _on_restored(self) -> None:
        self.labels.tell()
        self.view.show_place_of(self.tools.editable)

    def _on_inserted(self, event: Any) -> None:
        note_scan(event.value, self.session.scan)
        if (
            event.value.metadata.get(access.KIND) == "scan"
            and event.value.metadata.get(access.KEY) is not self.session.scan
        ):
            QTimer.singleShot(0, self._adopt)

    @report_errors
    def _adopt(self) -> None:
        """Take a scan that a napari reader or sample has put into the viewer."""
        layer = access.only(self.viewer, "scan")
        if layer is not None and layer.metadata[access.KEY] is not self.session.scan:
            self.session.scan = layer.metadata[access.KEY]
