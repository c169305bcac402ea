"""Slice strip: a narrow picture of all slices, each in the colour of what became of an organ there."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QEvent, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_boundaryseg.ui.widgets.appearance import STRIP_BACKGROUND, STRIP_HERE, STRIP_LOOKED_AT, STRIP_TO_COME
from napari_boundaryseg.ui.widgets.controls import named

HEIGHT_PX = 9
MARKS_PX = 4
"""Under the cells, where a review has places."""


class SliceStrip(QWidget):
    """Shows a cell for each slice, the first on the left; a click asks for that slice."""

    asked = Signal(int)
    """A slice, counted from 0."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "slice_strip", "Slices of the chosen organ", "What became of the chosen organ on each slice")
        self.setFixedHeight(HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.cells: list[tuple[str, str]] = []
        """Colour (empty for none) and words of each slice."""
        self.marks: list[tuple[int, int]] = []
        """Of each slice, how many of the next places of a review, and of those that were looked at."""
        self.here = 0
        """The slice in view."""

    def show_cells(self, cells: Sequence[tuple[str, str]], here: int, marks: Sequence[tuple[int, int]] = ()) -> None:
        """Show these slices, which of them is in view, and on which of them there are places of a review."""
        if (list(cells), here, list(marks)) != (self.cells, self.here, self.marks):
            self.cells, self.here, self.marks = list(cells), here, list(marks)
            self.setFixedHeight(HEIGHT_PX + (MARKS_PX if marks else 0))
            self.update()

    def words(self, at: int) -> str:
        """What is said of a slice."""
        to_come, done = self.marks[at] if at < len(self.marks) else (0, 0)
        told = [f"{to_come} of the next"] * bool(to_come) + [f"{done} looked at"] * bool(done)
        return f"Slice {at + 1}: {self.cells[at][1]}" + (f"; places of the review: {', '.join(told)}" if told else "")

    def slice_at(self, x: float) -> int | None:
        """The slice under a place, in pixels from the left."""
        count = len(self.cells)
        return min(max(int(x * count / max(self.width(), 1)), 0), count - 1) if count else None

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the cells, and a mark round the slice in view."""
        painter, count = QPainter(self), max(len(self.cells), 1)
        painter.fillRect(self.rect(), QColor(STRIP_BACKGROUND))
        wide = self.width() / count
        for n, (colour, _) in enumerate(self.cells):
            if colour:
                painter.fillRect(QRectF(n * wide, 1, max(wide - 1, 1), HEIGHT_PX - 2), QColor(colour))
        painter.fillRect(QRectF(self.here * wide, 0, max(wide - 1, 2), 2), QColor(STRIP_HERE))
        painter.fillRect(QRectF(self.here * wide, HEIGHT_PX - 2, max(wide - 1, 2), 2), QColor(STRIP_HERE))
        for n, (to_come, done) in enumerate(self.marks):
            left, width = n * wide, max(wide - 1, 1)
            share = width * to_come / (to_come + done) if to_come + done else 0
            parts = ((left, share, STRIP_TO_COME), (left + share, width - share, STRIP_LOOKED_AT))
            for at, long, colour in parts if to_come + done else ():
                painter.fillRect(QRectF(at, HEIGHT_PX, long, MARKS_PX), QColor(colour))
        painter.end()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Ask for the slice that was clicked."""
        at = self.slice_at(_x(event)) if event is not None else None
        if at is not None:
            self.asked.emit(at)

    def event(self, event: QEvent | None) -> bool:
        """Say which slice the mouse rests on, and what became of it."""
        if isinstance(event, QHelpEvent):
            at = self.slice_at(event.pos().x())
            if at is not None:
                QToolTip.showText(event.globalPos(), self.words(at), self)
                return True
        return super().event(event)


def _x(event: QMouseEvent) -> float:
    position = event.position() if hasattr(event, "position") else event.localPos()
    return float(position.x())
