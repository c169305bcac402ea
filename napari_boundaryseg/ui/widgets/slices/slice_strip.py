"""Slice strip: a narrow picture of all slices, each in the colour of what became of an organ there."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QEvent, QRectF, Qt, Signal
from qtpy.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_boundaryseg.ui.widgets.appearance import STRIP_BACKGROUND, STRIP_HERE
from napari_boundaryseg.ui.widgets.controls import named

HEIGHT_PX = 9


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
        self.here = 0
        """The slice in view."""

    def show_cells(self, cells: Sequence[tuple[str, str]], here: int) -> None:
        """Show these slices, and which of them is in view."""
        if list(cells) != self.cells or here != self.here:
            self.cells, self.here = list(cells), here
            self.update()

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
                QToolTip.showText(event.globalPos(), f"Slice {at + 1}: {self.cells[at][1]}", self)
                return True
        return super().event(event)


def _x(event: QMouseEvent) -> float:
    position = event.position() if hasattr(event, "position") else event.localPos()
    return float(position.x())
