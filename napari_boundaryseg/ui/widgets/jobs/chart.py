"""Chart in a widget: a frame with its two axes, and lines in it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True)
class Chart:
    """Where values lie in a widget.

    Parameters
    ----------
    frame : QRectF
    last : float
        The step at the right end.
    low, high : float
        The values at the lower and the upper end.
    """

    frame: QRectF
    last: float
    low: float
    high: float

    @classmethod
    def of(cls, widget: QWidget, last: float, low: float, high: float) -> Chart:
        """A chart that fills a widget, with a line of text above and below it."""
        metrics = widget.fontMetrics()
        height, left = metrics.height(), metrics.horizontalAdvance("0.00") + 6
        frame = QRectF(left, height + 4, widget.width() - left - 4, widget.height() - 2 * height - 10)
        return cls(frame, max(last, 1.0), low, high)

    def y(self, value: float) -> float:
        """How far down a value lies."""
        share = (value - self.low) / (self.high - self.low)
        return float(self.frame.bottom() - self.frame.height() * min(max(share, 0.0), 1.0))

    def axes(self, painter: QPainter) -> None:
        """The ends of both axes."""
        frame, height = self.frame, painter.fontMetrics().height()
        for value, y in ((self.high, frame.top()), (self.low, frame.bottom())):
            painter.drawText(QRectF(0, y - height / 2, frame.left() - 4, height), RIGHT, f"{value:.3g}")
        below = QRectF(frame.left(), frame.bottom() + 2, frame.width(), height)
        painter.drawText(below, LEFT, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "step")
        painter.drawText(below, RIGHT, f"{self.last:.0f}")

    def line(self, painter: QPainter, points: Iterable[tuple[float, float]], pen: QPen) -> None:
        """A line through (step, value), without values that are not finite."""
        frame = self.frame
        drawn = [
            QPointF(frame.left() + frame.width() * step / self.last, self.y(value))
            for step, value in points
            if math.isfinite(value)
        ]
        if drawn:
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(drawn))

    def level(self, painter: QPainter, value: float, pen: QPen) -> None:
        """A line from one side to the other."""
        self.line(painter, [(0, value), (self.last, value)], pen)
