"""A polygon in work: corners on one slice that can be moved, inserted and deleted before they become labels."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
from pydantic import Field
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.editing.tools.contour import edge_distances, simplified, smoothed
from napari_boundaryseg.editing.tools.polygon import polygon
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings
from napari_boundaryseg.ui.layers.labels import editable_of
from napari_boundaryseg.ui.tools.wire import Wire

Point = tuple[float, ...]
"""z, y, x, in mm."""
FEWEST = 3
REACH_PX = 8
"""A press this near to a corner takes hold of it, and this near to an edge inserts one there."""
PREVIEW_MM = 40.0
"""Farther from the last corner the way to the mouse is shown straight: it takes too long for each move."""
DRAWN_PX = 4
"""How far apart the points of a line are that is drawn by hand."""


class OutlineSettings(ToolSettings):
    """How the corners of a polygon are joined."""

    smooth: bool = Field(False, title="Smooth", description="A curve goes through the corners; else straight edges do")
    follow: float = Field(
        0.0,
        ge=0,
        le=1,
        title="Follow edges",
        json_schema_extra={"step": 0.1, "slider": True},
        description="How much edges in the slice bend the lines between corners: 0 not at all",
    )
    learned: float = Field(
        0.5,
        ge=0,
        le=1,
        title="Learned edges",
        json_schema_extra={"step": 0.1, "slider": True},
        description="Which edges: 0 those of the scan, 1 those that the model found, between them both",
    )


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
        self.edges_at: Callable[[int, int, float], np.ndarray | None] = lambda axis, at, learned: None
        """The edges of a slice, (R, C), 0 to 1: across an axis, its number, and the share of learned ones."""
        self.suits: Callable[[], OutlineSettings] = OutlineSettings
        """How it is set until a person sets it."""
        self._settings: OutlineSettings | None = None
        self._wire = Wire()
        self._drawn: set[Point] = set()
        """Corners of what was drawn by hand: between two of them the line is as it was drawn."""
        self._traced: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a corner."""
        return bool(self.corners)

    @property
    def settings(self) -> OutlineSettings:
        """How it is set: by hand, else as suits the chosen organ."""
        return self._settings or self.suits()

    def set_settings(self, settings: OutlineSettings) -> None:
        """Join the corners otherwise."""
        self._settings = settings
        self.changed.emit()

    @property
    def line(self) -> list[Point]:
        """What goes round the area: the corners, points along the curve through them, or along edges from each."""
        if self.settings.smooth:
            return smoothed(self.corners)
        return [point for a, b in pairwise([*self.corners, *self.corners[:1]]) for point in self._way(a, b)[:-1]]

    @property
    def shown(self) -> list[Point]:
        """The line as it is drawn: a curve is closed, edges reach to the last corner."""
        if self.settings.smooth and len(self.corners) >= FEWEST:
            return [*self.line, self.line[0]]
        return [*(point for a, b in pairwise(self.corners) for point in self._way(a, b)[:-1]), *self.corners[-1:]]

    @property
    def ahead(self) -> list[Point]:
        """The rest of the line, by way of where the next corner would be."""
        if not self.is_open or (self.settings.smooth and len(self.corners) >= FEWEST):
            return []
        if self.mouse is not None:
            last = self.corners[-1]
            far = math.dist(last, self.mouse) > PREVIEW_MM
            return [*([last, self.mouse] if far else self._way(last, self.mouse)), self.corners[0]]
        return self._way(self.corners[-1], self.corners[0]) if len(self.corners) >= FEWEST else []

    def _way(self, a: Point, b: Point) -> list[Point]:
        """The line from one corner to another, both among its points."""
        settings = self.settings
        if settings.follow <= 0 or self.layer is None or {a, b} <= self._drawn:
            return [a, b]
        edges = self.edges_at(self.axis, self.slice, settings.learned)
        return [a, b] if edges is None else self._wire.way(a, b, self.axis, edges, self.layer.scale, settings.follow)

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
        near, edge = self._near(point, reach_mm), self._edge_near(point, reach_mm)
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
            self._drawn.update((self.corners[-1], point))
            self.corners.append(point)
            self.changed.emit()

    def release(self, step_mm: float) -> None:
        """Keep as few corners of what was drawn by hand as the line needs."""
        if self._traced is not None and len(self.corners) > self._traced + 1:
            self.corners[self._traced :] = simplified(self.corners[self._traced :], self.axis, step_mm / 2)
            self._drawn.update(self.corners[self._traced :])
            self.changed.emit()
        self._traced = None

    def move(self, corner: int, point: Point) -> None:
        """Put a corner somewhere else."""
        if corner < len(self.corners):
            if self.corners[corner] in self._drawn:
                self._drawn.add(point)
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

    def _edge_near(self, point: Point, reach_mm: float) -> int | None:
        """The line from a corner to the next one that passes a point nearest, within reach."""
        away = [edge_distances(self._way(a, b), point).min() for a, b in pairwise(self.corners)]
        return int(np.argmin(away)) if away and min(away) <= reach_mm else None

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
        self._drawn.clear()
        self.changed.emit()

    def apply(self, elsewhere: str = "") -> None:
        """Give what it encloses to the chosen organ, as one step; ``elsewhere`` names a slice that is not in view."""
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
        editable = editable_of(layer)
        before = editable.history.array[found[0]].copy()
        position = editable.history.position
        locked, stepped = editable.draw(*found, layer.selected_label), editable.history.position != position
        told = [f"The polygon was applied {elsewhere}."] if elsewhere and stepped else []
        if locked and elsewhere:
            told.append(f"What is locked {elsewhere} was not changed.")
        gave_way = before[(before != 0) & (before != editable.history.array[found[0]])]
        lost = [organ for organ in editable.scheme.organs if (gave_way == organ.id).any()]
        if lost and not (locked and not elsewhere):
            ml = ml_text(len(gave_way) * editable.voxel_ml)
            told.append(f"{' and '.join(organ.name for organ in lost)} gave way to it: {ml} mL.")
        if told:
            self.told.emit(" ".join(told))
