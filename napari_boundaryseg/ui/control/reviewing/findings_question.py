"""Question before labels are accepted of which a check found something that nobody has answered."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.reviewing.check_actions import CheckActions
from napari_boundaryseg.ui.control.reviewing.settled import Settled

MOST_TOLD = 160
"""Letters of the first sentence that is told."""


class FindingsQuestion(QObject):
    """Lets an act go on once the labels, as they are, were checked and a person has seen that findings are open."""

    asked = Signal(str)
    """What is open; nothing when that was answered."""
    look_asked = Signal()
    """A person wants to see the findings."""

    def __init__(self, session: Session, settled: Settled, checks: CheckActions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self._settled, self._checks = session, settled, checks
        self._act: Callable[[], object] | None = None
        self._allowed: object = None
        session.scan_changed.connect(lambda _: self.forget())
        checks.changed.connect(self._on_checked)

    def allows(self, act: Callable[[], object]) -> bool:
        """Whether nothing is open, or a person has said to go on; else ``act`` follows the check or the answer."""
        if self._settled.editable is None or self._allowed == self._now():
            return True
        if not self._checks.is_fresh:
            self.session.say("info", "The labels are checked first.")
            self._checks.run(then=act)
            return False
        found = self._checks.open()
        if not found:
            return True
        self._act = act
        self.session.say("info", "")  # that they are checked
        first = found[0].sentence
        told = first if len(first) <= MOST_TOLD else f"{first[: MOST_TOLD - 1]}…"
        self.asked.emit(f"{len(found)} findings are open, the first: {told}" if len(found) > 1 else f"Open: {told}")
        return False

    @report_errors
    def accept_anyway(self) -> None:
        """Do what was asked about, with the findings open."""
        act, self._allowed = self._act, self._now()
        self.forget()
        if act is not None:
            act()

    @report_errors
    def look(self) -> None:
        """See the findings instead, the first one at once."""
        self.forget()
        self.look_asked.emit()
        found = self._checks.open()
        if found:
            self._checks.go_to(found[0])

    def forget(self) -> None:
        """Ask no longer, and do nothing."""
        if self._act is not None:
            self._act = None
            self.asked.emit("")

    def _now(self) -> object:
        editable = self._settled.editable
        return (
            None if editable is None else (id(editable), editable.state, tuple(f.identity for f in self._checks.open()))
        )

    def _on_checked(self) -> None:
        """Other labels, or another answer: what was asked is no longer true."""
        if self._act is not None and (not self._checks.is_fresh or not self._checks.open()):
            self.forget()
