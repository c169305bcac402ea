"""A question with its answers under it, side by side."""

from __future__ import annotations

from qtpy.QtCore import QSize, Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from napari_boundaryseg.ui.widgets.controls import line

SIDE_PX = 8
LEAST_LINES = 3
"""Of a question so many are seen, however little room there is; the others are scrolled to."""


class _Lines(QScrollArea):
    """As high as its text where there is room, and never less than a few lines."""

    def __init__(self, text: QLabel) -> None:
        super().__init__()
        self._text, self._needed = text, 0
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setWidget(text)

    def fit(self, width: int) -> None:
        """Have room for every line at a width."""
        self._needed = max(0, self._text.heightForWidth(width)) if self._text.text() else 0
        self._text.setMinimumHeight(self._needed)
        self.setMaximumHeight(self._needed)
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """The whole text."""
        return QSize(0, self._needed)

    def minimumSizeHint(self) -> QSize:
        """A few lines."""
        return QSize(0, min(self._needed, LEAST_LINES * self._text.fontMetrics().lineSpacing()))


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
        self._lines = _Lines(self.text)
        layout.addWidget(self._lines)
        layout.addLayout(row)
        self.ask("")

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Have room for every line of the text."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self._lines.fit(self.width() - 2 * SIDE_PX)

    def ask(self, question: str, *answers: QPushButton) -> None:
        """Ask, with these answers, or all; nothing when the question is empty."""
        self.text.setText(question)
        self._fit()
        for part in (self, self._lines, self.text):
            part.setVisible(bool(question))
        for answer in self.answers:
            answer.setVisible(bool(question) and (not answers or answer in answers))

    @property
    def is_asked(self) -> bool:
        """Whether it waits for an answer."""
        return bool(self.text.text())
