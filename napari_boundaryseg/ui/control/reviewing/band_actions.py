"""Actions of the band: what accepted cases promise of a model's border, in words, and as two lines round it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.editing.history.edit import Edit
from napari_boundaryseg.engine.checkpoints.ancestry import content_hashes
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.band.band_lines import Field, band_lines, depth_field
from napari_boundaryseg.session.actions.known_cases import row_of_scan, rows_of
from napari_boundaryseg.session.certificate.accepted_figures import Learned, accepted_figures
from napari_boundaryseg.session.certificate.bands import OrganBand, bands_of
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.reviewing.beside import Beside
from napari_boundaryseg.ui.control.reviewing.drawn_result import DrawnResult, follower, step_of
from napari_boundaryseg.ui.control.reviewing.settled import Settled
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.tools.paint_tools import PaintTools
from napari_boundaryseg.ui.views.outline_views import OutlineViews
from napari_boundaryseg.ui.views.shown_slice import ShownSlice

NO_RESULT = "No band: no model's result is in these labels."
NOT_ALONE = "No band: the result was applied where hand work stayed, and what the model alone drew is not kept."
ADAPTED = "No band: a copy of the model was adapted to this scan, and of such copies nothing is known."
LEARNED = "No band: the model learned of this patient, or it is not at hand to ask."
READING = "Reading what was accepted…"
MOST_SLICES = 64
"""Of which the lines are kept."""


class Accepted(NamedTuple):
    """What the project says for one result of a model: the bands, and whether the patient is new to the model."""

    result: DrawnResult
    bands: dict[str, OrganBand]
    is_new: bool


class Measured(NamedTuple):
    """The depth below the border that a model drew of an organ, for a margin."""

    step: Edit
    organ: int
    margin_mm: float
    field: Field | None = None

    def is_of(self, step: Edit, organ: int, margin_mm: float) -> bool:
        """Whether it is what is asked for."""
        return self.step is step and (self.organ, self.margin_mm) == (organ, margin_mm)


class BandActions(QObject):
    """The band lies round the model's result, whatever is drawn later: the promise is about the model."""

    changed = Signal()
    """Something else is known, or to be seen."""

    def __init__(
        self,
        session: Session,
        settled: Settled,
        tools: PaintTools,
        outlines: OutlineViews,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.session, self._settled, self._tools, self._outlines = session, settled, tools, outlines
        self._following, self._reading = Beside(session, "result", self), Beside(session, "bands", self)
        self._measuring = Beside(session, "band", self)
        self._results: WeakKeyDictionary[EditableLabels, DrawnResult] = WeakKeyDictionary()
        self._accepted: Accepted | None = None
        self._measured: Measured | None = None
        self._lines: dict[ShownSlice, list[np.ndarray]] = {}
        self._shows = False
        settled.settled.connect(self._follow)
        session.project_changed.connect(lambda _: self._read())
        tools.tool_changed.connect(self.changed)

    # What the panel wants to know.
    def result(self) -> DrawnResult | None:
        """The model's result in the labels in work; None where there is none, or it is not known yet."""
        editable = self._settled.editable
        known = self._results.get(editable) if editable is not None else None
        return known if editable is not None and known is not None and known.step is step_of(editable) else None

    def bands(self) -> dict[str, OrganBand]:
        """Of each organ that the model drew; none where nothing is promised, or it is not known yet."""
        known, result = self._accepted, self.result()
        return known.bands if known is not None and known.result is result and not self._why_not() else {}

    def words(self) -> list[str]:
        """What is promised of which organs, or why nothing is; organs of which the same is said stand together."""
        editable = self._settled.editable
        if editable is None:
            return []
        if step_of(editable) is None:
            return [NO_RESULT]
        if why := self._why_not():
            return [why]
        if self.is_busy or not self.bands():
            return [READING] if self.is_busy else [NO_RESULT]
        said: dict[str, list[str]] = {}
        for organ, band in self.bands().items():
            said.setdefault(band.in_words(), []).append(organ)
        return [f"{', '.join(organs)}: {words}" for words, organs in said.items()]

    @property
    def is_busy(self) -> bool:
        """Whether something is read or measured of which the words depend."""
        return self._following.is_busy or self._reading.is_busy

    @property
    def shows(self) -> bool:
        """Whether bands are to be seen."""
        return self._shows

    def can_show(self) -> bool:
        """Whether any organ has a band."""
        return any(one.band.can_be_drawn for one in self.bands().values())

    def legend(self) -> str:
        """What the lines are, where they are to be seen."""
        result, editable = self.result(), self._settled.editable
        if not self._shows or result is None or editable is None or not self.can_show():
            return ""
        organ = self._tools.state()[2]
        name = editable.scheme.organ(organ).name if organ in editable.scheme.ids else ""
        if self._margin_mm(organ) is None:
            return f"{name or 'This label'} has no band: choose another organ."
        return f"Two white lines round the {name} that {result.model} drew; what you draw does not move them."

    # What the panel asks for.
    @report_errors
    def show(self, on: bool) -> None:
        """Show or hide the band of the chosen organ."""
        self._shows = on
        self._draw()

    def for_certificate(self) -> dict[str, Any] | None:
        """The bands as they are now, plain values; None where nothing is promised."""
        result, bands = self.result(), self.bands()
        if result is None or not bands:
            return None
        return {organ: {"model": result.model, **band.as_json()} for organ, band in bands.items()}

    def _why_not(self) -> str:
        """Why nothing is promised of the result in the labels; empty where that is not known, or something is."""
        result, known = self.result(), self._accepted
        if result is None:
            return ""
        if not result.is_the_models:
            return NOT_ALONE
        if result.adapted:
            return ADAPTED
        return LEARNED if known is not None and known.result is result and not known.is_new else ""

    # What is found out.
    @report_errors
    def _follow(self) -> None:
        """Ask which result is in the labels, where it is another one."""
        editable = self._settled.editable
        step = step_of(editable) if editable is not None else None
        if editable is None or step is None:
            self._following.forget()
            self._measured = None
            self._lines.clear()
            self._draw()
            return
        known = self._results.get(editable)
        if known is not None and known.step is step:
            self._read() if self._accepted is None or self._accepted.result is not known else self._draw()
            return
        follow, details = follower(editable), dict(editable.results)

        def compute() -> DrawnResult | None:
            found = follow()
            return None if found is None else DrawnResult.of(found, step, details.get(found.position, {}))

        self._following.ask(compute, partial(self._take_result, editable))
        self.changed.emit()

    def _take_result(self, editable: EditableLabels, found: DrawnResult | None) -> None:
        if found is not None:
            self._results[editable] = found
            self._read()

    @report_errors
    def _read(self) -> None:
        """Read what was accepted, for the result in the labels."""
        result, editable, project, scan = self.result(), self._settled.editable, self.session.project, self.session.scan
        if result is None or editable is None or project is None or scan is None:
            self._draw()
            return
        organs = [editable.scheme.organ(organ).name for organ in result.organs if organ in editable.scheme.ids]
        models = [self.session.model] if self.session.model is not None else []

        def compute() -> Accepted:
            try:
                figures, learned = accepted_figures(project, models), Learned(project, models)
            except InputError:  # a list that cannot be read just now keeps nobody from working
                return Accepted(result, {}, True)
            rows = rows_of(project)
            row = row_of_scan(rows, scan)
            patient = row.patient if row is not None else None
            own = {one.name for one in rows if one is row or (patient and one.patient == patient)}
            is_new = learned.nothing_of(result.sha256, row.name if row else scan.name, patient, content_hashes(scan))
            return Accepted(result, bands_of(figures, result.sha256, organs, own), is_new)

        self._reading.ask(compute, self._take_accepted)
        self.changed.emit()

    def _take_accepted(self, found: Accepted) -> None:
        self._accepted = found
        self._draw()

    # What is drawn.
    def _draw(self) -> None:
        wanted = self.lines if self._shows and self.can_show() else None
        if wanted is not None or self._outlines.wanted.band is not None:
            self._outlines.want(band=wanted)
        self.changed.emit()

    def lines(self, organ: int, at: ShownSlice) -> list[np.ndarray]:
        """The two lines of an organ's band in a slice, rows and columns; what is not measured is measured beside."""
        result, margin_mm = self.result(), self._margin_mm(organ)
        if result is None or margin_mm is None:
            return []
        if self._measured is None or not self._measured.is_of(result.step, organ, margin_mm):
            self._measure(result.step, organ, margin_mm)
            return []
        if at not in self._lines and self._measured.field is not None:
            if len(self._lines) >= MOST_SLICES:
                self._lines.clear()
            inner, outer = band_lines(self._measured.field, at.order[0], at.number, margin_mm)
            turned = at.order[1] > at.order[2]
            self._lines[at] = [line[:, ::-1] if turned else line for line in (*inner, *outer)]
        return self._lines.get(at, [])

    def _margin_mm(self, organ: int) -> float | None:
        editable = self._settled.editable
        name = editable.scheme.organ(organ).name if editable is not None and organ in editable.scheme.ids else ""
        one = self.bands().get(name)
        return one.band.margin if one is not None and one.band.can_be_drawn else None

    def _measure(self, step: Edit, organ: int, margin_mm: float) -> None:
        editable, scan = self._settled.editable, self.session.scan
        if editable is None or scan is None:
            return
        self._lines.clear()
        self._measured = Measured(step, organ, margin_mm)
        compute = _measurer(follower(editable), scan, self._measured)
        self._measuring.ask(compute, self._take_measured)

    def _take_measured(self, found: Measured) -> None:
        self._measured = found
        self._lines.clear()
        self._outlines.later()


def _measurer(follow: Callable[[], Any], scan: Volume, asked: Measured) -> Callable[[], Measured]:
    def compute() -> Measured:
        found = follow()
        if found is None:
            return asked
        field = depth_field(found.labels == asked.organ, scan.geometry.display.scale_mm, asked.margin_mm)
        if field is not None:
            field = field._replace(depth=field.depth.astype(np.float32))
        return asked._replace(field=field)

    return compute
