"""Actions of adapting: let a copy of the model learn from the corrected slices, and keep what it says of each scan."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from qtpy.QtCore import QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication

from napari_boundaryseg.data.boxes import Box, around
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.history.slice_work import corrected_slices
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.engine.task_list import Adapt
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions.adapt import AdaptedResult, adapt, for_other_scans, keep_as_version
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.correcting.adapted_labels import AdaptedLabels
from napari_boundaryseg.ui.control.correcting.carry_actions import CarryActions
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.model_choice import ModelChoice
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.labels import read_labels
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.layers.step_names import PLANES
from napari_boundaryseg.ui.tools.paint_tools import PaintTools

MOST = 8
"""Of scans whose adapted prediction is kept, and the model's file in the scratch folder."""
MARGIN_MM, LARGER = 20.0, 1.5
"""Kept round the labels where no box was drawn, and how much larger a scan is that needs one."""
SOON_MS = 100


class AdaptActions(QObject):
    """Runs in a lane of its own, beside all else; what it found is offered as further ways to carry corrections."""

    def __init__(
        self,
        grid: ScanGrid,
        session: Session,
        tools: PaintTools,
        carry: CarryActions,
        models: ModelChoice,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._grid, self.session, self._tools, self._carry = grid, session, tools, carry
        self._models = models
        self._kept: dict[tuple[str, str], AdaptedLabels] = {}
        self._lent: dict[AdaptedLabels, Path] = {}
        """Files of adapted models that were chosen for other scans."""
        carry.adapted_of = self._of

    def jobs(self) -> tuple[Job, ...]:
        """Those that adapt a model to the open scan, or will."""
        scan = self.session.scan
        return () if scan is None else self.session.jobs.of(Adapt, scan=scan)

    @report_errors
    def run(self) -> None:
        """Adapt a copy of the chosen model on what is corrected across the slices in view."""
        scan, editable, model = self.session.scan, self._tools.editable, self.session.model
        if scan is None or editable is None:
            raise InputError("Adapt", "there are no labels", "Segment the scan, and correct some slices first")
        if model is None:
            raise InputError("Adapt", "no model is chosen", "Choose one in Segment")
        if self.jobs():
            raise InputError("Adapt", "a model is being adapted to this scan already", "Wait for it, or cancel it")
        axis = self._carry.axis
        if axis is None:
            raise InputError("Adapt", "no slices are in view", "Leave 3-D: it is about slices")
        editable.history.commit("Change")
        corrected = _corrected(editable, axis)
        if len(corrected) < 2:
            raise InputError(
                "Adapt",
                f"{len(corrected) or 'no'} {PLANES[axis]} is corrected or accepted",
                "Correct two at least; three that are spread over the organ are better",
            )
        labels = read_labels(self._grid.viewer, scan)
        if labels is None:
            return
        own = {scan.geometry.display.slice_from_display(axis, n): n for n in corrected}
        numbers = {place: n for (_, place), n in own.items()}
        card = read_card(Path(model))[0]
        done = partial(self._on_result, editable, axis, numbers, card.name)
        box = editable.box or self.session.box or _round_labels(labels, card)
        adapt(self.session, model, labels, sorted(numbers), next(iter(own))[0], done, box)

    @property
    def kept(self) -> AdaptedLabels | None:
        """What an adapted model says of the open scan, where that helped."""
        editable = self._tools.editable
        found = None if editable is None else self._of(editable)
        return found if found is not None and found.helps else None

    @report_errors
    def use_for_others(self) -> None:
        """Choose the adapted model, which stays in the list until the window closes."""
        kept = self.kept
        if kept is None:
            return
        if kept not in self._lent:
            self._lent[kept] = for_other_scans(self.session, kept.result)
        self._models.open(self._lent[kept], lasting=False)
        name = self._lent[kept].stem
        self.session.say("info", f"{name} is chosen in Segment until the window closes. It has learnt from one scan.")

    @report_errors
    def keep_as_version(self) -> None:
        """Add the adapted model to the project, not in use."""
        if self.kept is not None:
            keep_as_version(self.session, self.kept.result)

    def _on_result(
        self,
        editable: EditableLabels,
        axis: int,
        numbers: Mapping[int, int],
        model: str,
        scan: Volume,
        result: AdaptedResult,
    ) -> None:
        key = (hash_of(scan), editable.scheme.model_dump_json())
        before = self._kept.pop(key, None)
        gone = [] if before is None else [before]
        self._kept[key] = AdaptedLabels(result, scan.geometry.display, editable.scheme, axis, numbers, model)
        while len(self._kept) > MOST:
            gone.append(self._kept.pop(next(iter(self._kept))))
        for one in gone:
            self._lent.pop(one, None)
        self.session.discard(*(one.result.folder for one in gone))
        self._show(editable, axis, scan.name, model)

    def _show(self, editable: EditableLabels, axis: int, scan_name: str, model: str) -> None:
        """Offer it, once no stroke is in progress: that is not cut in two."""
        if self.session.closing:
            return
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:
            QTimer.singleShot(SOON_MS, partial(self._show, editable, axis, scan_name, model))
        elif self._tools.editable is editable:
            self._carry.show_adapted(axis)
        else:
            self.session.say("info", f"{model} is adapted to {scan_name}: it is offered there, in Carry.")

    def _of(self, editable: EditableLabels) -> AdaptedLabels | None:
        """What an adapted model says of the scan of some labels."""
        return self._kept.get((editable.scan_hash, editable.scheme.model_dump_json()))


def _round_labels(labels: LabelMap, card: Card) -> Box | None:
    """A loose box round all labels, for a model that is given one, or that learned from far smaller scans."""
    expected, shape = card.expected_field_mm, labels.geometry.shape
    field = sorted(n * mm for n, mm in zip(shape, labels.spacing_mm, strict=True))
    far_larger = expected is not None and any(a > LARGER * b for a, b in zip(field, sorted(expected), strict=True))
    if card.recipe.box_margin_mm is None and not far_larger:
        return None
    return around(labels.array > 0, labels.spacing_mm, MARGIN_MM)


def _corrected(editable: EditableLabels, axis: int) -> list[int]:
    """Slices on which a person corrected or accepted any organ: what else is on them is taken to be right too."""
    found: set[int] = set()
    for organ in editable.scheme.ids:
        found |= corrected_slices(editable.history, organ, axis)
    return sorted(found)
