"""Look at a place of the scan: its slice in the right plane, the place in the middle of the view."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget, view_canvas
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.views import orientation
from napari_boundaryseg.ui.views.three_planes import ThreePlanes

FIELD_MM = 120.0
"""A view that shows more than this across is zoomed in: a piece of border is seen in it."""


class Look:
    """Takes every view of a window to a place.

    Parameters
    ----------
    grid : ScanGrid
        Of the main view.
    planes : ThreePlanes
    """

    def __init__(self, grid: ScanGrid, planes: ThreePlanes) -> None:
        self._grid, self._planes = grid, planes

    def at(self, place: Sequence[float], axis: int) -> None:
        """Show a place, z, y, x in voxels of the display grid, in a view of the plane across an axis.

        The main view takes that plane where no other view shows it; one that shows a volume shows slices again.
        """
        viewer, grid = self._grid.viewer, self._grid
        if grid.display is None:
            return
        if viewer.dims.ndisplay != 2:
            viewer.dims.ndisplay = 2
        if grid.axis != axis and not self._planes.is_open:
            orientation.set_view(viewer, next(name for name, order in orientation.ORDERS.items() if order[0] == axis))
        grid.go_to(grid.nearest(grid.point(place)))
        self._zoom_in(viewer)
        for one in self._grids():
            self._centre(one.viewer, grid.point(place))

    def shows(self, axis: int, slices: Sequence[int]) -> bool:
        """Whether any view shows one of these slices across an axis."""
        return any(grid.axis == axis and grid.slice() in slices for grid in self._grids())

    def _grids(self) -> Iterator[ScanGrid]:
        for grid in (self._grid, *(view.grid for view in self._planes.views if self._planes.is_open)):
            if grid.is_flat:
                yield grid

    def _zoom_in(self, viewer: Any) -> None:
        """Let a piece of border be seen; the other views take the same scale."""
        size = canvas_widget(viewer).size()
        across, camera = min(size.width(), size.height()), camera_of(viewer)
        for view in self._planes.views if self._planes.is_open else ():
            canvas = view_canvas(view.widget)
            across = min(across, canvas.width(), canvas.height())
        if across > 0 and across / camera.zoom > FIELD_MM:
            camera.zoom = across / FIELD_MM

    @staticmethod
    def _centre(viewer: Any, point: Sequence[float]) -> None:
        camera, shown = camera_of(viewer), viewer.dims.order[-2:]
        lead = viewer.dims.ndim - 3
        camera.center = (camera.center[0], *(point[axis - lead] for axis in shown))
