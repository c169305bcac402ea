"""Picture of a chart over accepted cases: their dots, what is usual, since when it changed, where that was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QEvent, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QHelpEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QToolTip, QWidget

from napari_boundaryseg.ui.widgets.appearance import TREND_COLOURS
from napari_boundaryseg.ui.widgets.controls import named

HEIGHT_PX, DOT_PX, NEAR_PX = 104, 3.0, 12.0
EMPTY = "Dots appear with accepted cases."
LEFT, RIGHT, CENTRE = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignHCenter


@dataclass(frozen=True)
class Dot:
    """One case.

    Parameters
    ----------
    name : str
    value : float or None
        None where there is none to show.
    passed_over : str
        Why the chart does not count it; empty where it does.
    """

    name: str
    value: float | None
    passed_over: str = ""


@dataclass(frozen=True)
class Picture:
    """What is drawn of a chart; cases are counted from 0.

    Parameters
    ----------
    title, unit : str
    dots : sequence of Dot
    limits_from : int
        How many counted cases, the first, told what is usual.
    mean : float or None
        What is usual; None while nobody knows.
    since, found : int or None
        The case since which it changed, and the one at which that was found.
    worse : bool
        Whether it changed for the worse.
    mean_since : float or None
    """

    title: str
    unit: str = ""
    dots: Sequence[Dot] = ()
    limits_from: int = 0
    mean: float | None = None
    since: int | None = None
    found: int | None = None
    worse: bool = False
    mean_since: float | None = None


class TrendChart(QWidget):
    """Draws one chart; the mouse over a dot tells its case and value."""

    def __init__(self, name: str, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, name, title, "Accepted cases in their order; rest the mouse on a dot to see which it is")
        self.setFixedHeight(HEIGHT_PX)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip("")  # a dot's own words instead
        self.picture = Picture(title)
        self.frame, self._ends, self._marks = QRectF(), (0.0, 1.0), (0.0, 1.0)

    def show_picture(self, picture: Picture) -> None:
        """Draw this from now on."""
        if picture != self.picture:
            self.picture = picture
            self.update()

    def words(self, at: int) -> str:
        """What is said of a case."""
        dot = self.picture.dots[at]
        value = "no value" if dot.value is None else written(dot.value, self.picture.unit)
        told = [f"Case {at + 1}: {dot.name}, {value}"]
        told += [dot.passed_over] if dot.passed_over else []
        told += ["the change was found here"] if at == self.picture.found else []
        return "; ".join(told)

    def places(self) -> list[QPointF | None]:
        """Where the dot of each case lies, in pixels; None for a case without a value."""
        self._lay_out()
        return [
            None if dot.value is None else QPointF(self._across(n), self._up(dot.value))
            for n, dot in enumerate(self.picture.dots)
        ]

    def case_at(self, place: QPointF) -> int | None:
        """The case whose dot is nearest to a place, where one is near."""
        far = [((spot - place).manhattanLength(), n) for n, spot in enumerate(self.places()) if spot is not None]
        distance, nearest = min(far, default=(NEAR_PX + 1, -1))
        return nearest if distance <= NEAR_PX else None

    def event(self, event: QEvent | None) -> bool:
        """Tell of the dot that the mouse rests on."""
        if isinstance(event, QHelpEvent):
            at = self.case_at(QPointF(event.pos()))
            if at is None:
                QToolTip.hideText()
            else:
                QToolTip.showText(event.globalPos(), self.words(at), self)
            return True
        return super().event(event)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw frame, what is usual, the change and the dots."""
        painter, shown = QPainter(self), self.picture
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text = self.palette().color(self.foregroundRole())
        self._lay_out()
        self._frame(painter, text)
        if any(dot.value is not None for dot in shown.dots):
            self._first_cases(painter, text)
            self._levels(painter, text)
            self._draw_dots(painter, text)
        else:
            painter.drawText(self.frame, Qt.AlignmentFlag.AlignCenter, EMPTY)
        self._caption(painter, text)
        painter.end()

    def _lay_out(self) -> None:
        """The frame, the ends of its axis a little beyond all values, and the least and the largest of these."""
        values = [dot.value for dot in self.picture.dots if dot.value is not None]
        values += [level for level in (self.picture.mean, self.picture.mean_since) if level is not None]
        low, high = min(values, default=0.0), max(values, default=1.0)
        room = 0.08 * (high - low) or 0.05 * max(abs(high), 1e-3)
        self._marks, self._ends = (low, high), (low - room, high + room)
        metrics = self.fontMetrics()
        widths = [metrics.horizontalAdvance(text) for text in ("0.000", written(low), written(high))]
        height, left = metrics.height(), max(widths) + 6
        self.frame = QRectF(left, height + 4, self.width() - left - 2, self.height() - 2 * height - 10)

    def _across(self, at: float) -> float:
        return self.frame.left() + self.frame.width() * (at + 0.5) / max(len(self.picture.dots), 1)

    def _up(self, value: float) -> float:
        low, high = self._ends
        return self.frame.bottom() - self.frame.height() * (value - low) / max(high - low, 1e-12)

    def _frame(self, painter: QPainter, text: QColor) -> None:
        frame, height, (low, high) = self.frame, painter.fontMetrics().height(), self._marks
        painter.setPen(text)
        painter.drawRect(frame)
        count = len(self.picture.dots)
        if not count:
            return
        for value in dict.fromkeys(map(written, (low, high))):
            y = self._up(low if value == written(low) else high)
            painter.drawText(QRectF(0, y - height / 2, frame.left() - 4, height), RIGHT, value)
        below = QRectF(frame.left(), frame.bottom() + 2, frame.width(), height)
        painter.drawText(below, LEFT, "1")
        if count > 1:
            painter.drawText(below, RIGHT, str(count))
        since = self.picture.since
        if since is None:
            painter.drawText(below, CENTRE, "case")
        else:
            label, wide = f"case {since + 1}", painter.fontMetrics().horizontalAdvance(f"case {since + 1}")
            x = min(max(self._across(since) - wide / 2, frame.left() + 14), frame.right() - wide - 24)
            painter.drawText(QRectF(x, below.top(), wide + 2, height), LEFT, label)

    def _first_cases(self, painter: QPainter, text: QColor) -> None:
        """Grey behind the cases that told what is usual."""
        counted = [n for n, dot in enumerate(self.picture.dots) if dot.value is not None and not dot.passed_over]
        told = self.picture.limits_from
        if self.picture.mean is None or not told or len(counted) < told:
            return
        shade = QColor(text)
        shade.setAlpha(28)
        end = self._across(counted[told - 1] + 0.5)
        painter.fillRect(
            QRectF(self.frame.left(), self.frame.top(), end - self.frame.left(), self.frame.height()), shade
        )

    def _levels(self, painter: QPainter, text: QColor) -> None:
        """What is usual as a line, since a change the new mean; between them a line across."""
        shown, frame = self.picture, self.frame
        if shown.mean is None:
            return
        painter.setPen(QPen(text, 1.0, Qt.PenStyle.DashLine))
        y = self._up(shown.mean)
        painter.drawLine(QPointF(frame.left(), y), QPointF(frame.right(), y))
        if shown.since is None:
            return
        x, colour = self._across(shown.since - 0.5), QColor(self._colour_since())
        painter.setPen(QPen(colour, 1.5))
        painter.drawLine(QPointF(x, frame.top()), QPointF(x, frame.bottom()))
        if shown.mean_since is not None:
            painter.setPen(QPen(colour, 2.0))
            y = self._up(shown.mean_since)
            painter.drawLine(QPointF(x, y), QPointF(frame.right(), y))

    def _draw_dots(self, painter: QPainter, text: QColor) -> None:
        """Round before a change, square since; hollow where the chart passes over a case; a ring where it was found."""
        shown, no_brush = self.picture, Qt.BrushStyle.NoBrush
        for n, (dot, place) in enumerate(zip(shown.dots, self.places(), strict=True)):
            if place is None:
                continue
            since = shown.since is not None and n >= shown.since
            colour = QColor(self._colour_since() if since else TREND_COLOURS["usual"])
            painter.setPen(QPen(text if dot.passed_over else colour, 1.2))
            painter.setBrush(no_brush if dot.passed_over else colour)
            if since and not dot.passed_over:
                size = 2 * DOT_PX
                painter.drawRect(QRectF(place.x() - DOT_PX, place.y() - DOT_PX, size, size))
            else:
                painter.drawEllipse(place, DOT_PX, DOT_PX)
            if n == shown.found:
                painter.setPen(QPen(text, 1.6))
                painter.setBrush(no_brush)
                painter.drawEllipse(place, 2.6 * DOT_PX, 2.6 * DOT_PX)
                top = self.frame.top()
                painter.setBrush(text)
                painter.drawPolygon(
                    QPolygonF([QPointF(place.x() + dx, top + dy) for dx, dy in ((-5, 1), (5, 1), (0, 8))])
                )

    def _caption(self, painter: QPainter, text: QColor) -> None:
        shown, above = self.picture, QRectF(0, 0, self.width() - 2, self.frame.top() - 2)
        painter.setPen(text)
        painter.drawText(above, LEFT, f"{shown.title}{f' ({shown.unit})' if shown.unit else ''}")
        if shown.mean is not None:
            since = "" if shown.mean_since is None else f", now {written(shown.mean_since)}"
            painter.drawText(above, RIGHT, f"usual {written(shown.mean)}{since}")

    def _colour_since(self) -> str:
        return TREND_COLOURS["worse" if self.picture.worse else "better"]


def written(value: float, unit: str = "") -> str:
    """A value in three figures, whole from 100 on, with its unit.

    Examples
    --------
    >>> written(0.91234), written(34.56, "mm"), written(1234.5, "mm")
    ('0.912', '34.6 mm', '1234 mm')
    """
    number = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{number} {unit}".strip()
