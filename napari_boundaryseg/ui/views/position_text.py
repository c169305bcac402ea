"""Position of the plane in view, as text in a corner of its canvas: "slice 10 of 19 · 27.0 mm"."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtWidgets import QLabel, QWidget

from napari_boundaryseg.ui.layers.scan_grid import ScanGrid, order_of
from napari_boundaryseg.ui.widgets.appearance import POSITION_STYLE
from napari_boundaryseg.ui.widgets.controls import named

MARGIN, LETTER = 6, 28
"""Pixels; a letter of the patient's directions stands at the middle of the lower edge."""


def position_text(index: int, n: int, step_mm: float) -> str:
    """The slice, counted from 1, and how far it is from the first.

    Examples
    --------
    >>> position_text(9, 19, 3.0)
    'slice 10 of 19 · 27.0 mm'
    """
    return f"slice {index + 1} of {n} · {index * step_mm:.1f} mm"


class PositionText(QObject):
    """A line over a canvas, at its lower left, while a scan is shown flat; it lets the mouse through.

    Parameters
    ----------
    grid : ScanGrid
    canvas : QWidget
    name : str
        The line's object name.
    """

    def __init__(self, grid: ScanGrid, canvas: QWidget, name: str) -> None:
        super().__init__(canvas)
        self._grid, self._canvas = grid, canvas
        self.label = named(QLabel(canvas), name, "Position")
        self.label.setStyleSheet(POSITION_STYLE)
        self.label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        events = grid.viewer.dims.events
        self._sources = (events.point, events.range, events.order, events.ndisplay)
        for source in self._sources:
            source.connect(self.update)
        canvas.installEventFilter(self)
        self.update()

    def update(self, event: object = None) -> None:
        """Write where the view is now."""
        grid, order = self._grid, order_of(self._grid.viewer)
        shown = grid.display is not None and grid.viewer.dims.ndisplay == 2 and bool(order)
        if shown:
            axis = order[0]
            self.label.setText(position_text(grid.voxel()[axis], grid.shape[axis], grid.scale_mm[axis]))
            self.label.setAccessibleName(self.label.text())
            self.label.adjustSize()
        self.label.setVisible(shown)
        self._place()

    def close(self) -> None:
        """Listen no longer."""
        for source in self._sources:
            source.disconnect(self.update)
        self._canvas.removeEventFilter(self)

    def _place(self) -> None:
        above = LETTER if self.label.width() + MARGIN + LETTER > self._canvas.width() / 2 else 0
        self.label.move(MARGIN, self._canvas.height() - self.label.height() - MARGIN - above)
        self.label.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the canvas when it changes its size."""
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False
