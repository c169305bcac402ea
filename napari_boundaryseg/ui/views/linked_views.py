"""Linked views: one point and one scale, in mm per pixel, for viewers of several planes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from napari_boundaryseg.ui.compat.canvas import camera_of
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid, Voxel, order_of

CLICK_PX = 4
"""A press that moves less than this is a click."""


def zoom_about_point(viewer: Any, zoom: float) -> None:
    """Zoom so that the point of the viewer's ``dims`` stays where it is on the screen."""
    camera, dims = camera_of(viewer), viewer.dims
    share = camera.zoom / zoom
    point = [dims.point[axis] for axis in dims.order[-2:]]
    centre = [at + share * (middle - at) for at, middle in zip(point, camera.center[-2:])]
    camera.zoom = zoom
    camera.center = (camera.center[0], *centre)


def go_to(grid: ScanGrid, voxel: Voxel) -> None:
    """Show the slice of this voxel; the coordinates within the slice change without a word, as nothing is sliced."""
    dims, lead = grid.viewer.dims, grid.viewer.dims.ndim - 3
    point, axis = (*dims.point[:lead], *grid.point(voxel)), lead + next(iter(order_of(grid.viewer)), 0)
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
    grids : sequence of ScanGrid
        One for each viewer, the main one's first.
    moved : callable
        Told when the point has changed.
    """

    def __init__(self, grids: Sequence[ScanGrid], moved: Callable[[], None]) -> None:
        self._grids, self._moved = {grid.viewer: grid for grid in grids}, moved
        self._viewers = tuple(self._grids)
        self.follows_clicks = True
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

    def move_to(self, voxel: Voxel) -> None:
        """Take every view to a voxel of the scan; one that still shows the scan before comes later."""
        if self._busy:
            return
        self._busy = True
        try:
            for grid in self._grids.values():
                if self._is_fresh(grid) and grid.viewer.dims.ndim >= 3:
                    go_to(grid, voxel)
        finally:
            self._busy = False
        self._moved()

    def fit(self) -> None:
        """Show each plane as a whole, all with the same mm per pixel."""
        flat = [viewer for viewer in self._flat() if viewer.layers]
        self._busy = True
        try:
            for viewer in flat:
                self._grids[viewer].fit()
            zooms = [camera_of(viewer).zoom for viewer in flat]
            for viewer in flat:
                camera_of(viewer).zoom = min(zooms)
        finally:
            self._busy = False

    def _is_fresh(self, grid: ScanGrid) -> bool:
        return grid.display is self._grids[self._viewers[0]].display

    def _flat(self) -> list[Any]:
        return [viewer for viewer in self._viewers if viewer.dims.ndisplay == 2]

    def _on_point(self, event: Any) -> None:
        grid = next(grid for viewer, grid in self._grids.items() if viewer.dims is event.source)
        if self._is_fresh(grid):
            self.move_to(grid.voxel())

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
        if event.button != 1 or event.modifiers or mode != "pan_zoom" or not self.follows_clicks:
            return
        start = event.pos
        yield
        while event.type == "mouse_move":
            yield
        if max(abs(event.pos - start)) < CLICK_PX and not event.handled:
            self.go_under(viewer, event.position)

    def _on_move(self, viewer: Any, event: Any) -> None:
        if "Shift" in event.modifiers:
            self.go_under(viewer, event.position)
        active, main = viewer.layers.selection.active, self._viewers[0]
        if viewer is not main and active is not None:
            main.status = active.get_status(event.position, dims_displayed=list(viewer.dims.displayed), world=True)

    def go_under(self, viewer: Any, position: Sequence[float]) -> None:
        """Go to the middle of the voxel at a position in a view."""
        if viewer.dims.ndisplay == 2 and viewer.dims.ndim >= 3:
            self.move_to(self._grids[viewer].nearest(position))
