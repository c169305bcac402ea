"""The part of the Review panel that lists what the contour rules found, and takes a person's answers."""

from __future__ import annotations

from qtpy.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.widgets.controls import bring_into_sight, button, column, line, named
from napari_boundaryseg.ui.widgets.layout.button_grid import ButtonGrid
from napari_boundaryseg.ui.widgets.review.headed import Headed
from napari_boundaryseg.ui.widgets.review.sentence_list import SentenceList

NONE_YET = "Segment the scan or draw first: the labels are checked by themselves."


class ChecksBox(QWidget):
    """Open findings, an answer to the chosen one, and those that were meant so."""

    def __init__(self, controller: ViewerController, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._checks, self._labels = controller.checks, controller.labels
        self.run = button("review_panel.check", "Check now", "Look for slips in the labels: missing slices, islands, …")
        self.state = line("review_panel.checks_state")
        self.open = SentenceList("review_panel.findings", "Open findings", "Click one to go to its place")
        self.meant = button(
            "review_panel.meant_so", "Meant so…", "It is right as it is: say why, and it is not asked again"
        )
        self.reason = named(QLineEdit(), "review_panel.reason", "Reason", "Why it is right as it is, in a few words")
        self.reason.setPlaceholderText("Why it is right as it is")
        self.keep = button("review_panel.keep_reason", "Keep", "Keep the reason with the labels")
        self.answered_title = line("review_panel.meant_so_title", "Meant so:", quiet=True)
        self.answered = SentenceList("review_panel.answered", "Meant so", "Click one to go to its place")
        self.back = button("review_panel.take_back", "Take back", "Have the chosen one open again")
        self._asks = False
        self._arrange()
        self._connect()
        self.refresh()

    def _arrange(self) -> None:
        self.ask_row = QWidget()
        row = QHBoxLayout(self.ask_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.reason, 1)
        row.addWidget(self.keep)
        head = Headed("review_panel.checks_title", "Checks", self.run)
        parts = (head, self.state, self.open, ButtonGrid([self.meant]), self.ask_row)
        column(self, *parts, self.answered_title, self.answered, self.back).setContentsMargins(0, 0, 0, 0)

    def _connect(self) -> None:
        self.run.clicked.connect(lambda _: self._checks.run())
        self.open.asked.connect(self._on_open)
        self.answered.asked.connect(self._on_answered)
        self.meant.clicked.connect(lambda _: self._ask(True))
        self.keep.clicked.connect(lambda _: self._keep())
        self.reason.returnPressed.connect(self._keep)
        self.back.clicked.connect(lambda _: self._take_back())
        self._checks.changed.connect(self.refresh)
        self._labels.shown.connect(self.refresh)

    def _on_open(self, row: int) -> None:
        found = self._checks.open()
        if row < len(found):
            self._asks = False
            self.reason.clear()
            self._checks.go_to(found[row])

    def _on_answered(self, row: int) -> None:
        meant = self._checks.meant_so()
        if row < len(meant):
            self._asks = False
            self._checks.go_to(meant[row][0])

    def _ask(self, on: bool) -> None:
        self._asks = on
        self.refresh()
        if on:
            self.reason.setFocus()
            bring_into_sight(self.ask_row)

    def _keep(self) -> None:
        found, reason = self._checks.chosen, self.reason.text()
        if found is not None and reason.strip():
            self._asks = False
            self.reason.clear()
            self.reason.clearFocus()
            self._checks.mean_so(found, reason)
        else:
            self.reason.setFocus()

    def _take_back(self) -> None:
        if self._checks.chosen is not None:
            self._checks.take_back(self._checks.chosen)

    def refresh(self) -> None:
        """List what is open and what was meant so."""
        checks, found = self._checks, self._checks.found()
        open_, meant = checks.open(), checks.meant_so()
        picked = checks.chosen
        chosen = picked.identity if picked is not None else None
        self.run.setEnabled(self._labels.scheme() is not None)
        self.state.setText(self._state(len(open_), len(meant), found is not None))
        open_row = next((n for n, one in enumerate(open_) if one.identity == chosen), -1)
        self.open.show_sentences([one.sentence for one in open_], open_row)
        row = next((n for n, (one, _) in enumerate(meant) if one.identity == chosen), -1)
        self.answered.show_sentences([f"{one.sentence} — {answer.reason}" for one, answer in meant], row)
        self.answered_title.setVisible(bool(meant))
        self.back.setVisible(bool(meant))
        self.back.setEnabled(row >= 0)
        self.meant.setVisible(bool(open_))
        self.meant.setEnabled(open_row >= 0 and not self._asks)
        self._asks = self._asks and open_row >= 0
        self.ask_row.setVisible(self._asks)

    def _state(self, n_open: int, n_meant: int, known: bool) -> str:
        if self._labels.scheme() is None:
            return NONE_YET
        if self._checks.failed():
            return f"The labels could not be checked: {self._checks.failed()}"
        busy = "Checking… " if self._checks.is_busy else ""
        if not known:
            return busy or "Not checked yet."
        if not self._checks.is_fresh and not busy:
            busy = "Before the last change: "
        if not n_open:
            return f"{busy}{'Nothing else was found.' if n_meant else 'Nothing was found.'}"
        return f"{busy}{n_open} finding{'s' if n_open > 1 else ''} to look at:"
