"""One viewer's controller: panels ask its parts, they act on the session, and the layers follow the session."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from psygnal import SignalInstance
from qtpy.QtCore import QObject, QTimer

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.session.actions import scan as scan_actions
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control import close_dialog, three_d_question
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.export_actions import ExportActions
from napari_boundaryseg.ui.control.job_actions import JobActions
from napari_boundaryseg.ui.control.labels_actions import LabelsActions
from napari_boundaryseg.ui.control.model_choice import ModelChoice
from napari_boundaryseg.ui.control.project_actions import ProjectActions
from napari_boundaryseg.ui.control.recovery import Recovery
from napari_boundaryseg.ui.control.region import DrawnRegion
from napari_boundaryseg.ui.control.segment_actions import SegmentActions
from napari_boundaryseg.ui.control.view_actions import ViewActions
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.scan import show_scan
from napari_boundaryseg.ui.tools.paint_tools import PaintTools


class ViewerController(QObject):
    """The only one that knows both the session and the viewer; it makes the parts and lets them hear each other.

    A panel keeps the parts that it needs, reads the session and listens to it, and never sees the viewer.
    """

    def __init__(self, viewer: Any, session: Session) -> None:
        super().__init__()
        self.viewer, self.session = viewer, session
        self.jobs = JobActions(session, self)
        self.tools = PaintTools(viewer, self)
        self.labels = LabelsActions(viewer, session, self.tools, self)
        self.models = ModelChoice(session)
        self.region = DrawnRegion(viewer, session, self)
        self.segmentation = SegmentActions(viewer, session, self)
        self.projects = ProjectActions(session, self.models)
        self.results = ExportActions(viewer, session, self)
        self.recovery = Recovery(viewer, session, self)
        self.view = ViewActions(viewer, session, self.tools.effort, self)
        self._connect()
        close_dialog.ask_before(viewer)
        three_d_question.ask_before(viewer)
        QTimer.singleShot(0, self._adopt)
        QTimer.singleShot(0, self.recovery.look)

    def _connect(self) -> None:
        self.session.scan_changed.connect(self._on_scan)
        self.viewer.layers.events.inserted.connect(self._on_inserted)
        self.jobs.finished.connect(self.segmentation.on_job_finished)
        self.jobs.finished.connect(self.labels.on_job_finished)
        self.segmentation.applied.connect(self.labels.tell)
        self.recovery.restored.connect(self.labels.tell)
        self.labels.unsaved_removed.connect(self.recovery.look)

    def close(self) -> None:
        """Leave no process and no scratch file behind; parts of the window may be gone by then."""
        self.segmentation.close()
        self.labels.close()
        self.session.close()

    def listen(self, owner: QObject, signal: SignalInstance, slot: Callable[..., Any]) -> None:
        """Connect a panel to the session for as long as the panel lives."""
        signal.connect(slot)
        owner.destroyed.connect(lambda *_: signal.disconnect(slot, missing_ok=True))

    @report_errors
    def open(self, *paths: Path) -> None:
        """Open a scan, of one file or folder or of several channels."""
        scan_actions.open_scan(self.session, *paths)

    def _on_scan(self, scan: Volume | None) -> None:
        self.segmentation.forget()
        show_scan(self.viewer, scan)
        self.view.follow(scan)
        self.labels.tell()

    def _on_inserted(self, event: Any) -> None:
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
