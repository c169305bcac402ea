"""Actions of clean-ups: show what one would change of the chosen organ, apply it, put it away."""

from __future__ import annotations

from typing import Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.editing.history.change import Change, change_of
from napari_boundaryseg.editing.history.edit import CLEANED
from napari_boundaryseg.editing.tools.clean_tool import CleanTool, clean_tools
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.correcting.carry_actions import CarryActions
from napari_boundaryseg.ui.control.correcting.change_words import ml_of
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.layers.step_names import of_organ, slices_in_words
from napari_boundaryseg.ui.tools.paint_tools import PaintTools
from napari_boundaryseg.ui.views.outline_views import OutlineViews
from napari_boundaryseg.ui.views.proposed import proposed_in
from napari_boundaryseg.ui.views.shown_slice import ShownSlice


class CleanActions(QObject):
    """Keeps one clean-up at a time: shown dashed in every plane until it is applied or put away."""

    changed = Signal()
    """Another clean-up is shown, or none any more."""

    def __init__(
        self,
        grid: ScanGrid,
        session: Session,
        tools: PaintTools,
        outlines: OutlineViews,
        carry: CarryActions,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._grid, self.session, self._tools = grid, session, tools
        self._outlines, self._carry = outlines, carry
        self._asked: tuple[CleanTool, Any, int] | None = None
        self._editable: EditableLabels | None = None
        self._organ = 0
        self._written: Written | None = None
        self._change: Change | None = None
        self._mask = np.zeros((0, 0, 0), bool)
        self._where = ""
        """On which slices it changes anything."""
        self._why_not = ""
        """Why it cannot be done as it is set."""
        tools.edited.connect(self._again)
        tools.tool_changed.connect(self._on_tool)
        carry.changed.connect(self._on_carry)

    @staticmethod
    def tools() -> dict[str, CleanTool]:
        """Every clean-up by its name."""
        return clean_tools()

    @property
    def is_on(self) -> bool:
        """Whether one is shown."""
        return self._asked is not None

    @property
    def changes(self) -> bool:
        """Whether the one that is shown changes anything that is not locked."""
        return self._change is not None and bool(self._change.added or self._change.removed)

    def show(self, name: str, settings: Any, other: int = 0) -> None:
        """Show what a clean-up would change of the chosen organ."""
        if self._carry.is_on:
            self._carry.show(False)
        self._asked = (clean_tools()[name], settings, other)
        self._again()

    def put_away(self) -> None:
        """Show none."""
        if self.is_on:
            self._forget()
            self._outlines.want(proposal=None)
            self.changed.emit()

    @report_errors
    def apply(self) -> None:
        """Make a step of it, on the labels as they are now; what is locked stays."""
        self._again()
        asked, editable, written = self._asked, self._editable, self._written
        if asked is None or editable is None or written is None or not self.changes:
            self.session.say("info", self._why_not or "The clean-up would change nothing.")
            return
        name, words = of_organ(asked[0].label, editable.scheme, self._organ), self.words()
        self.put_away()
        self._tools.used.emit()
        editable.put(name, written.labels, written.box, CLEANED)
        self.session.say("info", f"{name}. {words}")

    def words(self) -> str:
        """What would change, for a person."""
        editable, change = self._editable, self._change
        if not self.is_on or editable is None:
            return ""
        if change is None:
            return self._why_not or "Nothing would change."
        names = {organ.id: organ.name for organ in editable.scheme.organs}
        told = [f"{names[one]} {ml_of(change, one, editable.voxel_ml)}" for one in change.most_first if one in names]
        said = f"{'; '.join(told)}, {self._where}." if told else ""
        return f"{said} What is locked stays.".strip() if change.n_protected else said

    def follow(self) -> None:
        """Other labels are in the window, or none."""
        if self._tools.editable is not self._editable:
            self.put_away()

    def proposed(self, at: ShownSlice) -> tuple[int, np.ndarray] | None:
        """Organ and what it would be in a slice of any plane, (R, C) bool; None where nothing changes."""
        written, editable = self._written, self._editable
        if written is None or editable is None:
            return None
        found = proposed_in(at, editable.history.array, self._organ, written.box, self._mask)
        return None if found is None else (self._organ, found)

    def _again(self) -> None:
        """Of the labels as they are now."""
        if self._asked is None:
            return
        editable, organ = self._tools.editable, self._tools.state()[2]
        if editable is None or organ not in editable.scheme.ids:
            self.put_away()
            return
        self._editable, self._organ = editable, organ
        tool, settings, other = self._asked
        z, y, x = self._grid.scale_mm
        axis = self._grid.axis if self._grid.is_flat else 0
        scene = Scene(editable.history.array, organ, (z, y, x), axis, other=other)
        try:
            self._written, self._why_not = tool.act(scene, settings), ""
        except InputError as error:
            self._written, self._why_not = None, str(error)
        self._measure(editable, axis)
        self._outlines.want(proposal=self.proposed)
        self.changed.emit()

    def _measure(self, editable: EditableLabels, axis: int) -> None:
        """What of it would be done, slice by slice across an axis."""
        written, history = self._written, editable.history
        self._change = None
        if written is not None:
            self._change = change_of(history, written.labels, written.box)
            kept = history.protected(written.box, written.labels)
            before = history.array[written.box]
            then = np.where(kept, before, written.labels)
            self._mask = then == self._organ
            changed = np.zeros(history.array.shape[axis], bool)
            changed[written.box[axis]] = (then != before).any(axis=tuple({0, 1, 2} - {axis}))
            self._where = slices_in_words(map(int, np.flatnonzero(changed)), axis)

    def _on_tool(self) -> None:
        """Another organ is chosen: what is shown was about the one before."""
        if self._tools.state()[2] != self._organ:
            self.put_away()

    def _on_carry(self) -> None:
        """What is carried is shown instead."""
        if self._carry.is_on and self.is_on:
            self._forget()
            self.changed.emit()

    def _forget(self) -> None:
        self._asked = self._editable = self._written = self._change = None
