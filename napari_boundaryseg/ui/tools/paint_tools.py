"""The hand tools on the labels layer: modes, keys, brush size, undo; and news when the labels change."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Signal
from superqt.utils import QSignalThrottler

from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.labels import editable_of
from napari_boundaryseg.ui.tools.effort_recorder import EffortRecorder

KEYS = {"B": "paint", "E": "erase", "F": "fill", "P": "polygon"}
QUIET_MS = 150
"""Changes are told at most this often, in ms."""


class PaintTools(QObject):
    """Acts on whichever labels layer is there, and watches it."""

    edited = Signal()
    tool_changed = Signal()
    n_protected = Signal(str, int)
    """A stroke, and how many voxels it did not change because they are locked."""
    journal_failed = Signal(str)

    def __init__(self, viewer: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._watched: Any = None
        self.effort = EffortRecorder(viewer, self)
        self._news = QSignalThrottler(QSignalThrottler.EmissionPolicy.Trailing, self)
        self._news.setTimeout(QUIET_MS)
        self._news.triggered.connect(self.edited)

    @property
    def layer(self) -> Any:
        """The labels layer, or None."""
        return access.only(self._viewer, "labels")

    @property
    def editable(self) -> EditableLabels | None:
        """History, journal and effort of the labels layer."""
        layer = self.layer
        return None if layer is None else editable_of(layer)

    def watch(self) -> None:
        """Listen to the labels layer that is there now, and give it its keys."""
        layer = self.layer
        if layer is self._watched:
            return
        self._watched = layer
        if layer is None:
            return
        editable = editable_of(layer)
        editable.changed.connect(self._news.throttle, unique=True)
        editable.n_protected.connect(self._on_protected, unique=True)
        editable.failed.connect(self._on_failed, unique=True)
        if editable.no_journal:
            self.journal_failed.emit(editable.no_journal)
        self.effort.follow(layer)
        for source in (layer.events.mode, layer.events.brush_size, layer.events.selected_label):
            source.connect(self._on_tool)
        for key, mode in KEYS.items():
            layer.bind_key(key, lambda _, m=mode: self.set_mode(m), overwrite=True)

    def _on_protected(self, name: str, voxels: int) -> None:
        self.n_protected.emit(name, voxels)

    def _on_failed(self, why: str) -> None:
        """Also on the journal's thread: Qt brings the signal to the window's."""
        self.journal_failed.emit(why)

    def _on_tool(self, event: object = None) -> None:
        self.tool_changed.emit()

    def set_mode(self, mode: str) -> None:
        """Take a tool: paint, erase, fill, polygon, or pan_zoom to put it down."""
        layer = self.layer
        if layer is not None:
            self._viewer.layers.selection.active = layer
            layer.mode = mode

    def set_brush(self, size: int) -> None:
        """Set the brush's diameter, in voxels."""
        if self.layer is not None:
            self.layer.brush_size = size

    def brush_text(self) -> str:
        """The brush's diameter for a person."""
        layer = self.layer
        if layer is None:
            return ""
        shown = [float(layer.scale[axis]) for axis in self._viewer.dims.order[-2:]]
        return f"{layer.brush_size:.0f} voxels, {layer.brush_size * min(shown):.1f} mm"

    def choose(self, organ: int) -> None:
        """Draw this organ from now on."""
        if self.layer is not None:
            self.layer.selected_label = organ

    def state(self) -> tuple[str, float, int]:
        """Mode, brush size in voxels, organ."""
        layer = self.layer
        return ("pan_zoom", 10.0, 0) if layer is None else (str(layer.mode), layer.brush_size, layer.selected_label)

    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        editable = self.editable
        return editable is not None and editable.history.position > editable.history.first

    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        editable = self.editable
        return editable is not None and editable.history.position < editable.history.last

    def undo(self) -> None:
        """Take the last change back."""
        if self.editable is not None:
            self.editable.undo()

    def redo(self) -> None:
        """Make it again."""
        if self.editable is not None:
            self.editable.redo()
