"""Score curve: Dice of held-out cases during a training, beside the old model's and the label prior's."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_boundaryseg.ui.widgets.appearance import CURVE_COLOURS
from napari_boundaryseg.ui.widgets.controls import named
from napari_boundaryseg.ui.widgets.jobs.chart import LEFT, Chart
from napari_boundaryseg.ui.widgets.jobs.training_log import Course

ROOM = 0.02
"""Of Dice, at least, above the highest line and below the lowest one."""


class ScoreCurve(QWidget):
    """Dice over steps, from the old model's on; its axis reaches as far as the lines do."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(
            self,
            "train_panel.scores",
            "Dice of the held-out cases",
            "Mean over organs, on the network's grid. It chooses nothing: the last step is the result, of which a "
            "share is taken. Old model: the one that is fine-tuned, on the same cases. Label prior: a constant answer, "
            "the mean shape of the training cases, which ignores the image",
        )
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.course = Course()
        self.steps = 0

    def set_course(self, course: Course, steps: int) -> None:
        """Draw this from now on, of a training of so many steps."""
        if (course, steps) != (self.course, self.steps):
            self.course, self.steps = course, steps
            self.update()

    @property
    def levels(self) -> dict[str, float]:
        """The two lines, by their names; without a label prior where none could be told."""
        found = {"old model": self.course.old_model, "label prior": self.course.label_prior}
        return {name: value for name, value in found.items() if value is not None}

    @property
    def words(self) -> str:
        """What stands above the chart."""
        cases, scores = self.course.cases, self.course.scores
        of = f"{cases} held-out case{'' if cases == 1 else 's'}"
        return f"Dice of {of}: {scores[-1][1]:.3f}" + (" at the start" if len(scores) == 1 else "") if scores else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the axes, the curve, and both lines with their names."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        scores, levels = self.course.scores, self.levels
        low, high = reach([*levels.values(), *(value for _, value in scores)])
        chart = Chart.of(self, max([self.steps, *(step for step, _ in scores)]), low, high)
        text = self.palette().color(self.foregroundRole())
        painter.setPen(text)
        painter.drawRect(chart.frame)
        chart.axes(painter)
        styles = {"old model": Qt.PenStyle.DashLine, "label prior": Qt.PenStyle.DotLine}
        for name, value in levels.items():
            chart.level(painter, value, QPen(text, 1.2, styles[name]))
        blue = QColor(CURVE_COLOURS["Dice"])
        chart.line(painter, scores, QPen(blue, 2.0))
        painter.setBrush(blue)
        for step, value in scores:
            x = chart.frame.left() + chart.frame.width() * step / chart.last
            painter.drawEllipse(QPointF(x, chart.y(value)), 2.5, 2.5)
        self._names(painter, chart)
        painter.setPen(blue)
        painter.drawText(QRectF(0, 0, self.width(), chart.frame.top()), LEFT, self.words)
        painter.end()

    def _names(self, painter: QPainter, chart: Chart) -> None:
        """The name of each line beside it: between the two where there is room, else on the outer sides."""
        height = painter.fontMetrics().height()
        lines = sorted(self.levels.items(), key=lambda one: -one[1])
        apart = len(lines) == 2 and chart.y(lines[1][1]) - chart.y(lines[0][1]) >= 2 * height
        for n, (name, value) in enumerate(lines):
            words = f"{name} {value:.3f}"
            width = painter.fontMetrics().horizontalAdvance(words) + 4
            above = apart == (n == 1)
            y = chart.y(value) - height - 1 if above else chart.y(value) + 1
            place = QRectF(chart.frame.right() - width - 2, y, width, height)
            behind = self.palette().color(self.backgroundRole())
            behind.setAlpha(190)
            painter.fillRect(place, behind)
            painter.setPen(self.palette().color(self.foregroundRole()))
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)


def reach(values: Sequence[float]) -> tuple[float, float]:
    """From where to where an axis of Dice goes, in tenths, so that some values lie well inside.

    Examples
    --------
    >>> reach([0.87, 0.91]), reach([0.3, 0.995]), reach([0.0]), reach([])
    ((0.8, 1.0), (0.2, 1.0), (0.0, 0.1), (0.0, 1.0))
    """
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return 0.0, 1.0
    low, high = math.floor(10 * (min(finite) - ROOM)) / 10, math.ceil(10 * (max(finite) + ROOM)) / 10
    return max(0.0, low), min(1.0, high)
