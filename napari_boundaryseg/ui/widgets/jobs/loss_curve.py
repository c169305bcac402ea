"""Training curve: loss over steps with its axes, and where it began."""

from __future__ import annotations

import math

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_boundaryseg.ui.widgets.appearance import CURVE_COLOURS
from napari_boundaryseg.ui.widgets.controls import named
from napari_boundaryseg.ui.widgets.jobs.chart import LEFT, Chart
from napari_boundaryseg.ui.widgets.jobs.smoothing import begun_at, smoothed
from napari_boundaryseg.ui.widgets.jobs.training_log import Points

EMPTY = "The curve appears with the first steps."


class LossCurve(QWidget):
    """The loss, smoothed over its single steps and beside its first mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "train_panel.curve", "Training curve", "Loss of each step, faint, and its mean over 20 steps")
        self.setMinimumHeight(130)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.losses: Points = ()
        self.steps = 0

    def set_points(self, losses: Points, steps: int = 0) -> None:
        """Draw these points from now on, of a training of so many steps."""
        if (losses, steps) != (self.losses, self.steps):
            self.losses, self.steps = losses, steps
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the axes, the lines and their last values."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        top = _round_up(max((loss for _, loss in self.losses if math.isfinite(loss)), default=1.0))
        chart = Chart.of(self, max([self.steps, *(step for step, _ in self.losses)]), 0.0, top)
        text = self.palette().color(self.foregroundRole())
        painter.setPen(text)
        painter.drawRect(chart.frame)
        if not self.losses:
            painter.drawText(chart.frame, Qt.AlignmentFlag.AlignCenter, EMPTY)
        else:
            chart.axes(painter)
        mean, began = smoothed(self.losses), begun_at(self.losses)
        colour = QColor(CURVE_COLOURS["loss"])
        colour.setAlpha(90)
        chart.line(painter, self.losses, QPen(colour, 1.0))
        chart.line(painter, mean, QPen(QColor(CURVE_COLOURS["loss"]), 2.0))
        if began is not None:
            chart.level(painter, began, QPen(text, 1.0, Qt.PenStyle.DotLine))
        if mean:
            painter.setPen(QColor(CURVE_COLOURS["loss"]))
            since = f", at the start {began:.3f}" if began is not None else ""
            painter.drawText(QRectF(0, 0, self.width(), chart.frame.top()), LEFT, f"loss {mean[-1][1]:.3f}{since}")
        painter.end()


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
