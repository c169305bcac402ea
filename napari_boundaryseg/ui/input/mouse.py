"""The mouse of one view, as in a reading room: slices, zoom, grey levels, moving the scan, corners of a polygon."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from qtpy.QtCore import QEvent, QObject, QPointF, Qt
from qtpy.QtWidgets import QWidget

from napari_boundaryseg.ui.compat.canvas import camera_of
from napari_boundaryseg.ui.compat.events import position, typed
from napari_boundaryseg.ui.input import habits
from napari_boundaryseg.ui.input.habits import Habits
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.views.pixels import mm_per_pixel, to_point

PRESS, RELEASE, TWICE = QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonRelease, QEvent.Type.MouseButtonDblClick
MOVE, WHEEL, GONE = QEvent.Type.MouseMove, QEvent.Type.Wheel, QEvent.Type.Leave
HEARD = (PRESS, RELEASE, TWICE, MOVE, WHEEL, GONE)
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
NOTCH = 120
"""What Qt counts for one notch of a wheel; a touchpad sends less at a time."""
ZOOM = 1.15
"""Times a notch."""
Drag = Callable[[QPointF], object]
"""Told where the mouse is now."""


class Tools(Protocol):
    """What the mouse needs beside its own view; `Input` is it."""

    habits: Habits

    def press(self, view: Mouse, at: QPointF, shift: bool) -> Drag | None:
        """The left button is down in a view: what follows the mouse now, or None where napari is to have it."""

    def release(self, view: Mouse) -> None:
        """The left button is up, here or elsewhere."""

    def press_twice(self, view: Mouse) -> bool:
        """A double click; whether it is used up."""

    def hover(self, view: Mouse, at: QPointF | None) -> None:
        """The mouse moves over a view without a button, or has left it."""

    def drag_window(self) -> Callable[[float, float], object]:
        """What changes the grey levels by pixels to the right and downwards."""

    def resize(self, notches: int) -> None:
        """Larger or smaller brush."""


class Mouse(QObject):
    """Hears the mouse before napari does, in one flat view of our scan; what it does not use, napari has.

    Parameters
    ----------
    grid : ScanGrid
        Of the view.
    canvas : QWidget
    tools : Tools
    """

    def __init__(self, grid: ScanGrid, canvas: QWidget, tools: Tools) -> None:
        super().__init__(canvas)
        self.grid, self.viewer, self.canvas, self._tools = grid, grid.viewer, canvas, tools
        self._drag: Drag | None = None
        self._button = Qt.MouseButton.NoButton
        self._turned = 0.0
        canvas.installEventFilter(self)

    def point(self, at: QPointF) -> tuple[float, ...]:
        """z, y and x in mm under a pixel."""
        return to_point(self.viewer, self.canvas, at)[-3:]

    def eventFilter(self, watched: QObject | None, event: Any) -> bool:
        """Use an event up, or let it pass."""
        kind = event.type()
        if kind not in HEARD or not self.grid.is_flat:
            return False
        event = typed(event)
        if kind == GONE:
            self._tools.hover(self, None)
            return False
        if kind == WHEEL:
            return self._wheel(event)
        if self._drag is not None:
            return self._dragged(kind, event)
        if kind == MOVE:
            if event.buttons() == Qt.MouseButton.NoButton:
                self._tools.hover(self, position(event))
            return False
        if kind == TWICE and event.button() == LEFT and self._tools.press_twice(self):
            return True
        if kind in (PRESS, TWICE):
            self._drag, self._button = self._begin(event), event.button()
        return self._drag is not None

    def _dragged(self, kind: QEvent.Type, event: Any) -> bool:
        if kind == MOVE and event.buttons() & self._button and self._drag is not None:
            self._drag(position(event))
        elif kind == MOVE or (kind == RELEASE and event.button() == self._button):  # or released elsewhere
            self._drag = None
            if self._button == LEFT:
                self._tools.release(self)
        return True

    def _begin(self, event: Any) -> Drag | None:
        at, wanted = position(event), self._tools.habits
        if event.button() == LEFT:
            return self._tools.press(self, at, event.modifiers() == SHIFT)
        if event.button() == RIGHT and wanted.has(habits.WINDOW):
            change = self._tools.drag_window()
            return lambda now: change(now.x() - at.x(), now.y() - at.y())
        if event.button() == MIDDLE and wanted.has(habits.PAN):
            return self._move_from(at)
        return None

    def _move_from(self, at: QPointF) -> Drag:
        camera = camera_of(self.viewer)
        start, (down, right) = camera.center[-2:], mm_per_pixel(self.viewer)

        def move(now: QPointF) -> None:
            y, x = start[0] - (now.y() - at.y()) * down, start[1] - (now.x() - at.x()) * right
            camera.center = (camera.center[0], y, x)

        return move

    def _wheel(self, event: Any) -> bool:
        keys, delta = event.modifiers(), event.angleDelta()
        room = self._tools.habits.has(habits.WHEEL)
        if keys not in (Qt.KeyboardModifier.NoModifier, SHIFT, CONTROL) or (keys != SHIFT and not room):
            return False
        if event.buttons() != Qt.MouseButton.NoButton:  # a stroke never goes on in another slice
            return True
        self._turned += (delta.y() or delta.x()) / NOTCH  # macOS turns the wheel sideways with Shift
        notches = int(self._turned)
        self._turned -= notches
        if keys == CONTROL:
            self._zoom(ZOOM ** ((delta.y() or delta.x()) / NOTCH), position(event))
        elif keys == SHIFT:
            self._tools.resize(notches)
        else:
            self.grid.step(notches)
        return True

    def _zoom(self, times: float, at: QPointF) -> None:
        """Zoom so that what is under the mouse stays there."""
        camera, before = camera_of(self.viewer), to_point(self.viewer, self.canvas, at)
        camera.zoom *= times
        after, shown = to_point(self.viewer, self.canvas, at), self.viewer.dims.order[-2:]
        y, x = (middle + before[axis] - after[axis] for middle, axis in zip(camera.center[-2:], shown))
        camera.center = (camera.center[0], y, x)
