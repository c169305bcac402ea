"""Progress slice by slice: what became of the chosen organ on each, in a strip over the slider; accepting a slice."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, QTimer

from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.history.slice_work import locked_slices, slice_states
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.canvas import above_sliders, main_view
from napari_boundaryseg.ui.compat.window import is_open
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.labels_actions import LabelsActions
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.tools.paint_tools import PaintTools
from napari_boundaryseg.ui.widgets.appearance import STRIP_COLOURS
from napari_boundaryseg.ui.widgets.slices.slice_strip import SliceStrip


class SliceProgress(QObject):
    """Follows the chosen organ, the plane and the slice of the main view."""

    def __init__(
        self,
        grid: ScanGrid,
        session: Session,
        tools: PaintTools,
        labels: LabelsActions,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._grid, self.session, self._tools, self._labels = grid, session, tools, labels
        self.strip = SliceStrip()
        above_sliders(main_view(grid.viewer), self.strip)
        self.strip.asked.connect(grid.show_slice)
        self._cells: list[tuple[str, str]] = []
        self._marks: list[tuple[int, int]] = []
        self.marks_of: Callable[[int, int], list[tuple[int, int]]] = lambda axis, count: []
        """Of each of so many slices across an axis, how many of the next places of a review, and of those looked at."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._renew)
        tools.stepped.connect(self.later)
        tools.tool_changed.connect(self.later)
        labels.shown.connect(self.later)
        dims = grid.viewer.dims.events
        for source in (dims.order, dims.ndisplay):
            source.connect(self.later)
        dims.point.connect(self._show)
        self._renew()

    def later(self, event: object = None) -> None:
        """Look again once what is happening now has happened."""
        if is_open(self._grid.viewer) and not self._timer.isActive():
            self._timer.start(0)

    def _renew(self) -> None:
        if not is_open(self._grid.viewer):
            return
        editable, organ = self._tools.editable, self._tools.state()[2]
        known = editable is not None and organ in editable.scheme.ids and self._grid.is_flat
        self._cells = []
        if editable is not None and known:
            states = slice_states(editable.history, organ, self._grid.axis)
            self._cells = [(STRIP_COLOURS.get(state.value, ""), state.value) for state in states]
            self._marks = self.marks_of(self._grid.axis, len(states))
        self.strip.setVisible(known)
        self._show()

    def _show(self, event: object = None) -> None:
        if self._cells and self._grid.is_flat and is_open(self._grid.viewer):
            self.strip.show_cells(self._cells, self._grid.slice(), self._marks)

    @report_errors
    def accept_slice(self) -> None:
        """Lock the chosen organ on the axial slice in view, and go on to the next slice; or take the lock off."""
        editable, organ, at = self._tools.editable, self._tools.state()[2], self._grid.voxel()[0]
        if editable is None or organ not in editable.scheme.ids:
            return
        if not self._grid.is_flat or self._grid.axis != 0:
            self.session.say("info", "Slices are accepted in the axial plane.")
            return
        lock = Lock(organ, at)
        on = lock not in editable.history.locks
        self._labels.lock(lock, on)
        name = f"{editable.scheme.organ(organ).name} on axial slice {at + 1}"
        if not on:
            still = at in locked_slices(editable.history, organ)
            ends = "is still locked, with all labels of the slice" if still else "is not accepted any more"
            self.session.say("info", f"{name} {ends}.")
            return
        self._grid.step(1)
        next_ = self._grid.voxel()[0] + 1
        self.session.say("info", f"{name} is accepted." + (f" This is slice {next_}." if next_ != at + 1 else ""))
