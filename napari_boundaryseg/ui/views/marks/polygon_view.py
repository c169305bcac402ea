"""A polygon in work, drawn over a view: a thin line of constant width, and its corners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.compat.canvas import camera_of
from napari_boundaryseg.ui.views.marks.canvas_mark import CanvasMark
from napari_boundaryseg.ui.widgets.appearance import OUTLINE_HALO

CORNER_PX = 4
"""Half the side of a corner's square."""


class PolygonView(CanvasMark):
    """The corners on one slice, and the edges between them."""

    def __init__(self, viewer: Any, canvas: QWidget) -> None:
        super().__init__("outline", viewer, canvas)
        self._points: list[tuple[float, ...]] = []
        self._line: list[tuple[float, ...]] = []
        self._ahead: list[tuple[float, ...]] = []
        self._colour = QColor()
        camera = camera_of(viewer)
        for source in (camera.events.center, camera.events.zoom, camera.events.orientation):
            source.connect(self._redraw)

    def show_outline(
        self,
        points: Sequence[tuple[float, ...]],
        line: Sequence[tuple[float, ...]],
        ahead: Sequence[tuple[float, ...]],
        colour: str,
    ) -> None:
        """Draw these corners, in mm, the line through them, and, dotted, the way on from the last one."""
        self._points, self._line, self._ahead, self._colour = list(points), list(line), list(ahead), QColor(colour)
        self.paint_over(bool(points))

    def _redraw(self, event: object = None) -> None:
        if self.isVisible():
            self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw dark under the organ's colour, so that it shows on bright and dark tissue."""
        corners, line, ahead = (self.pixels(points) for points in (self._points, self._line, self._ahead))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for colour, width in ((QColor(OUTLINE_HALO), 3.5), (self._colour, 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawPolyline(QPolygonF(line))
            painter.setPen(QPen(colour, width, Qt.PenStyle.DotLine))
            painter.drawPolyline(QPolygonF(ahead))
        painter.setPen(QPen(QColor(OUTLINE_HALO), 1))
        painter.setBrush(self._colour)
        for corner in corners:
            self._square(painter, corner)
        painter.end()

    @staticmethod
    def _square(painter: QPainter, at: QPointF) -> None:
        painter.drawRect(round(at.x()) - CORNER_PX, round(at.y()) - CORNER_PX, 2 * CORNER_PX, 2 * CORNER_PX)
