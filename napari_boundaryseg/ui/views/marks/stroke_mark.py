"""The ring of a tool at the mouse, beyond which it changes nothing, and the line of its stroke."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QPointF
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.views.marks.canvas_mark import CanvasMark
from napari_boundaryseg.ui.views.pixels import mm_per_pixel
from napari_boundaryseg.ui.widgets.appearance import OUTLINE_HALO


class StrokeMark(CanvasMark):
    """Follows the mouse over one view."""

    def __init__(self, viewer: Any, canvas: QWidget) -> None:
        super().__init__("stroke_mark", viewer, canvas)
        self._line: list[tuple[float, ...]] = []
        self._colour = QColor()
        self.at = QPointF()
        self.radius_px = 0.0

    def show_stroke(self, at: QPointF, ring_mm: float | None, line: Sequence[tuple[float, ...]], colour: str) -> None:
        """Draw a ring of this radius round a pixel, and a line through these points, in mm."""
        self._line, self._colour, self.at = list(line), QColor(colour), at
        self.radius_px = (ring_mm or 0.0) / abs(mm_per_pixel(self._viewer)[0])
        self.paint_over(True)

    def clear(self) -> None:
        """Draw nothing."""
        self.hide()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw dark under the organ's colour, so that it shows on bright and dark tissue."""
        line = QPolygonF(self.pixels(self._line))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(OUTLINE_HALO), 3.0), (self._colour, 1.2)):
            painter.setPen(QPen(colour, width))
            painter.drawPolyline(line)
            if self.radius_px:
                painter.drawEllipse(self.at, self.radius_px, self.radius_px)
        painter.end()
