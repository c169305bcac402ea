"""A polygon in work: corners on one slice that can be moved, inserted and deleted before they become labels."""

from __future__ import annotations

import math
from typing import Any

from pydantic import Field
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.editing.tools.contour import edge_near, simplified, smoothed
from napari_boundaryseg.editing.tools.polygon import polygon
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings
from napari_boundaryseg.ui.layers.labels import editable_of

Point = tuple[float, ...]
"""z, y, x, in mm."""
FEWEST = 3
REACH_PX = 8
"""A press this near to a corner takes hold of it, and this near to an edge inserts one there."""
DRAWN_PX = 4
"""How far apart the points of a line are that is drawn by hand."""


class OutlineSettings(ToolSettings):
    """How the corners of a polygon are joined."""

    smooth: bool = Field(False, title="Smooth", description="A curve goes through the corners; else straight edges do")


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
    """The layer, and the line in mm, its first point again at the end; what it encloses becomes labels now."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer: Any = None
        self.axis, self.slice = 0, 0
        self.corners: list[Point] = []
        self.mouse: Point | None = None
        """Where the next corner would be."""
        self.settings = OutlineSettings()
        self._traced: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a corner."""
        return bool(self.corners)

    @property
    def line(self) -> list[Point]:
        """What goes round the area: the corners, or points along the curve through them."""
        return smoothed(self.corners) if self.settings.smooth else list(self.corners)

    def set_settings(self, settings: OutlineSettings) -> None:
        """Join the corners otherwise."""
        self.settings = settings
        self.changed.emit()

    def lies_in(self, axis: int, at: int) -> bool:
        """Whether it is on this slice."""
        return self.is_open and (self.axis, self.slice) == (axis, at)

    def press(self, layer: Any, axis: int, at: int, point: Point, reach_mm: float) -> int | None:
        """Take hold of a corner that is near, insert one into a near edge, or set the next; None on another slice."""
        if layer is not self.layer:
            self.discard()
        if not self.is_open:
            self.layer, self.axis, self.slice = layer, axis, at
        elif not self.lies_in(axis, at):
            self.told.emit("There is a polygon on another slice: Enter applies it, Esc discards it.")
            return None
        near, edge = self._near(point, reach_mm), edge_near(self.corners, point, reach_mm)
        self._traced = None
        if near is not None:
            return near
        if edge is not None:
            self.corners.insert(edge + 1, point)
        else:
            self._traced = len(self.corners)
            self.corners.append(point)
        self.changed.emit()
        return len(self.corners) - 1 if edge is None else edge + 1

    def drag(self, corner: int, point: Point, step_mm: float) -> None:
        """Go on with the mouse down: a new last corner is followed by a line drawn by hand, another one is moved."""
        if self._traced is None:
            self.move(corner, point)
        elif self.corners and math.dist(point, self.corners[-1]) >= step_mm:
            self.corners.append(point)
            self.changed.emit()

    def release(self, step_mm: float) -> None:
        """Keep as few corners of what was drawn by hand as the line needs."""
        if self._traced is not None and len(self.corners) > self._traced + 1:
            self.corners[self._traced :] = simplified(self.corners[self._traced :], self.axis, step_mm / 2)
            self.changed.emit()
        self._traced = None

    def move(self, corner: int, point: Point) -> None:
        """Put a corner somewhere else."""
        if corner < len(self.corners):
            self.corners[corner] = point
            self.changed.emit()

    def delete(self, reach_mm: float) -> None:
        """Delete the corner that the mouse is near."""
        near = self._near(self.mouse, reach_mm) if self.mouse is not None else None
        if near is None:
            self.told.emit("No corner is under the mouse.")
            return
        del self.corners[near]
        self._traced = None
        self.changed.emit()

    def _near(self, point: Point, reach_mm: float) -> int | None:
        """The corner nearest to a point, if it is within reach."""
        near = [(math.dist(corner, point), n) for n, corner in enumerate(self.corners)]
        return min(near)[1] if near and min(near)[0] <= reach_mm else None

    def hover(self, point: Point | None) -> None:
        """Show the edge to where the next corner would be."""
        if self.is_open and point != self.mouse:
            self.mouse = point
            self.changed.emit()

    def back(self) -> None:
        """Take the last corner back."""
        if self.is_open:
            self.corners.pop()
            self._traced = None
            self.changed.emit()

    def discard(self) -> None:
        """Forget it."""
        self.corners, self.mouse, self.layer, self._traced = [], None, None, None
        self.changed.emit()

    def apply(self) -> None:
        """Give what it encloses to the chosen organ, as one step."""
        if len(self.corners) < FEWEST:
            self.told.emit("A polygon needs three corners. Esc discards it.")
            return
        layer, line = self.layer, self.line
        voxels = [tuple(at / mm for at, mm in zip(point, layer.scale)) for point in line]
        found = polygon(voxels, self.axis, layer.data.shape)
        if found is None:
            self.told.emit("No voxel has its middle inside this polygon. Move its corners, or press Esc.")
            return
        self.discard()
        self.closed.emit(layer, [*line, line[0]])
        editable_of(layer).draw(*found, layer.selected_label)
