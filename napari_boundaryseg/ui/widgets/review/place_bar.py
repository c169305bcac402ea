"""Bar of the places of a review: those that were looked at, the one in view, and a mark where the first part ends."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_boundaryseg.ui.widgets.appearance import BAR_COLOUR, STRIP_TO_COME
from napari_boundaryseg.ui.widgets.controls import named

HEIGHT = 14


class PlaceBar(QWidget):
    """Each place has its part of the width, in the order in which they come."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(
            self,
            name,
            "Places of the review",
            "Filled where a place was looked at. The line: where the most doubtful fifth of the border ends",
        )
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.seen: tuple[bool, ...] = ()
        self.at: int | None = None
        self.mark = 0

    def set_places(self, seen: Sequence[bool], at: int | None, mark: int) -> None:
        """Draw these: which were looked at, which is in view, and after how many the mark stands (0 for none)."""
        if (tuple(seen), at, mark) != (self.seen, self.at, self.mark):
            self.seen, self.at, self.mark = tuple(seen), at, mark
            self.update()

    def x(self, n: int) -> float:
        """Where a place begins."""
        return (self.width() - 2) * n / max(1, len(self.seen)) + 1

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the places, the one in view, and the mark over the whole height."""
        painter = QPainter(self)
        text = self.palette().color(self.foregroundRole())
        inner = QRectF(1, 3, self.width() - 2, self.height() - 7)
        for n, done in enumerate(self.seen):
            if done:
                place = QRectF(self.x(n), inner.top(), max(1.0, self.x(n + 1) - self.x(n)), inner.height())
                painter.fillRect(place, QColor(BAR_COLOUR))
        painter.setPen(QPen(text, 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(inner)
        if self.at is not None:
            painter.fillRect(QRectF(self.x(self.at) - 1, 0, 3, self.height()), QColor(STRIP_TO_COME))
        if self.mark:
            painter.fillRect(QRectF(self.x(self.mark) - 1, 0, 2, self.height()), text)
        painter.end()
