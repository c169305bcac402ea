"""Bar chart of channel attention: the mean weight of each feature channel, one row a level."""

from __future__ import annotations

from collections.abc import Mapping

from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent
from qtpy.QtWidgets import QSizePolicy, QWidget

from napari_boundaryseg.ui.widgets.appearance import BAR_COLOUR
from napari_boundaryseg.ui.widgets.controls import named

Weights = Mapping[str, tuple[float, ...]]
ROW_PX = 34
"""Height of the bars of one level, without its caption."""


class AttentionBars(QWidget):
    """A row of bars for each level, from 0 to 1, the first channel on the left."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(
            self,
            "segment_panel.channel_weights",
            "Channel weights",
            "How much of each feature channel the attention let through, on average over this scan",
        )
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.weights: Weights = {}

    def set_weights(self, weights: Weights) -> None:
        """Draw these from now on: for each level one value between 0 and 1 per channel."""
        self.weights = dict(sorted(weights.items()))
        self.setMinimumHeight(len(self.weights) * self._row())
        self.setAccessibleDescription("; ".join(caption(*item) for item in self.weights.items()))
        self.update()

    def _row(self) -> int:
        return ROW_PX + self.fontMetrics().height() + 6

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw every level's caption, its frame and its bars."""
        painter = QPainter(self)
        text = painter.fontMetrics().height()
        ink = self.palette().color(self.foregroundRole())
        for row, (level, values) in enumerate(self.weights.items()):
            top = row * self._row()
            painter.setPen(ink)
            painter.drawText(QRectF(0, top, self.width(), text), Qt.AlignmentFlag.AlignLeft, caption(level, values))
            frame = QRectF(0.5, top + text + 1.5, self.width() - 1, ROW_PX)
            painter.drawRect(frame)
            step = frame.width() / len(values)
            for n, value in enumerate(values):
                high = frame.height() * min(max(value, 0.0), 1.0)
                bar = QRectF(frame.left() + n * step, frame.bottom() - high, max(step - (step > 3), 1.0), high)
                painter.fillRect(bar, QColor(BAR_COLOUR))
        painter.end()


def caption(level: str, values: tuple[float, ...]) -> str:
    """A level in words, how many features it has, and between which weights they lie.

    Examples
    --------
    >>> caption("level 0", (0.25, 0.5)), caption("level 2", (0.5,))
    ('Attention, finest level: 2 features, weights 0.25 to 0.50', 'Attention, level 3: 1 feature, weights 0.50 to 0.50')
    """
    number = level.removeprefix("level ")
    words = "finest level" if number == "0" else f"level {int(number) + 1}" if number.isdigit() else level
    features = f"{len(values)} feature{'s' if len(values) != 1 else ''}"
    return f"Attention, {words}: {features}, weights {min(values):.2f} to {max(values):.2f}"
