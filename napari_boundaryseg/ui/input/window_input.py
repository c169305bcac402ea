"""Keys and mouse of one window: its keyboard, a mouse for each view, and what both of them need."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtCore import QObject, QPointF

from napari_boundaryseg.ui.compat.canvas import canvas_widget, view_canvas, without_brush_box
from napari_boundaryseg.ui.compat.window import main_window
from napari_boundaryseg.ui.control.viewer_controller import ViewerController
from napari_boundaryseg.ui.input import habits
from napari_boundaryseg.ui.input.habits import Habits
from napari_boundaryseg.ui.input.help_sheet import HelpSheet
from napari_boundaryseg.ui.input.key_actions import KeyActions
from napari_boundaryseg.ui.input.keyboard import Keyboard
from napari_boundaryseg.ui.input.mouse import Drag, Mouse
from napari_boundaryseg.ui.input.status_help import StatusHelp
from napari_boundaryseg.ui.keys import DOWN, MODES
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.tools.bare_scan import BareScan
from napari_boundaryseg.ui.tools.draw_tools import TOOLS
from napari_boundaryseg.ui.tools.outline import DRAWN_PX, REACH_PX
from napari_boundaryseg.ui.views.grey_window import drag_window
from napari_boundaryseg.ui.views.marks.polygon_view import PolygonView
from napari_boundaryseg.ui.views.marks.stroke_mark import StrokeMark
from napari_boundaryseg.ui.views.pixels import mm_per_pixel, to_point


class WindowInput(QObject):
    """Made once for a viewer, beside its controller.

    Parameters
    ----------
    controller : ViewerController
    """

    def __init__(self, controller: ViewerController) -> None:
        super().__init__(controller)
        self._controller, self._tools, self._planes = controller, controller.tools, controller.view.planes
        self._viewer = controller.viewer
        self.habits, self.bare = Habits(self), BareScan(controller.viewer)
        self._views: list[tuple[Mouse, PolygonView, StrokeMark]] = [
            self._watch(controller.grid, canvas_widget(self._viewer))
        ]
        self._over: Mouse | None = None
        self._at: QPointF | None = None
        """Where the mouse is in it."""
        acts = KeyActions(controller, self.view, self.habits.has, self.bare).acts()
        self.keyboard = Keyboard(main_window(self._viewer), acts)
        self._status = StatusHelp(controller, self)
        controller.keys_asked.connect(self.show_help)
        self._planes.changed.connect(self._on_planes)
        self.habits.changed.connect(self._on_habit)
        self._on_habit(habits.CLICK)
        outline = self._tools.outline
        for source in (outline.told, self._tools.own.told):
            source.connect(lambda why: controller.session.say("info", why))
        self._viewer.dims.events.ndisplay.connect(lambda event: self._tools.own.end())
        outline.changed.connect(self._show_outline)
        self._tools.tool_changed.connect(self._show_outline)
        self._tools.tool_changed.connect(self._renew_ring)
        self._tools.own.changed.connect(self._renew_ring)
        self._tools.own.set_otherwise.connect(self._say_ring)
        self.bare.changed.connect(self._show_outline)
        self.bare.changed.connect(self._show_labels)

    def view(self) -> ScanGrid:
        """The grid of the plane that the mouse is over, else of the main one."""
        return self._over.grid if self._over is not None else self._controller.grid

    def show_help(self) -> None:
        """Show the keys, and the habits to choose from."""
        HelpSheet(self.habits, main_window(self._viewer)).show()

    def _watch(self, grid: ScanGrid, canvas: Any) -> tuple[Mouse, PolygonView, StrokeMark]:
        viewer = grid.viewer
        without_brush_box(viewer)
        viewer.dims.events.point.connect(self._show_outline)
        viewer.dims.events.point.connect(lambda event: self._renew_ring())
        viewer.dims.events.order.connect(self._show_outline)
        return Mouse(grid, canvas, self), PolygonView(viewer, canvas), StrokeMark(viewer, canvas)

    def _on_planes(self, are_open: bool) -> None:
        self._tools.own.end()  # no release comes from a view that is gone
        del self._views[1:]
        self._over = None
        if are_open:
            self._views += [self._watch(view.grid, view_canvas(view.widget)) for view in self._planes.views]
        self._show_outline()

    def _on_habit(self, name: str) -> None:
        self._planes.follow_clicks(self.habits.has(habits.CLICK))

    # What the mouse asks.
    def press(self, view: Mouse, at: QPointF, shift: bool) -> Drag | None:
        """With a tool: Shift goes to that point, the polygon sets or moves a corner; the rest is napari's."""
        if self.bare.is_on:
            return lambda now: None
        mode = self._mode(view)
        if shift and mode != DOWN and self._planes.is_open and self.habits.has(habits.CLICK):
            go = lambda now: self._planes.go_under(view.viewer, to_point(view.viewer, view.canvas, now))  # noqa: E731
            go(at)
            return go
        if mode in TOOLS and not self._tools.layer.visible:
            self._tools.layer.visible = True  # what nobody sees is not drawn on
            return lambda now: None
        if mode in TOOLS:
            self._tools.own.begin(self._tools.layer, view.grid.axis, view.point(at))
            return partial(self._go_on, view)
        if mode != MODES["polygon"]:
            return None
        outline, reach = self._tools.outline, REACH_PX * abs(mm_per_pixel(view.viewer)[0])
        corner = outline.press(self._tools.layer, view.grid.axis, view.grid.slice(), view.point(at), reach)
        step = DRAWN_PX * abs(mm_per_pixel(view.viewer)[0])
        return lambda now: outline.drag(corner, view.point(now), step) if corner is not None else None

    def _go_on(self, view: Mouse, at: QPointF) -> None:
        if self._tools.own.stroke is not None:
            self._over, self._at = view, at
            self._tools.own.move(view.point(at))

    def release(self, view: Mouse) -> None:
        """The stroke of a tool of ours is a step; what was drawn of a polygon by hand has its corners."""
        self._tools.own.end()
        self._tools.outline.release(DRAWN_PX * abs(mm_per_pixel(view.viewer)[0]))

    def press_twice(self, view: Mouse) -> bool:
        """The polygon is applied."""
        if self._mode(view) != MODES["polygon"]:
            return self.bare.is_on
        if self._tools.has_outline():
            self._tools.outline.apply()
        return True

    def hover(self, view: Mouse, at: QPointF | None) -> None:
        """Keys are about this view now; the polygon's next edge follows the mouse."""
        self._over, self._at = view if at is not None else None, at
        outline = self._tools.outline
        mode = self._mode(view)
        if outline.is_open and mode == MODES["polygon"] and self._shows_outline(view.grid):
            outline.hover(view.point(at) if at is not None else None)
        self._show_ring(view, at if mode in TOOLS and not self.bare.is_on else None)

    def drag_window(self) -> Callable[[float, float], object]:
        """The grey levels change; the status bar says to what, the list of windows that they were set by hand."""
        return drag_window(self._viewer, self._say_window)

    def _say_window(self, text: str) -> None:
        self._viewer.status = text
        self._controller.view.window_by_hand.emit()

    def resize(self, notches: int) -> None:
        """The brush changes."""
        self._tools.resize_brush(notches)

    def _mode(self, view: Mouse) -> str:
        """The tool in hand in a view; none where another layer is active."""
        active = view.viewer.layers.selection.active
        on_labels = self._viewer.layers.selection.active is self._tools.layer is not None
        return (self._tools.own.in_hand or str(active.mode)) if on_labels and active is not None else DOWN

    def _say_ring(self) -> None:
        ring = self._tools.own.ring_mm()
        if ring is not None:
            self._viewer.status = f"Ring: {ring:.1f} mm"

    def _renew_ring(self) -> None:
        """The ring of the tool in hand where the mouse is, and no line of a stroke that is over."""
        view = self._over
        in_hand = view is not None and self._mode(view) in TOOLS and not self.bare.is_on
        self._show_ring(view, self._at if in_hand else None)

    def _show_ring(self, view: Mouse | None, at: QPointF | None) -> None:
        """The ring of the tool in hand and the line of its stroke, where the mouse is; in no other view."""
        own = self._tools.own
        for mouse, _, mark in self._views:
            if mouse is not view or at is None:
                mark.clear()
                continue
            line = own.stroke.points if own.stroke is not None and own.stroke.tool.has_line else []
            mark.show_stroke(at, own.ring_mm(), line, self._tools.colour())

    def _shows_outline(self, grid: ScanGrid) -> bool:
        return grid.is_flat and self._tools.outline.lies_in(grid.axis, grid.slice())

    def _show_labels(self) -> None:
        self._controller.view.outlines.set_bare(self.bare.is_on)

    def _show_outline(self, event: object = None) -> None:
        outline, in_hand = self._tools.outline, self._tools.state()[0] == MODES["polygon"]
        drawn = in_hand and self._tools.has_outline() and not self.bare.is_on
        colour = self._tools.colour() if drawn else ""
        for mouse, picture, _ in self._views:
            here = drawn and self._shows_outline(mouse.grid)
            shown = (outline.corners, outline.shown, outline.ahead) if here else ([], [], [])
            picture.show_outline(*shown, colour)
