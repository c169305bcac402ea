"""A question with its answers under it, side by side."""

from __future__ import annotations

from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_boundaryseg.ui.widgets.controls import line

SIDE_PX = 8


class Question(QFrame):
    """Hidden until something is asked.

    Parameters
    ----------
    name : str
        The object name of its text.
    answers : QPushButton
        Any that may be given; one question may have fewer.
    """

    def __init__(self, name: str, *answers: QPushButton, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text, self.answers = line(name), answers
        self.text.setProperty("level", "warning")
        row = QHBoxLayout()
        row.setSpacing(6)
        for answer in answers:
            row.addWidget(answer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SIDE_PX, 6, SIDE_PX, 6)
        layout.setSpacing(6)
        layout.addWidget(self.text)
        layout.addLayout(row)
        self.ask("")

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Have room for every line of the text."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        width = self.width() - 2 * SIDE_PX
        self.text.setMinimumHeight(max(0, self.text.heightForWidth(width)) if self.text.text() else 0)

    def ask(self, question: str, *answers: QPushButton) -> None:
        """Ask, with these answers, or all; nothing when the question is empty."""
        self.text.setText(question)
        self._fit()
        for part in (self, self.text):
            part.setVisible(bool(question))
        for answer in self.answers:
            answer.setVisible(bool(question) and (not answers or answer in answers))

    @property
    def is_asked(self) -> bool:
        """Whether it waits for an answer."""
        return bool(self.text.text())
