"""Crosshair over a view: lines where the other planes lie, which let the mouse through."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, QRect, Qt
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.compat.canvas import camera_of
from napari_boundaryseg.ui.views.pixels import to_pixel
from napari_boundaryseg.ui.widgets.appearance import LINE_STYLE
from napari_boundaryseg.ui.widgets.controls import named

GAP = 9
"""Free pixels on each side of the point, so that nothing hides it."""


class Crosshair(QObject):
    """Four lines that meet around one point of a view.

    Parameters
    ----------
    viewer : napari.components.ViewerModel
    canvas : QWidget
    name : str
        The start of the lines' object names.
    """

    def __init__(self, viewer: Any, canvas: QWidget, name: str) -> None:
        super().__init__(canvas)
        self._viewer, self._canvas = viewer, canvas
        self._lines = {side: self._line(f"{name}.line_{side}") for side in ("left", "right", "top", "bottom")}
        self._camera = camera_of(viewer)
        self._sources = (
            self._camera.events.center,
            self._camera.events.zoom,
            self._camera.events.orientation,
            viewer.dims.events.ndisplay,
        )
        for source in self._sources:
            source.connect(self.place)
        canvas.installEventFilter(self)

    def _line(self, name: str) -> QWidget:
        line = named(QWidget(self._canvas), name)
        line.setStyleSheet(LINE_STYLE)
        line.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        line.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        return line

    def point(self) -> tuple[int, int]:
        """The pixel, from the left and from the top, of the point that the viewer's ``dims`` are at."""
        pixel = to_pixel(self._viewer, self._canvas, tuple(self._viewer.dims.point))
        return round(pixel.x()), round(pixel.y())

    def place(self, event: object = None) -> None:
        """Put the lines where the point is now."""
        x, y = self.point()
        width, height = self._canvas.width(), self._canvas.height()
        places = {
            "left": QRect(0, y, x - GAP, 1),
            "right": QRect(x + GAP, y, width - x - GAP, 1),
            "top": QRect(x, 0, 1, y - GAP),
            "bottom": QRect(x, y + GAP, 1, height - y - GAP),
        }
        flat = self._viewer.dims.ndisplay == 2
        for side, line in self._lines.items():
            line.setVisible(flat and places[side].isValid())
            line.setGeometry(places[side])

    def close(self) -> None:
        """Take the lines away."""
        for source in self._sources:
            source.disconnect(self.place)
        self._canvas.removeEventFilter(self)
        for line in self._lines.values():
            line.hide()
            line.deleteLater()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the canvas when it changes its size."""
        if event.type() == QEvent.Type.Resize:
            self.place()
        return False
