"""What is painted over the canvas of a view, and lets the mouse through."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from qtpy.QtCore import QEvent, QObject, QPointF, Qt
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.views.pixels import to_pixel
from napari_boundaryseg.ui.widgets.controls import named


class CanvasMark(QWidget):
    """As large as the canvas; hidden until there is something to paint.

    Parameters
    ----------
    name : str
        Its object name.
    viewer : Viewer
    canvas : QWidget
    """

    def __init__(self, name: str, viewer: Any, canvas: QWidget) -> None:
        super().__init__(canvas)
        named(self, name)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._viewer, self._canvas = viewer, canvas
        canvas.installEventFilter(self)
        self.hide()

    def paint_over(self, something: bool) -> None:
        """Paint anew, or be hidden."""
        self.setGeometry(self._canvas.rect())
        self.setVisible(something)
        self.update()

    def pixels(self, points: Iterable[tuple[float, ...]]) -> list[QPointF]:
        """Where the view shows points of the scan, in mm."""
        lead = tuple(self._viewer.dims.point)[:-3]
        return [to_pixel(self._viewer, self._canvas, (*lead, *point)) for point in points]

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Follow the canvas when it changes its size."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self.setGeometry(self._canvas.rect())
        return False
