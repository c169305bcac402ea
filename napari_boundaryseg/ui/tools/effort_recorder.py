"""Recorder of effort on the labels: strokes, mouse movement, change of slice; for `editing.effort`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.ui.layers.labels import editable_of
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.layers.step_names import WORDS


class EffortRecorder(QObject):
    """Counts for the labels layer that it follows; nothing leaves the machine."""

    begun = Signal()
    """A stroke begins."""

    def __init__(self, grid: ScanGrid, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._grid = grid.viewer, grid
        viewer = grid.viewer
        self._layer: Any = None
        viewer.dims.events.current_step.connect(self._on_slice)
        viewer.mouse_move_callbacks.append(self._on_mouse)

    def follow(self, layer: Any) -> None:
        """Count for this layer from now on."""
        self._layer = layer
        if self._on_drag not in layer.mouse_drag_callbacks:
            layer.mouse_drag_callbacks.append(self._on_drag)

    def follow_copy(self, layer: Any, copy: Any) -> None:
        """Count what is drawn in another view of a layer, too."""
        copy.mouse_drag_callbacks.append(self._on_drag)

    def follow_way(self, layer: Any, points: list[tuple[float, ...]]) -> None:
        """Count what one of our own tools drew: one stroke along these points, in mm; a polygon is once round it."""
        self._layer = layer
        editable_of(layer).effort.stroke(*self._at(), points)

    def _at(self) -> tuple[int, int]:
        return int(self._layer.selected_label), self._grid.voxel()[0]

    def _on_slice(self, event: object = None) -> None:
        self._alive()

    def _on_mouse(self, viewer: object, event: object) -> None:
        self._alive()

    def _alive(self) -> None:
        if self._layer is not None and self._layer in self._viewer.layers:
            editable_of(self._layer).effort.active(*self._at())

    def _on_drag(self, layer: Any, event: Any) -> Iterator[None]:
        """One stroke from press to release; napari gives positions in mm."""
        if str(layer.mode) not in WORDS:
            return
        self.begun.emit()
        points = [tuple(event.position)]
        yield
        while event.type == "mouse_move":
            points.append(tuple(event.position))
            yield
        editable = editable_of(self._layer)
        editable.effort.stroke(*self._at(), points)
        editable.note()
