"""Actions that copy the chosen organ from the slice in view to the one beside it."""

from __future__ import annotations

from napari_boundaryseg.editing.tools.propagate.copy_slice import copy_slice
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.layers.step_names import PLANES, of_organ
from napari_boundaryseg.ui.tools.draw_tools import kept_from_in_words
from napari_boundaryseg.ui.tools.paint_tools import PaintTools


class CopyActions:
    """Acts on the labels in work, in whichever plane is meant."""

    def __init__(self, grid: ScanGrid, session: Session, tools: PaintTools) -> None:
        self._grid, self.session, self._tools = grid, session, tools

    @report_errors
    def copy(self, by: int, grid: ScanGrid | None = None) -> None:
        """Copy the organ so many slices on in a view, and go there; other organs and what is locked stay."""
        view, editable = grid or self._grid, self._tools.editable
        organ = self._tools.state()[2]
        if editable is None or organ not in editable.scheme.ids or not view.is_flat:
            self.session.say("info", "Choose an organ, in a view of slices: it is copied to the slice beside.")
            return
        at, axis = view.slice(), view.axis
        to = at + by
        if not 0 <= to < view.shape[axis]:
            self.session.say("info", "There is no slice beyond this one.")
            return
        editable.history.commit("Change")
        labels = editable.history.array
        if not (labels.take(at, axis) == organ).any():
            self.session.say("info", "The chosen organ is not on this slice: there is nothing to copy.")
            return
        written = copy_slice(labels, organ, axis, at, to)
        view.show_slice(to)
        if written is None:
            self.session.say("info", "Nothing changes there.")
            return
        self._tools.used.emit()
        name = f"{of_organ('Copy', editable.scheme, organ)}, to {PLANES[axis]} {to + 1}"
        outcome = editable.put(name, written.labels, written.box)
        if outcome.n_protected:
            self._tools.n_protected.emit(name, outcome.n_protected)
        elif written.spared:
            spared = [one.name for one in editable.scheme.organs if one.id in written.spared]
            self.session.say("info", kept_from_in_words(spared, False))
