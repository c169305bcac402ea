"""Training curve: loss over steps with its axes and where it began, and the Dice on validation cases."""

from __future__ import annotations

import math

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_boundaryseg.ui.widgets.appearance import CURVE_COLOURS
from napari_boundaryseg.ui.widgets.controls import named
from napari_boundaryseg.ui.widgets.jobs.training_log import Points, begun_at, smoothed

EMPTY = "The curve appears with the first steps."
LEFT, RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight


class LossCurve(QWidget):
    """The loss on its own scale, smoothed over its single steps and beside its first mean; Dice from 0 to 1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(
            self,
            "train_panel.curve",
            "Training curve",
            "Loss of each step, faint, and its mean over 20 steps. A fine-tuning is scored at its end",
        )
        self.setMinimumHeight(130)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.losses: Points = []
        self.dices: Points = []
        self.steps = 0

    def set_points(self, losses: Points, dices: Points, steps: int = 0) -> None:
        """Draw these points from now on, of a training of so many steps."""
        if (losses, dices, steps) != (self.losses, self.dices, self.steps):
            self.losses, self.dices, self.steps = losses, dices, steps
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the axes, the lines and their last values."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        last = max([self.steps, *(step for step, _ in (*self.losses, *self.dices))])
        top = _round_up(max((loss for _, loss in self.losses if math.isfinite(loss)), default=1.0))
        self._frame(painter)
        text = self.palette().color(self.foregroundRole())
        painter.setPen(text)
        painter.drawRect(self.frame)
        if not self.losses and not self.dices:
            painter.drawText(self.frame, Qt.AlignmentFlag.AlignCenter, EMPTY)
        else:
            self._axes(painter, last, top)
        mean = smoothed(self.losses)
        colour = QColor(CURVE_COLOURS["loss"])
        colour.setAlpha(90)
        self._line(painter, self.losses, top, last, QPen(colour, 1.0))
        self._line(painter, mean, top, last, QPen(QColor(CURVE_COLOURS["loss"]), 2.0))
        self._line(painter, self.dices, 1.0, last, QPen(QColor(CURVE_COLOURS["Dice"]), 1.6, Qt.PenStyle.DashLine))
        began = begun_at(self.losses)
        if began is not None:
            self._line(painter, [(0, began), (last, began)], top, last, QPen(text, 1.0, Qt.PenStyle.DotLine))
        self._captions(painter, mean, began)
        painter.end()

    def _frame(self, painter: QPainter) -> None:
        height, metrics = painter.fontMetrics().height(), painter.fontMetrics()
        left = metrics.horizontalAdvance("0.00") + 6
        right = metrics.horizontalAdvance("1") + 6 if self.dices else 1
        self.frame = QRectF(left, height + 4, self.width() - left - right, self.height() - 2 * height - 10)

    def _axes(self, painter: QPainter, last: float, top: float) -> None:
        frame, height = self.frame, painter.fontMetrics().height()
        for value, y in ((f"{top:.3g}", frame.top()), ("0", frame.bottom())):
            painter.drawText(QRectF(0, y - height / 2, frame.left() - 4, height), RIGHT, value)
        if self.dices:
            for value, y in (("1", frame.top()), ("0", frame.bottom())):
                painter.drawText(QRectF(frame.right() + 4, y - height / 2, height, height), LEFT, value)
        below = QRectF(frame.left(), frame.bottom() + 2, frame.width(), height)
        painter.drawText(below, LEFT, "0")
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, "step")
        painter.drawText(below, RIGHT, f"{last:.0f}")

    def _captions(self, painter: QPainter, mean: Points, began: float | None) -> None:
        above = QRectF(0, 0, self.width(), self.frame.top())
        if mean:
            painter.setPen(QColor(CURVE_COLOURS["loss"]))
            since = f", at the start {began:.3f}" if began is not None else ""
            painter.drawText(above, LEFT, f"loss {mean[-1][1]:.3f}{since}")
        if self.dices:
            painter.setPen(QColor(CURVE_COLOURS["Dice"]))
            painter.drawText(above, RIGHT, f"Dice {self.dices[-1][1]:.3f}")

    def _line(self, painter: QPainter, points: Points, top: float, last: float, pen: QPen) -> None:
        frame = self.frame
        drawn = [
            QPointF(
                frame.left() + frame.width() * step / max(last, 1.0),
                frame.bottom() - frame.height() * min(value / top, 1.0),
            )
            for step, value in points
            if math.isfinite(value)
        ]
        if drawn:
            painter.setPen(pen)
            painter.drawPolyline(QPolygonF(drawn))


def _round_up(value: float) -> float:
    """The next number of one figure, 1, 2 or 5, for the end of an axis.

    Examples
    --------
    >>> [_round_up(value) for value in (0.31, 1.0, 7.2, 0.0)]
    [0.5, 1.0, 10.0, 1.0]
    """
    if value <= 0:
        return 1.0
    size: float = 10.0 ** math.floor(math.log10(value))
    return next(size * n for n in (1, 2, 5, 10) if value <= size * n * (1 + 1e-9))
