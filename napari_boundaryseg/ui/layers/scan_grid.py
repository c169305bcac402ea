"""The scan's own grid in a viewer: which slice is in view, how far the sliders go, where its middle is, what fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.geometry import DisplayGrid
from napari_boundaryseg.ui.compat.canvas import fit_camera, fitted_to_all
from napari_boundaryseg.ui.compat.layer_range import keep_range

Voxel = tuple[int, int, int]
"""z, y, x on the display grid."""


class ScanGrid:
    """Asks and moves a viewer in voxels of the one scan that it shows, whatever other layers are there.

    napari counts slices in the smallest voxels of all layers, over the extent of all layers, also of hidden ones and of
    those of other plugins. Where a layer has more axes, the scan's z, y and x are the viewer's last three.

    Parameters
    ----------
    viewer : ViewerModel
    """

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer
        self.display: DisplayGrid | None = None
        self.shape: Voxel = (1, 1, 1)
        """The scan's voxels along z, y, x."""
        self.scale_mm = (1.0, 1.0, 1.0)
        viewer.events.reset_view.connect(self._on_reset)

    def show(self, display: DisplayGrid | None, voxel: Voxel | None = None) -> None:
        """Be about another scan, whose layers are there: the whole of it fits, at a voxel, or at its middle."""
        self.display = display
        if display is None:
            keep_range(self.viewer, ())
            return
        self.shape, self.scale_mm = display.display_shape, display.scale_mm
        keep_range(self.viewer, tuple((0.0, _stop(n, mm), mm) for n, mm in zip(self.shape, self.scale_mm)))
        z, y, x = self.shape
        self.go_to(voxel or (z // 2, y // 2, x // 2))
        self.fit()

    def nearest(self, point: Sequence[float]) -> Voxel:
        """The voxel of the scan that is nearest to a point of the viewer, by its last three coordinates."""
        axes = zip(point[-3:], self.scale_mm, self.shape, strict=True)
        z, y, x = (min(max(round(at / step), 0), n - 1) for at, step, n in axes)
        return z, y, x

    def voxel(self) -> Voxel:
        """Where the viewer is."""
        point = self.viewer.dims.point
        return self.nearest(point) if len(point) >= 3 else (0, 0, 0)

    def point(self, voxel: Sequence[float]) -> tuple[float, ...]:
        """The middle of a voxel, in mm."""
        return tuple(at * step for at, step in zip(voxel, self.scale_mm, strict=True))

    def go_to(self, voxel: Sequence[int]) -> None:
        """Go to a voxel: the planes through it are shown."""
        dims = self.viewer.dims
        if self.display is not None and dims.ndim >= 3:
            dims.point = (*dims.point[:-3], *self.point(voxel))

    @property
    def is_flat(self) -> bool:
        """Whether the viewer shows slices of the scan."""
        return self.display is not None and self.viewer.dims.ndisplay == 2 and bool(order_of(self.viewer))

    @property
    def axis(self) -> int:
        """The scan's axis, z, y or x, across which a flat view looks."""
        return order_of(self.viewer)[0]

    def slice(self) -> int:
        """The slice that a flat view shows, counted from 0."""
        return self.voxel()[self.axis]

    def show_slice(self, at: int) -> None:
        """Show a slice in a flat view, or the nearest that there is."""
        axis = self.axis
        at = min(max(at, 0), self.shape[axis] - 1)
        self.viewer.dims.set_point(self.viewer.dims.order[-3], at * self.scale_mm[axis])

    def step(self, by: int) -> None:
        """Go some slices on in a flat view, or back."""
        if by:
            self.show_slice(self.slice() + by)

    def go_into(self, box: Box) -> None:
        """Go to the middle of a box along each axis along which the viewer is not within it."""
        self.go_to([at if b.start <= at < b.stop else (b.start + b.stop) // 2 for at, b in zip(self.voxel(), box)])

    def fit(self) -> None:
        """Show the whole scan, as large as the canvas allows."""
        dims = self.viewer.dims
        lead = dims.ndim - 3
        shown = [axis - lead for axis in dims.displayed]
        if self.display is not None and min(shown) >= 0:
            low = np.array([-0.5 * self.scale_mm[axis] for axis in shown])
            high = np.array([(self.shape[axis] - 0.5) * self.scale_mm[axis] for axis in shown])
            fit_camera(self.viewer, low, high)

    def _on_reset(self, event: object = None) -> None:
        """Napari has fitted every layer: its button, its menu, another plane. A script may name layers of its own."""
        if fitted_to_all(self.viewer):
            self.fit()


def order_of(viewer: Any) -> tuple[int, ...]:
    """The scan's axes z, y, x, as 0, 1 and 2, in the order in which a viewer shows them; none where it shows others."""
    order, lead = tuple(viewer.dims.order), viewer.dims.ndim - 3
    return () if lead < 0 or min(order[-2:]) < lead else tuple(axis - lead for axis in order if axis >= lead)


def _stop(n: int, step: float) -> float:
    """Where the last voxel is. napari cuts the number of steps down to a whole one, and may lose it by rounding."""
    stop = (n - 1) * step
    return stop if int(stop / step) == n - 1 else math.nextafter(stop, math.inf)
