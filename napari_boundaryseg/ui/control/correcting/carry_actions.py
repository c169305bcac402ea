"""Actions of carrying: show what a person's corrections mean for the other slices, take it, put it away."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.editing.history.edit import CARRIED
from napari_boundaryseg.editing.history.slice_work import taken_slices
from napari_boundaryseg.editing.tools.propagate.proposal import Proposal
from napari_boundaryseg.editing.tools.propagate.ways import Way, best_way
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.correcting.adapted_labels import AdaptedLabels
from napari_boundaryseg.ui.control.correcting.carry_words import (
    proposal_in_words,
    scores_in_words,
    spared_in_words,
    step_name,
)
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.layers.step_names import PLANES
from napari_boundaryseg.ui.tools.paint_tools import PaintTools
from napari_boundaryseg.ui.views.model_result import ModelResult
from napari_boundaryseg.ui.views.outline_views import OutlineViews
from napari_boundaryseg.ui.views.proposed import proposed_in
from napari_boundaryseg.ui.views.shown_slice import ShownSlice
from napari_boundaryseg.ui.views.three_planes import ThreePlanes

TOLERANCES = 6.0
"""How far a correction reaches along the slices and how far a border moves, in tolerances of the organ."""
LEAST_REACH_MM = 6.0


class CarryActions(QObject):
    """Keeps one proposal: for the chosen organ, across the slices of the plane in which it was asked for."""

    changed = Signal()
    """Something else is proposed, or nothing any more."""

    def __init__(
        self,
        grid: ScanGrid,
        session: Session,
        tools: PaintTools,
        outlines: OutlineViews,
        planes: ThreePlanes,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._grid, self.session, self._tools = grid, session, tools
        self._outlines, self._planes = outlines, planes
        self._proposal: Proposal | None = None
        self._editable: EditableLabels | None = None
        self._width: tuple[tuple[ModelResult, int, int], np.ndarray] | None = None
        self.adapted_of: Callable[[EditableLabels], AdaptedLabels | None] = lambda editable: None
        """What an adapted model says of the scan of some labels."""
        self._scores: Mapping[Way, float] = {}
        tools.stepped.connect(self._on_step)
        tools.tool_changed.connect(self._on_tool)

    @property
    def is_on(self) -> bool:
        """Whether proposals are shown."""
        return self._proposal is not None

    @property
    def axis(self) -> int | None:
        """Across the slices that proposals are about; of the view's slices while none is shown."""
        if self._proposal is not None:
            return self._proposal.axis
        return self._grid.axis if self._grid.is_flat else None

    @report_errors
    def show(self, on: bool, grid: ScanGrid | None = None) -> None:
        """Show what follows for the slices of a view, or put it away."""
        view = grid or self._grid
        if on and (self._chosen() is None or not view.is_flat):
            self.session.say("info", "Choose an organ, in a view of slices: what you correct there is carried.")
        if not on or not view.is_flat:
            self._put_away()
            if not on:
                self.session.say("info", "")  # what was dashed is no longer
            return
        self._propose(view.axis)
        if self._proposal is not None:
            self.session.say("info", self.words())

    def _propose(self, axis: int) -> None:
        editable = self._chosen()
        if editable is None:
            self._put_away()
            return
        editable.history.commit("Change")
        organ = self._tools.state()[2]
        reach = TOLERANCES * editable.scheme.organ(organ).tolerance_mm
        self._editable = editable
        self._proposal = Proposal(editable.history, organ, axis, self._grid.scale_mm, reach, max(reach, LEAST_REACH_MM))
        self._offer_adapted(self._proposal, editable)
        self._tell_views()

    def _offer_adapted(self, proposal: Proposal, editable: EditableLabels) -> None:
        """Let the slices that were left out say which way is shown first."""
        adapted, organ, self._scores = self.adapted_of(editable), proposal.organ, {}
        if adapted is None or not adapted.helps or not adapted.knows(organ):
            return
        proposal.adapt(adapted.mask(organ), adapted.box)
        if adapted.axis == proposal.axis:
            near_mm = editable.scheme.organ(organ).tolerance_mm
            self._scores = proposal.agreements(adapted.held_out(organ), adapted.corrected, near_mm)
        if self._scores:
            proposal.choose(best_way(self._scores))

    @report_errors
    def show_adapted(self, axis: int) -> None:
        """Show what follows now that a model was adapted."""
        self._propose(axis)
        editable, proposal = self._editable, self._proposal
        adapted = None if editable is None else self.adapted_of(editable)
        if editable is None or proposal is None:
            self.session.say("info", "The model is adapted: choose an organ to see what follows for it.")
        elif adapted is not None and not adapted.helps:
            self.session.say(
                "info", f"{adapted.model} foretold the slices that were left out no better for it: nothing is new."
            )
        elif adapted is not None and not adapted.knows(proposal.organ):
            name = editable.scheme.organ(proposal.organ).name
            self.session.say("info", f"{adapted.model} is adapted, but has no {name}: choose another organ.")
        else:
            self.session.say("info", self.words())

    def _chosen(self) -> EditableLabels | None:
        """The labels in work, where one of their organs is chosen."""
        editable = self._tools.editable
        return editable if editable is not None and self._tools.state()[2] in editable.scheme.ids else None

    def words(self) -> str:
        """What is proposed, for a person."""
        if self._proposal is None or self._editable is None:
            return ""
        return proposal_in_words(self._proposal, self._editable)

    def judged(self) -> str:
        """How well each way foretold the corrected slices that were left out, for a person."""
        return scores_in_words(self._scores)

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways that can be chosen."""
        return self._proposal.ways if self._proposal is not None else ()

    @property
    def way(self) -> Way | None:
        """The one that is shown."""
        return self._proposal.way if self._proposal is not None else None

    @report_errors
    def choose(self, way: Way) -> None:
        """Show what follows in another way."""
        if self._proposal is not None and self._editable is not None and way is not self._proposal.way:
            self._editable.history.commit("Change")
            self._proposal.choose(way)
            self._tell_views()
            self.session.say("info", f"{way.value}. {self.words()}")

    def change_way(self) -> None:
        """Show what follows in the next way."""
        if self._proposal is not None:
            ways = self._proposal.ways
            self.choose(ways[(ways.index(self._proposal.way) + 1) % len(ways)])

    @property
    def offers(self) -> bool:
        """Whether there is something to take."""
        return self._proposal is not None and bool(self._proposal.offered)

    def next_slice(self) -> int | None:
        """The slice whose correction would teach most, from 0: far from what is corrected, its border doubtful."""
        return self._proposal.next_to_correct(self._doubtful()) if self._proposal is not None else None

    def _doubtful(self) -> np.ndarray | None:
        """How wide the model's border is on each slice, where the labels are a model's."""
        proposal, result = self._proposal, self._outlines.wanted.result
        if proposal is None or result is None or not result.is_in(proposal.history.array):
            return None
        asked = (result, proposal.organ, proposal.axis)
        if self._width is None or self._width[0] != asked:
            self._width = asked, result.border_width_mm(proposal.organ, proposal.axis, self._grid.scale_mm)
        return self._width[1]

    def go_to_next(self) -> None:
        """Show the slice whose correction would teach most."""
        proposal, at = self._proposal, self.next_slice()
        if proposal is not None and at is not None:
            self._go_to(proposal.axis, at)

    @report_errors
    def take(self) -> None:
        """Take what is proposed for the slice in view, and go on to the next that has a proposal."""
        proposal, at = self._proposal, self._slice()
        if proposal is None or at is None:
            return
        taken = taken_slices(proposal.history, proposal.organ, proposal.axis)
        left = [n for n in proposal.offered if n != at and n not in taken]
        if at not in proposal.offered:
            self.session.say("info", "Nothing is proposed for this slice.")
        else:
            self._take([at])
        if left:
            on = [n for n in left if n > at] or left
            self._go_to(proposal.axis, min(on, key=lambda n: abs(n - at)))

    @report_errors
    def take_range(self) -> None:
        """Take what is proposed from the nearest corrected slice to the one in view."""
        proposal, at = self._proposal, self._slice()
        if proposal is None or at is None or not proposal.corrected:
            return
        near = min(proposal.corrected, key=lambda n: abs(n - at))
        self._take(range(min(near, at), max(near, at) + 1))

    @report_errors
    def take_all(self) -> None:
        """Take what is proposed for every slice."""
        if self._proposal is not None:
            self._take(self._proposal.offered)

    def proposed(self, at: ShownSlice) -> tuple[int, np.ndarray] | None:
        """Organ and what it would be in a slice of any plane, (R, C) bool; None where nothing changes."""
        proposal = self._proposal
        if (
            proposal is None
            or not proposal.offered
            or (at.order[0] == proposal.axis and at.number not in proposal.offered)
        ):
            return None
        found = proposed_in(at, proposal.history.array, proposal.organ, proposal.box, proposal.found)
        return None if found is None else (proposal.organ, found)

    def _take(self, slices: Sequence[int]) -> None:
        proposal, editable = self._proposal, self._editable
        if editable is not None:
            editable.history.commit("Change")  # what is being drawn comes first
        taken = sorted(set(slices) & set(proposal.offered)) if proposal is not None else []
        written = proposal.labels_of(taken) if proposal is not None else None
        if proposal is None or editable is None or written is None:
            self.session.say("info", "Nothing is proposed there.")
            return
        box, labels = written
        name, spared = step_name(proposal, taken, editable), proposal.spared(taken)
        self._tools.used.emit()
        editable.put(name, labels, box, CARRIED)
        self.session.say("info", spared_in_words(name, spared, editable))

    def _slice(self) -> int | None:
        """The slice in view, of the plane that the proposal is about; None, and said, where that plane is not shown."""
        if self._proposal is None:
            return None
        axis = self._proposal.axis
        if not self._grid.is_flat or (self._grid.axis != axis and not self._planes.is_open):
            self.session.say("info", f"What is carried is about each {PLANES[axis]}: show that plane.")
            return None
        return self._grid.voxel()[axis]

    def _go_to(self, axis: int, at: int) -> None:
        voxel = list(self._grid.voxel())
        voxel[axis] = at
        self._grid.go_to(voxel)

    def _on_step(self) -> None:
        if self._proposal is None:
            return
        if self._tools.editable is not self._editable:
            self._put_away()
            return
        self._proposal.update()
        self._tell_views()

    def _on_tool(self) -> None:
        """Another organ, or other labels."""
        proposal, organ = self._proposal, self._tools.state()[2]
        if proposal is not None and (organ != proposal.organ or self._tools.editable is not self._editable):
            self._propose(proposal.axis)

    def follow(self) -> None:
        """Other labels are in the window, or none."""
        if self._tools.editable is not self._editable:
            self._put_away()

    def _put_away(self) -> None:
        self._proposal = self._editable = None
        self._scores = {}
        self._tell_views()

    def _tell_views(self) -> None:
        self._outlines.want(proposal=self.proposed if self._proposal is not None else None)
        self.changed.emit()
