"""Training curve: loss over steps, and the Dice on validation cases."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_boundaryseg.ui.widgets.appearance import CURVE_COLOURS
from napari_boundaryseg.ui.widgets.controls import named

Points = list[tuple[float, float]]


class TrainingLog:
    """A training log that is being written: each look reads on from where the last one ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0
        self._losses: Points = []
        self._dices: Points = []

    def read(self) -> tuple[Points, Points]:
        """(step, loss) and (step, mean Dice) so far; a line still being written is left for the next look."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                whole, end, _ = file.read().rpartition(b"\n")
        except OSError:
            whole, end = b"", b""
        self._offset += len(whole) + len(end)
        for text in whole.splitlines():
            self._take(text)
        return list(self._losses), list(self._dices)

    def _take(self, text: bytes) -> None:
        with suppress(ValueError, TypeError, KeyError):  # what is no entry of ours
            entry = json.loads(text)
            if "mean_dsc" in entry:
                self._dices.append((float(entry["step"]), float(entry["mean_dsc"])))
            elif "loss" in entry:
                self._losses.append((float(entry["step"]), float(entry["loss"])))


class LossCurve(QWidget):
    """Two lines over training steps: the loss on its own scale, Dice from 0 to 1."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "train_panel.curve", "Training curve")
        self.setMinimumHeight(110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.losses: Points = []
        self.dices: Points = []

    def set_points(self, losses: Points, dices: Points) -> None:
        """Draw these points from now on."""
        if (losses, dices) != (self.losses, self.dices):
            self.losses, self.dices = losses, dices
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the axes, the two lines and their last values."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        text_height = painter.fontMetrics().height()
        frame = QRectF(1, text_height + 2, self.width() - 2, self.height() - 2 * text_height - 6)
        painter.setPen(self.palette().color(self.foregroundRole()))
        last = max([p[0] for p in (*self.losses, *self.dices)], default=0.0)
        caption = f"step {last:.0f}" if last else "The curve appears with the first steps."
        painter.drawText(QRectF(0, frame.bottom(), self.width(), text_height + 4), Qt.AlignmentFlag.AlignRight, caption)
        painter.drawRect(frame)
        top = max((loss for _, loss in self.losses), default=1.0) or 1.0
        self._line(painter, frame, "loss", self.losses, top, last, Qt.AlignmentFlag.AlignLeft)
        self._line(painter, frame, "Dice", self.dices, 1.0, last, Qt.AlignmentFlag.AlignRight)
        painter.end()

    def _line(
        self,
        painter: QPainter,
        frame: QRectF,
        name: str,
        points: Points,
        top: float,
        last: float,
        side: Qt.AlignmentFlag,
    ) -> None:
        if not points:
            return
        dashed = Qt.PenStyle.DashLine if name == "Dice" else Qt.PenStyle.SolidLine
        painter.setPen(QPen(QColor(CURVE_COLOURS[name]), 1.6, dashed))
        painter.drawPolyline(
            QPolygonF(
                [
                    QPointF(
                        frame.left() + frame.width() * step / max(last, 1.0),
                        frame.bottom() - frame.height() * min(value / top, 1.0),
                    )
                    for step, value in points
                ]
            )
        )
        painter.drawText(QRectF(0, 0, self.width(), frame.top()), side, f"{name} {points[-1][1]:.3f}")
