"""The drawing tools of our own: which one is in hand, how it is set, and its stroke while the mouse is down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.tools.draw_tool import DrawTool, draw_tools
from napari_boundaryseg.editing.tools.scene import Scene
from napari_boundaryseg.editing.tools.tool_settings import ToolSettings
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.labels import editable_of
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.layers.step_names import slices_in_words
from napari_boundaryseg.ui.tools.draw_stroke import DrawStroke, Point

RADIUS, OVER = "radius_mm", "over"
WIDER = 1.1
"""Times a notch of the wheel."""
TOOLS = draw_tools()


def kept_from_in_words(organs: Sequence[str], may_go_over: bool) -> str:
    """That a stroke spared other organs, and what else there is.

    Examples
    --------
    >>> kept_from_in_words(["Bladder"], False)
    'Bladder was spared. Interface (I) moves the border between two organs.'
    """
    more = "Tick Over other organs to take it, or let" if may_go_over else ""
    said = "Interface (I) move the border" if may_go_over else "Interface (I) moves the border"
    verb = "was" if len(organs) == 1 else "were"
    return " ".join(filter(None, [f"{', '.join(organs)} {verb} spared.", more, f"{said} between two organs."]))


class DrawTools(QObject):
    """Belongs to the labels in work; a tool that is set once stays so, until the window is closed.

    Parameters
    ----------
    grid : ScanGrid
    fitting_mm : callable
        The diameter of a brush that suits the chosen organ.
    """

    changed = Signal()
    """A stroke begins, goes on or ends: the labels may be others."""
    set_otherwise = Signal()
    """The tool in hand has other settings."""
    told = Signal(str)
    """Why a press did nothing."""
    ended = Signal(object, object)
    """The layer, and the way in mm, of a stroke that was let go."""

    def __init__(self, grid: ScanGrid, fitting_mm: Callable[[], float], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._grid, self._viewer, self._fitting_mm = grid, grid.viewer, fitting_mm
        self._settings: dict[str, ToolSettings] = {}
        self.in_hand = ""
        """The name of a tool; nothing while none of ours is in hand."""
        self.stroke: DrawStroke | None = None
        self.model_labels: Callable[[EditableLabels, int], tuple[np.ndarray, Box | None] | None] = lambda *_: None
        """What a model has found of an organ on this scan, in the integers of these labels, and where it has looked."""

    @property
    def tool(self) -> DrawTool | None:
        """The tool in hand."""
        return TOOLS.get(self.in_hand)

    def take(self, name: str) -> None:
        """Take a tool in hand, or none; a stroke in progress is called off."""
        self.call_off()
        self.in_hand = name if name in TOOLS else ""

    def settings(self, name: str) -> ToolSettings:
        """How a tool is set: as by hand, else as suits the chosen organ."""
        if name in self._settings:
            return self._settings[name]
        model = TOOLS[name].settings
        return model.model_validate({RADIUS: round(self._fitting_mm(), 1)}) if RADIUS in model.model_fields else model()

    def set_settings(self, settings: ToolSettings) -> None:
        """Set the tool in hand."""
        if self.in_hand:
            self._settings[self.in_hand] = settings
            self.set_otherwise.emit()

    def resize(self, notches: int) -> None:
        """Make the ring of the tool in hand larger, or smaller, by hand."""
        now: Any = self.settings(self.in_hand) if self.in_hand else None
        if now is None or RADIUS not in type(now).model_fields:
            return
        bounds = {type(one).__name__.lower(): one for one in type(now).model_fields[RADIUS].metadata}
        most = getattr(bounds.get("le"), "le", float("inf"))
        wider = round(now.radius_mm * WIDER**notches, 1)
        if wider == round(now.radius_mm, 1):
            wider += 0.1 * notches
        wanted = min(max(round(wider, 1), self._least_mm()), most)
        self.set_settings(now.model_copy(update={RADIUS: wanted}))

    def ring_mm(self) -> float | None:
        """Radius of the ring at the mouse; None where the tool in hand has none."""
        if self.stroke is not None:
            return self.stroke.ring_mm
        tool = self.tool
        if tool is None or tool.ring_mm is None:
            return None
        return tool.ring_mm(self.settings(self.in_hand), np.zeros((1, 3)), self._spacing())

    def begin(self, layer: Any, axis: int, at: Point) -> None:
        """The mouse is pressed, on a slice across an axis, at a point in mm."""
        tool, editable = self.tool, editable_of(layer)
        if tool is None:
            return
        organ = int(layer.selected_label)
        found = self.model_labels(editable, organ) if tool.needs_model else None
        if tool.needs_model and found is None:
            self.told.emit("No model has looked for this organ here: segment the scan first.")
            return
        labels, place = editable.history.array, [round(x / mm) for x, mm in zip(at, self._spacing())]
        inside = all(0 <= n < size for n, size in zip(place, labels.shape))
        scan = next((one for one in reversed(access.of_kind(self._viewer, "scan")) if one.visible), None)
        scene = Scene(
            labels,
            organ,
            self._spacing(),
            axis,
            int(labels[tuple(place)]) if inside else 0,
            None if scan is None else np.asarray(scan.data),
            *(found or (None, None)),
        )
        if tool.of_pressed and not scene.pressed:
            self.told.emit(f"{tool.label}: press inside an organ, near the one that it touches.")
            return
        self.stroke = DrawStroke(tool, self.settings(self.in_hand), editable, scene, at)
        self.changed.emit()

    def move(self, at: Point) -> None:
        """The mouse is moved while it is down."""
        if self.stroke is not None and not self.stroke.is_over:
            self.stroke.move(at)
            self.changed.emit()

    def end(self) -> None:
        """The mouse is let go: the stroke is a step."""
        stroke, self.stroke = self.stroke, None
        layer = access.only(self._viewer, "labels")
        if stroke is None:
            return
        if layer is not None and editable_of(layer) is stroke.editable:
            self.ended.emit(layer, stroke.points)
        kept_from = stroke.end()
        told = [kept_from_in_words(kept_from, OVER in stroke.tool.settings.model_fields)] if kept_from else []
        if stroke.moved:
            where = slices_in_words(stroke.moved, stroke.axis)
            told += ["What is locked was not changed."] if stroke.n_locked else []
            told.append(f"It also moved the border {where}, which you had corrected.")
        if told:
            self.told.emit(" ".join(told))
        self.changed.emit()

    def call_off(self) -> bool:
        """Leave everything as it was before the stroke; whether there was one that is not a step yet."""
        stroke, self.stroke = self.stroke, None
        if stroke is None:
            return False
        called_off = stroke.call_off()
        self.changed.emit()
        return called_off

    def _spacing(self) -> tuple[float, float, float]:
        z, y, x = self._grid.scale_mm
        return z, y, x

    def _least_mm(self) -> float:
        return min(self._spacing())
