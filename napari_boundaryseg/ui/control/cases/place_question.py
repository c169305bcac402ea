"""Question where cases are kept, before anything of a patient's is copied into a folder that nobody has seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qtpy.QtCore import QObject, QTimer, Signal

from napari_boundaryseg.session.actions.project import place_of
from napari_boundaryseg.session.project import last_project
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors

UNANSWERED = "Nothing was stored: another scan was opened before it was said where. The work waits with its scan."


class PlaceQuestion(QObject):
    """Lets an act go on once the person has seen where it writes to, or has chosen another place."""

    asked = Signal(str)
    """The folder; nothing when that was answered."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._act: Callable[[], object] | None = None
        session.scan_changed.connect(lambda _: self._on_scan())

    @property
    def folder(self) -> Path:
        """Where cases are kept, or will be."""
        return place_of(self.session)

    def allows(self, act: Callable[[], object]) -> bool:
        """Whether cases go to a folder that the person has seen; else it is asked, and ``act`` follows the answer."""
        if last_project.is_seen(self.folder):
            return True
        self._act = act
        self.asked.emit(str(self.folder))
        return False

    @report_errors
    def keep(self) -> None:
        """Keep cases in the folder that is shown."""
        last_project.see(self.folder)
        self.go_on()

    def _on_scan(self) -> None:
        """Say that an accept was not carried out, once what was said of the scan before is gone."""
        if self._act is not None:
            self.forget()
            QTimer.singleShot(0, lambda: self.session.say("warning", UNANSWERED))

    def forget(self) -> None:
        """Do nothing: what was to be kept is another scan's."""
        if self._act is not None:
            self._act = None
            self.asked.emit("")

    @report_errors
    def go_on(self) -> None:
        """Do what was asked about, once the folder was kept or another chosen."""
        act = self._act
        if act is not None and last_project.is_seen(self.folder):
            self.forget()
            act()
