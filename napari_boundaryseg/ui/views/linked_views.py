"""Linked views: one point and one scale, in mm per pixel, for viewers of several planes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from napari_boundaryseg.ui.compat.canvas import camera_of

CLICK_PX = 4
"""A press that moves less than this is a click."""
Point = tuple[float, ...]
"""z, y, x, in mm."""


def zoom_about_point(viewer: Any, zoom: float) -> None:
    """Zoom so that the point of the viewer's ``dims`` stays where it is on the screen."""
    camera, dims = camera_of(viewer), viewer.dims
    share = camera.zoom / zoom
    point = [dims.point[axis] for axis in dims.order[-2:]]
    centre = [at + share * (middle - at) for at, middle in zip(point, camera.center[-2:])]
    camera.zoom = zoom
    camera.center = (camera.center[0], *centre)


def go_to(viewer: Any, point: Point) -> None:
    """Show the slice of this point; the coordinates within the slice change without a word, as nothing is sliced."""
    dims, axis = viewer.dims, viewer.dims.order[0]
    within = (*point[:axis], dims.point[axis], *point[axis + 1 :])
    if within != dims.point:
        with dims.events.blocker_all():
            dims.point = within
    dims.set_point(axis, point[axis])


class LinkedViews:
    """Keeps the viewers at one point and at the same mm per pixel, until `close`.

    A click on a view that is not drawn on, or moving the mouse with Shift held, takes the others to that point.

    Parameters
    ----------
    viewers : sequence of ViewerModel
        The main one first.
    moved : callable
        Told when the point has changed.
    """

    def __init__(self, viewers: Sequence[Any], moved: Callable[[], None]) -> None:
        self._viewers, self._moved = tuple(viewers), moved
        self._busy = False
        self._heard: list[tuple[Any, Any]] = []
        for viewer in self._viewers:
            self._heard += [
                (viewer.dims.events.point, self._on_point),
                (viewer.events.reset_view, self._on_reset),
                (camera_of(viewer).events.zoom, self._on_zoom),
            ]
            viewer.mouse_drag_callbacks.append(self._on_press)
            viewer.mouse_move_callbacks.append(self._on_move)
        for source, slot in self._heard:
            source.connect(slot)

    def close(self) -> None:
        """Let each viewer go its own way."""
        for source, slot in self._heard:
            source.disconnect(slot)
        for viewer in self._viewers:
            viewer.mouse_drag_callbacks.remove(self._on_press)
            viewer.mouse_move_callbacks.remove(self._on_move)

    def move_to(self, point: Point) -> None:
        """Take every view to a point."""
        if self._busy or any(viewer.dims.ndim != len(point) for viewer in self._viewers):
            return
        self._busy = True
        try:
            for viewer in self._viewers:
                go_to(viewer, point)
        finally:
            self._busy = False
        self._moved()

    def fit(self) -> None:
        """Show each plane as a whole, all with the same mm per pixel."""
        flat = [viewer for viewer in self._flat() if viewer.layers]
        self._busy = True
        try:
            for viewer in flat:
                viewer.fit_to_view()
            zooms = [camera_of(viewer).zoom for viewer in flat]
            for viewer in flat:
                camera_of(viewer).zoom = min(zooms)
        finally:
            self._busy = False

    def _flat(self) -> list[Any]:
        return [viewer for viewer in self._viewers if viewer.dims.ndisplay == 2]

    def _on_point(self, event: Any) -> None:
        self.move_to(tuple(event.source.point))

    def _on_reset(self, event: object = None) -> None:
        if not self._busy:
            self.fit()

    def _on_zoom(self, event: Any) -> None:
        flat = self._flat()
        if self._busy or all(camera_of(viewer) is not event.source for viewer in flat):
            return
        self._busy = True
        try:
            for viewer in flat:
                if camera_of(viewer) is not event.source:
                    zoom_about_point(viewer, event.source.zoom)
        finally:
            self._busy = False

    def _on_press(self, viewer: Any, event: Any) -> Iterator[None]:
        mode = str(getattr(viewer.layers.selection.active, "mode", "pan_zoom"))
        if event.button != 1 or event.modifiers or mode != "pan_zoom":
            return
        start = event.pos
        yield
        while event.type == "mouse_move":
            yield
        if max(abs(event.pos - start)) < CLICK_PX and not event.handled:
            self._go_under(viewer, event)

    def _on_move(self, viewer: Any, event: Any) -> None:
        if "Shift" in event.modifiers:
            self._go_under(viewer, event)
        active, main = viewer.layers.selection.active, self._viewers[0]
        if viewer is not main and active is not None:
            main.status = active.get_status(event.position, dims_displayed=list(viewer.dims.displayed), world=True)

    def _go_under(self, viewer: Any, event: Any) -> None:
        """Go to the middle of the voxel under the mouse."""
        if viewer.dims.ndisplay != 2 or viewer.dims.ndim != 3:
            return
        steps = [round((at - axis.start) / axis.step) for at, axis in zip(event.position, viewer.dims.range)]
        within = [min(max(n, 0), total - 1) for n, total in zip(steps, viewer.dims.nsteps)]
        self.move_to(tuple(axis.start + n * axis.step for n, axis in zip(within, viewer.dims.range)))
