"""The panels in one dock, and each panel alone."""

from __future__ import annotations

from napari.settings import get_settings
from qtpy.QtCore import QSize, QTimer
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_boundaryseg.ui.compat import preload
from napari_boundaryseg.ui.compat.dock_title import DockTitle
from napari_boundaryseg.ui.compat.window import narrow_columns, steady_window
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.panels.job_bar import JobBar
from napari_boundaryseg.ui.panels.notices.findings_notice import FindingsNotice
from napari_boundaryseg.ui.panels.notices.patient_question import PatientQuestion
from napari_boundaryseg.ui.panels.notices.project_place import PlaceNotice
from napari_boundaryseg.ui.panels.notices.recovery_notice import RecoveryNotice
from napari_boundaryseg.ui.panels.panel import PANELS, in_order
from napari_boundaryseg.ui.panels.show_row import ShowRow
from napari_boundaryseg.ui.widgets.appearance import dock_sheet
from napari_boundaryseg.ui.widgets.controls import named
from napari_boundaryseg.ui.widgets.sections import Sections

TITLE = "Boundary segmentation"
WIDTH = 380
PRELOAD_MS = 1000
"""By then the window is there."""


class Workbench(QWidget):
    """Every panel as a section, what is shown over the scan, and the job bar."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "workbench", TITLE)
        DockTitle(self, TITLE)
        _take_the_height(self)
        _follow_theme(self, controller)
        self.panels = {panel.title: panel(controller) for panel in in_order().values()}
        self.sections = Sections(self.panels, {title: panel.pinned for title, panel in self.panels.items()})
        self.show_row, self.job_bar = ShowRow(controller), JobBar(controller)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.sections, 1)
        layout.addWidget(self.show_row)
        layout.addWidget(RecoveryNotice(controller))
        layout.addWidget(PlaceNotice(controller))
        layout.addWidget(PatientQuestion(controller))
        layout.addWidget(FindingsNotice(controller))
        layout.addWidget(self.job_bar)
        for title, panel in self.panels.items():
            panel.state_changed.connect(self.sections.by_title[title].set_state)
            self.sections.by_title[title].set_state(*panel.state)
        controller.findings.look_asked.connect(lambda: self.sections.open("Review"))
        controller.trend.train_asked.connect(lambda _: self.sections.open("Train"))
        self.setMinimumWidth(300)
        self._preload = QTimer(self)
        self._preload.setSingleShot(True)
        self._preload.timeout.connect(lambda: preload.preload(controller.viewer))
        self._preload.start(PRELOAD_MS)

    def sizeHint(self) -> QSize:
        """As wide as the text needs, never wider than the scan can spare."""
        return QSize(WIDTH, 600)


def _take_the_height(widget: QWidget) -> None:
    """Keep the dock's whole height: under what wants none, napari puts a space that takes half of it."""
    widget.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)


def _follow_theme(widget: QWidget, controller: ViewerController) -> None:
    """Look as napari's theme and font size say, also when they change."""
    appearance = get_settings().appearance
    sources = (controller.viewer.events.theme, appearance.events.font_size)

    def restyle(event: object = None) -> None:
        widget.setStyleSheet(dock_sheet(str(controller.viewer.theme), int(appearance.font_size)))

    def narrow(event: object = None) -> None:
        narrow_columns(controller.viewer)

    def leave(*_: object) -> None:
        for source in sources:
            source.disconnect(restyle)
        appearance.events.font_size.disconnect(narrow)

    restyle()
    steady_window(controller.viewer)
    for source in sources:
        source.connect(restyle)
    appearance.events.font_size.connect(narrow)
    widget.destroyed.connect(leave)


class PanelAlone(QWidget):
    """One panel with the job bar under it, for a dock of its own."""

    def __init__(self, name: str, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        _take_the_height(self)
        _follow_theme(self, controller)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        panel = PANELS[name](controller)
        DockTitle(self, panel.title)
        layout.addWidget(panel, 1)
        if panel.pinned is not None:
            layout.addWidget(panel.pinned)
        layout.addWidget(RecoveryNotice(controller))
        layout.addWidget(PlaceNotice(controller))
        layout.addWidget(PatientQuestion(controller))
        layout.addWidget(FindingsNotice(controller))
        layout.addWidget(FindingsNotice(controller))
        layout.addWidget(JobBar(controller))
