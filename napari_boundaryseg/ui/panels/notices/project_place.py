"""Place of the project: its folder with the whole path, the way to another, and the question before the first case."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QGridLayout, QWidget

from napari_boundaryseg.ui.control.cases.place_question import PlaceQuestion
from napari_boundaryseg.ui.control.project_actions import ProjectActions
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.file_dialogs import choose_folder
from napari_boundaryseg.ui.widgets.controls import button, line

CHOOSE = "Keep cases and models in another folder, also the next time"


def ask_folder(parent: QWidget, projects: ProjectActions, place: PlaceQuestion) -> None:
    """Let a person choose the project's folder."""
    folder = choose_folder(parent, "Project folder: accepted cases and models are kept here", "project")
    if folder is not None:
        projects.open(folder)
        place.go_on()


class ProjectPlace(QWidget):
    """Where cases are kept, or will be, and a button for another folder."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._projects, self._place = controller.session, controller.projects, controller.place
        self.place = line("cases_panel.place", quiet=True)
        self.folder = button("cases_panel.folder", "Project folder…", CHOOSE)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.addWidget(self.place, 0, 0)
        grid.addWidget(self.folder, 1, 0)
        self.folder.clicked.connect(lambda _: ask_folder(self, self._projects, self._place))
        controller.listen(self, self._session.project_changed, lambda _: self._show())
        self._soon = QTimer(self)  # once the section is open
        self._soon.setSingleShot(True)
        self._soon.timeout.connect(self._projects.look_again)
        self._show()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Ask who holds the project, when the section is opened."""
        super().showEvent(event)
        self._soon.start()

    def changeEvent(self, event: QEvent | None) -> None:
        """Ask again when a person comes back to the window."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._soon.start()

    def _show(self) -> None:
        project = self._session.project
        if project is None:
            self.place.setText(f"Cases and models will be kept in {self._place.folder}")
        else:
            held = f" (read-only: {project.read_only})" if project.read_only else ""
            self.place.setText(f"Project: {project.folder}{held}")


class PlaceNotice(QWidget):
    """The question where cases are kept, whichever section is open; nothing while there is nothing to ask."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = line("place_notice.text")
        self.text.setProperty("level", "warning")
        self.keep = button("place_notice.keep", "Keep here", "You are not asked about this folder again", main=True)
        self.folder = button("place_notice.folder", "Other folder…", CHOOSE)
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 4, 8, 4)
        grid.addWidget(self.text, 0, 0, 1, 2)
        grid.addWidget(self.keep, 1, 0)
        grid.addWidget(self.folder, 1, 1)
        self._projects, self._place = controller.projects, controller.place
        self.keep.clicked.connect(lambda _: self._place.keep())
        self.folder.clicked.connect(lambda _: ask_folder(self, self._projects, self._place))
        self._place.asked.connect(self._ask)
        self._ask("")

    def _ask(self, folder: str) -> None:
        self.text.setText(f"Scans and labels of the project will be kept in {folder}")
        self.setVisible(bool(folder))
