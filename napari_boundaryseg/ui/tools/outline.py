"""A polygon in work: corners on one slice that can be moved and taken back before they become labels."""

from __future__ import annotations

import math
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.editing.tools.polygon import polygon
from napari_boundaryseg.ui.layers.labels import editable_of

Point = tuple[float, ...]
"""z, y, x, in mm."""
FEWEST = 3


class Outline(QObject):
    """Belongs to the labels layer, the slice and the plane in which its first corner was set.

    Parameters
    ----------
    parent : QObject, optional
    """

    changed = Signal()
    told = Signal(str)
    """Why a click, or Enter, did nothing."""
    closed = Signal(object, object)
    """The layer, and the corners in mm, the first one again at the end; what they enclose becomes labels now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer: Any = None
        self.axis, self.slice = 0, 0
        self.corners: list[Point] = []
        self.mouse: Point | None = None
        """Where the next corner would be."""

    @property
    def is_open(self) -> bool:
        """Whether there is a corner."""
        return bool(self.corners)

    def lies_in(self, axis: int, at: int) -> bool:
        """Whether it is on this slice."""
        return self.is_open and (self.axis, self.slice) == (axis, at)

    def press(self, layer: Any, axis: int, at: int, point: Point, reach_mm: float) -> int | None:
        """Set a corner, or take hold of one that is near: which one; None on another slice than the first."""
        if layer is not self.layer:
            self.discard()
        if not self.is_open:
            self.layer, self.axis, self.slice = layer, axis, at
        elif not self.lies_in(axis, at):
            self.told.emit("There is a polygon on another slice: Enter applies it, Esc discards it.")
            return None
        near = [(math.dist(corner, point), n) for n, corner in enumerate(self.corners)]
        if near and min(near)[0] <= reach_mm:
            return min(near)[1]
        self.corners.append(point)
        self.changed.emit()
        return len(self.corners) - 1

    def move(self, corner: int, point: Point) -> None:
        """Put a corner somewhere else."""
        if corner < len(self.corners):
            self.corners[corner] = point
            self.changed.emit()

    def hover(self, point: Point | None) -> None:
        """Show the edge to where the next corner would be."""
        if self.is_open and point != self.mouse:
            self.mouse = point
            self.changed.emit()

    def back(self) -> None:
        """Take the last corner back."""
        if self.is_open:
            self.corners.pop()
            self.changed.emit()

    def discard(self) -> None:
        """Forget it."""
        self.corners, self.mouse, self.layer = [], None, None
        self.changed.emit()

    def apply(self) -> None:
        """Give what it encloses to the chosen organ, as one step."""
        if len(self.corners) < FEWEST:
            self.told.emit("A polygon needs three corners. Esc discards it.")
            return
        layer, corners = self.layer, [*self.corners, self.corners[0]]
        voxels = [tuple(at / mm for at, mm in zip(corner, layer.scale)) for corner in self.corners]
        found = polygon(voxels, self.axis, layer.data.shape)
        if found is None:
            self.told.emit("No voxel has its middle inside this polygon. Move its corners, or press Esc.")
            return
        self.discard()
        self.closed.emit(layer, corners)
        editable_of(layer).draw(*found, layer.selected_label)
