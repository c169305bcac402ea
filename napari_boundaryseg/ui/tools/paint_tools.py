"""The hand tools on the labels layer: modes, brush size, undo; and news when the labels change."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Signal
from superqt.utils import QSignalThrottler

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.editing.history.edit import Edit
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings
from napari_boundaryseg.ui.keys import DOWN
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.labels import editable_of, scheme_of
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.tools.brush import LEAST_MM, Brush
from napari_boundaryseg.ui.tools.draw_tools import TOOLS, DrawTools
from napari_boundaryseg.ui.tools.effort_recorder import EffortRecorder
from napari_boundaryseg.ui.tools.outline import Outline, OutlineSettings

QUIET_MS = 150
"""Changes are told at most this often, in ms."""


class PaintTools(QObject):
    """Acts on whichever labels layer is there, and watches it."""

    stepped = Signal()
    """There is another change to take back or to make again: at once, where `edited` waits for quiet."""
    edited = Signal()
    tool_changed = Signal()
    n_protected = Signal(str, int)
    """A stroke, and how many voxels it did not change because they are locked."""
    travelled = Signal(str, object)
    """What undo or redo has done, in words, and the step; or, with None, why undo has stopped."""
    refused = Signal(str)
    """Why a tool cannot be taken."""
    erased_nothing = Signal(str)
    """A stroke of the eraser that met only other organs than the chosen one."""
    journal_failed = Signal(str)
    used = Signal()
    """A person changes labels by hand, or goes back or forth: what was said before is over."""

    def __init__(self, grid: ScanGrid, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = grid.viewer
        self._watched: Any = None
        self._organ = ""
        """The organ that was chosen last, by name: other labels begin with it too."""
        self.effort = EffortRecorder(grid, self)
        self.effort.begun.connect(self.used)
        self.brush = Brush(grid.viewer)
        self.own = DrawTools(grid, self.brush.fitting_mm, self)
        self.own.set_otherwise.connect(self.tool_changed)
        self.own.ended.connect(self.effort.follow_way)
        self.own.ended.connect(lambda *_: self.used.emit())
        self.outline = Outline(self)
        self.outline.closed.connect(self.effort.follow_way)
        self.outline.closed.connect(lambda *_: self.used.emit())
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
        """Listen to the labels layer that is there now."""
        layer = self.layer
        if layer is self._watched:
            return
        self._watched = layer
        self.outline.discard()
        self.own.take("")
        if layer is None:
            return
        editable = editable_of(layer)
        editable.changed.connect(self._on_step, unique=True)
        editable.n_protected.connect(self._on_protected, unique=True)
        editable.travelled.connect(self._on_travelled, unique=True)
        editable.erased_nothing.connect(self._on_erased_nothing, unique=True)
        editable.failed.connect(self._on_failed, unique=True)
        if editable.no_journal:
            self.journal_failed.emit(editable.no_journal)
        if editable.organ == 0 and self._organ in editable.scheme.names:
            layer.selected_label = next(organ.id for organ in editable.scheme.organs if organ.name == self._organ)
        self.effort.follow(layer)
        self.brush.follow(layer)
        layer.events.mode.connect(self._on_mode)
        for source in (layer.events.brush_size, layer.events.selected_label):
            source.connect(self._on_tool)

    def _on_step(self) -> None:
        self.stepped.emit()
        self._news.throttle()

    def _on_protected(self, name: str, voxels: int) -> None:
        self.n_protected.emit(name, voxels)

    def _on_travelled(self, words: str, step: Edit | None) -> None:
        self.travelled.emit(words, step)

    def _on_erased_nothing(self, name: str) -> None:
        self.erased_nothing.emit(name)

    def _on_failed(self, why: str) -> None:
        """Also on the journal's thread: Qt brings the signal to the window's."""
        self.journal_failed.emit(why)

    def _on_mode(self, event: object = None) -> None:
        """One of napari's tools is taken, or put down: none of ours is in hand."""
        self.own.take("")
        self._on_tool()

    def _on_tool(self, event: object = None) -> None:
        editable, layer = self.editable, self.layer
        if editable is not None and layer.selected_label not in (0, *editable.scheme.ids):
            self._refuse_label(layer, editable.scheme)
            return  # taking the organ back is heard again
        if editable is not None:
            self._organ = {one.id: one.name for one in editable.scheme.organs}.get(editable.organ, self._organ)
        self.tool_changed.emit()

    def _refuse_label(self, layer: Any, scheme: LabelScheme) -> None:
        """Take the organ of before: what napari's *new* and its key M choose is none, and would hardly be seen."""
        wrong = layer.selected_label
        layer.selected_label = {one.name: one.id for one in scheme.organs}.get(self._organ, scheme.ids[0])
        self.refused.emit(f"Label {wrong} is none of the organs {', '.join(scheme.names)}.")

    def set_mode(self, mode: str) -> None:
        """Take a tool: napari's, one of ours, or pan_zoom to put it down. Hidden labels are shown first."""
        layer = self.layer
        if layer is not None and mode != DOWN and self._viewer.dims.ndisplay == 3:
            self.refused.emit("The tools draw on slices. Leave the 3-D view first: the cube below the layer list.")
            self.tool_changed.emit()  # the button that was pressed comes up again
        elif layer is not None:
            if mode != DOWN and not layer.visible:
                layer.visible = True
            self._viewer.layers.selection.active = layer
            own = mode in TOOLS
            layer.mode = DOWN if own else mode
            if own or self.own.in_hand:
                self.own.take(mode)
                self.tool_changed.emit()

    def set_brush(self, mm: float) -> None:
        """Set the brush's diameter."""
        if self.layer is not None:
            self.brush.set_mm(mm)

    def resize_brush(self, by: int) -> None:
        """Make the brush some steps larger, or smaller; or the ring of the tool in hand."""
        if self.own.in_hand:
            self.own.resize(by)
        elif self.layer is not None and by:
            self.brush.resize(by)

    def brush_text(self) -> str:
        """The brush's diameter for a person."""
        return f"{self.brush.mm():.1f} mm" if self.layer is not None else ""

    def choose(self, organ: int) -> None:
        """Draw this organ from now on."""
        if self.layer is not None:
            self.layer.selected_label = organ

    def state(self) -> tuple[str, float, int]:
        """Mode, brush size in mm, organ."""
        layer = self.layer
        if layer is None:
            return DOWN, LEAST_MM, 0
        return self.own.in_hand or str(layer.mode), self.brush.mm(), layer.selected_label

    def settings(self) -> ToolSettings | None:
        """How the tool in hand is set; None of napari's, which has a size at most."""
        mode = self.state()[0]
        return self.outline.settings if mode == "polygon" else self.own.settings(mode) if mode in TOOLS else None

    def set_settings(self, settings: ToolSettings) -> None:
        """Set the tool in hand."""
        if isinstance(settings, OutlineSettings):
            self.outline.set_settings(settings)
        else:
            self.own.set_settings(settings)

    def colour(self) -> str:
        """The colour of the organ that is drawn; white for an integer without a name."""
        layer = self.layer
        scheme, organ = scheme_of(layer), int(layer.selected_label)
        return scheme.organ(organ).colour if organ in scheme.ids else "#FFFFFF"

    def has_outline(self) -> bool:
        """Whether a polygon of these labels is in work."""
        return self.outline.is_open and self.outline.layer is self.layer

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
            self.used.emit()
            self.editable.undo()

    def redo(self) -> None:
        """Make it again."""
        if self.editable is not None:
            self.used.emit()
            self.editable.redo()
