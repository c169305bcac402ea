"""Patient directions (R, L, A, P, S, I) at the edges of a view, and the radiological view."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import QLabel, QWidget

from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget
from napari_boundaryseg.ui.layers.scan_grid import order_of
from napari_boundaryseg.ui.widgets.appearance import LETTER_STYLE
from napari_boundaryseg.ui.widgets.controls import named

GROWS = ("S", "P", "L")
"""Where the display axes z, y, x grow towards."""
OPPOSITE = {"S": "I", "I": "S", "P": "A", "A": "P", "L": "R", "R": "L"}
ORDERS = {"Axial": (0, 1, 2), "Coronal": (1, 0, 2), "Sagittal": (2, 0, 1)}
MARGIN = 6


def letters(order: tuple[int, ...], up: bool = False, left: bool = False) -> dict[str, str]:
    """The letter at each edge of the view.

    Parameters
    ----------
    order : tuple of int
        The display axes; the last two are shown vertically and horizontally.
    up, left : bool
        Whether the vertical axis grows upwards, the horizontal one to the left.
    """
    vertical, horizontal = GROWS[order[-2]], GROWS[order[-1]]
    bottom = OPPOSITE[vertical] if up else vertical
    right = OPPOSITE[horizontal] if left else horizontal
    return {"top": OPPOSITE[bottom], "bottom": bottom, "left": OPPOSITE[right], "right": right}


def set_view(viewer: Any, name: str) -> None:
    """Show one of the three planes, head up where the head is in the plane."""
    viewer.dims.ndisplay = 2
    viewer.dims.order = ORDERS[name]
    viewer.reset_view()


class OrientationLetters(QObject):
    """Four letters over a viewer's canvas, by default the main window's; they let the mouse through."""

    view_changed = Signal(str)

    def __init__(self, viewer: Any, canvas: QWidget | None = None, name: str = "orientation") -> None:
        self._canvas: QWidget = canvas or canvas_widget(viewer)
        super().__init__(self._canvas)
        self._viewer, self._name = viewer, name
        self.labels = {edge: self._label(edge) for edge in ("top", "bottom", "left", "right")}
        self._canvas.installEventFilter(self)
        self._sources = (
            viewer.dims.events.order,
            viewer.dims.events.ndisplay,
            viewer.dims.events.ndim,
            camera_of(viewer).events.orientation,
        )
        for source in self._sources:
            source.connect(self._on_change)
        self.active = False
        self.update()

    def _label(self, edge: str) -> QLabel:
        label = named(QLabel(self._canvas), f"{self._name}.{edge}", f"Patient direction at the {edge}")
        label.setStyleSheet(LETTER_STYLE)
        label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        return label

    def set_active(self, active: bool) -> None:
        """Show the letters only while a scan of ours is shown."""
        self.active = active
        self._on_change()

    def close(self) -> None:
        """Listen no longer."""
        for source in self._sources:
            source.disconnect(self._on_change)

    def _on_change(self, event: object = None) -> None:
        order = order_of(self._viewer)
        if self.active and self._viewer.dims.ndisplay == 2 and order:
            wanted = "up" if order[-2] == 0 else "down"
            camera = camera_of(self._viewer)
            if str(camera.orientation2d[0]) != wanted:
                camera.orientation2d = (wanted, "right")
        self.view_changed.emit(next((name for name, axes in ORDERS.items() if axes == order), ""))
        self.update()

    def update(self) -> None:
        """Write the letters for the plane now shown, and put them at the edges."""
        order = order_of(self._viewer)
        shown = self.active and self._viewer.dims.ndisplay == 2 and bool(order)
        if shown:
            vertical, horizontal = (str(way) for way in camera_of(self._viewer).orientation2d)
            for edge, letter in letters(order, vertical == "up", horizontal == "left").items():
                self.labels[edge].setText(letter)
                self.labels[edge].adjustSize()
        for label in self.labels.values():
            label.setVisible(shown)
        self._place()

    def _place(self) -> None:
        width, height = self._canvas.width(), self._canvas.height()
        for edge, label in self.labels.items():
            x, y = (width - label.width()) // 2, (height - label.height()) // 2
            x = {"left": MARGIN, "right": width - label.width() - MARGIN}.get(edge, x)
            y = {"top": MARGIN, "bottom": height - label.height() - MARGIN}.get(edge, y)
            label.move(x, y)
            label.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the canvas when it changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False
