"""The part of a scan that a prediction is limited to: from a drawn rectangle, or around an organ."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.labels import read_labels
from napari_boundaryseg.ui.layers.region import draw_region, read_region, remove_region
from napari_boundaryseg.ui.layers.scan_grid import order_of


class DrawnRegion(QObject):
    """The rectangle that a person draws on the scan, and boxes of the scan that are made from it or from the labels."""

    drawn = Signal()
    """The rectangle has changed."""

    def __init__(self, viewer: Any, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self.session = viewer, session
        viewer.layers.events.inserted.connect(self._on_inserted)

    def _on_inserted(self, event: Any) -> None:
        if event.value.metadata.get(access.KIND) == "region":
            event.value.events.data.connect(lambda _: self.drawn.emit())

    def slices(self) -> int:
        """How many slices the plane now shown has."""
        scan = self.session.scan
        return scan.geometry.display.display_shape[self.flat] if scan is not None else 1

    def shown(self) -> int:
        """The slice now shown, counted from 0."""
        dims = self._viewer.dims
        return int(dims.current_step[dims.ndim - 3 + self.flat])

    @property
    def flat(self) -> int:
        """The display axis along which the plane now shown has its slices."""
        return next(iter(order_of(self._viewer)), 0)

    @report_errors
    def draw(self) -> None:
        """Let the person draw a box on the scan."""
        if self.session.scan is not None:
            draw_region(self._viewer, self.session.scan)

    def remove(self) -> None:
        """Remove what is drawn."""
        remove_region(self._viewer)

    def box(self, slices: tuple[int, int]) -> Box:
        """The drawn rectangle, for these slices, as a box on the scan's own array."""
        corners, scan = read_region(self._viewer), self.session.scan
        if corners is None or scan is None:
            raise InputError("The box", "none is drawn yet", "Press Draw a box and drag a rectangle on the scan")
        return from_rectangle(corners, slices, scan.geometry)

    def between(self, slices: tuple[int, int], axis: int) -> Box:
        """All that lies from one slice across a display axis to another, as a box on the scan's own array."""
        scan = self.session.scan
        if scan is None:
            raise InputError("The slices", "no scan is open", "Open one first")
        corners = np.array([(0, 0, 0), [n - 1 for n in scan.geometry.display.display_shape]], float)
        corners[:, axis] = 0
        return from_rectangle(corners, slices, scan.geometry, axis)

    def around(self, organ: str | None, margin_mm: float) -> Box:
        """A box around an organ of the labels in the window, or around all of them."""
        labels = read_labels(self._viewer, self.session.scan)
        if labels is None:
            raise InputError("The region", "there are no labels yet", "Open or draw labels, or choose the whole scan")
        return around_organ(labels, organ, margin_mm)


def from_rectangle(corners: np.ndarray, slices: tuple[int, int], geometry: Geometry, flat: int | None = None) -> Box:
    """A rectangle drawn on the display grid, and the slices that it holds for, as a box on the scan's own array.

    Parameters
    ----------
    corners : (2, 3) array
        Lowest and highest z, y, x of the rectangle, in voxels of the display grid.
    slices : two ints
        First and last slice along the axis that the rectangle is flat in, counted from 0.
    geometry : Geometry
    flat : int, optional
        That axis; else where the rectangle is thinnest.

    Raises
    ------
    InputError
        For a rectangle that holds no voxel of the scan.
    """
    flat = int(np.argmin(corners[1] - corners[0])) if flat is None else flat
    parts = []
    for axis, n in enumerate(geometry.display.display_shape):
        low, high = (slices[0], slices[1]) if axis == flat else (round(corners[0, axis]), round(corners[1, axis]))
        start, stop = max(0, min(low, high)), min(n, max(low, high) + 1)
        if stop - start < 1:
            raise InputError("The box", "it holds no voxel of the scan", "Draw it on the scan")
        parts.append(slice(start, stop))
    return geometry.display.box_from_display(tuple(parts))


def around_organ(labels: LabelMap, organ: str | None, margin_mm: float) -> Box:
    """The smallest box that holds an organ, or every label, and at least ``margin_mm`` more on each side."""
    inside = labels.mask(organ) if organ else labels.array > 0
    box = boxes.around(inside, labels.spacing_mm, margin_mm)
    if box is None:
        raise InputError(organ or "The labels", "nothing is drawn yet", "Draw some voxels of it first")
    return box
