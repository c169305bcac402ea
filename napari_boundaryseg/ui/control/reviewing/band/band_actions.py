"""Actions of the band: what accepted cases promise of a model's border, in words, and as two lines round it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.engine.checkpoints.ancestry import content_hashes
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.band.band_lines import band_lines
from napari_boundaryseg.review.band.local_width import Widths
from napari_boundaryseg.session.actions.known_cases import row_of_scan, rows_of
from napari_boundaryseg.session.certificate.accepted_figures import Learned, accepted_figures
from napari_boundaryseg.session.certificate.bands import OrganBand, bands_of
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.control.error_messages import report_errors
from napari_boundaryseg.ui.control.reviewing.band.band_field import Measured, measure, widths_here
from napari_boundaryseg.ui.control.reviewing.band.drawn_result import DrawnResult, follower, step_of
from napari_boundaryseg.ui.control.reviewing.beside import Beside
from napari_boundaryseg.ui.control.reviewing.settled import Settled
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.tools.paint_tools import PaintTools
from napari_boundaryseg.ui.views.outline_views import OutlineViews
from napari_boundaryseg.ui.views.shown_slice import ShownSlice

NO_RESULT = "No band: no model's result is in these labels."
NOT_ALONE = "No band: the result was applied where hand work stayed, and what the model alone drew is not kept."
ADAPTED = "No band: a copy of the model was adapted to this scan, and of such copies nothing is known."
LEARNED = "No band: the model learned of this patient, or it is not at hand to ask."
UNREAD = "No band: what was accepted cannot be read just now."
NOTHING = "No band: the model drew no organ."
READING = "Reading what was accepted…"
MOST_SLICES = 64
"""Of which the lines are kept."""


class Accepted(NamedTuple):
    """What the project says for one result of a model: the bands, and whether the patient is new to the model.

    ``widths`` are those of the bands that follow a local width, on this scan; of the others the constant one is drawn.
    """

    result: DrawnResult
    bands: dict[str, OrganBand]
    is_new: bool
    widths: Mapping[str, Widths] = {}


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
        result = self.result()
        if self.is_busy or result is None:
            return [READING]
        if not self.bands():
            return [UNREAD if result.organs else NOTHING]
        said: dict[str, list[str]] = {}
        for organ, band in self.bands().items():
            said.setdefault(band.in_words(self._widths(organ)), []).append(organ)
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
        name = _name(editable, organ)
        if self._margin(organ) is None:
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
        return {organ: {"model": result.model, **band.as_json(self._widths(organ))} for organ, band in bands.items()}

    def _widths(self, organ: str) -> Widths | None:
        return self._accepted.widths.get(organ) if self._accepted is not None else None

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
        if self._settled.is_drawing:
            self._accepted = None  # it is read once the labels have settled
            return
        if result is None or editable is None or scan is None:
            self._draw()
            return
        organs = [editable.scheme.organ(organ).name for organ in result.organs if organ in editable.scheme.ids]
        models = [self.session.model] if self.session.model is not None else []
        follow, scheme, prediction = follower(editable), editable.scheme, self.session.prediction

        def compute() -> Accepted:
            if project is None:
                return Accepted(result, bands_of([], result.sha256, organs, model=result.model), True)
            try:
                figures, learned = accepted_figures(project, models), Learned(project, models)
            except InputError:  # a list that cannot be read just now keeps nobody from working
                return Accepted(result, {}, True)
            rows = rows_of(project)
            row = row_of_scan(rows, scan)
            patient = row.patient if row is not None else None
            theirs = [one for one in rows if one is row or (patient and one.patient == patient)]
            own = {one.case.name for one in theirs if one.case is not None}
            name = row.case.name if row is not None and row.case is not None else scan.name
            is_new = learned.nothing_of(result.sha256, name, patient, content_hashes(scan))
            bands = bands_of(figures, result.sha256, organs, own, result.model)
            factors = {
                organ: one.scaled.margin for organ, one in bands.items() if one.scaled and one.scaled.margin is not None
            }
            widths = widths_here(follow, scan.geometry.display, scheme, factors, prediction)
            return Accepted(result, bands, is_new, widths)

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
        result, margin = self.result(), self._margin(organ)
        if result is None or margin is None:
            return []
        if self._measured is None or not self._measured.is_of(result.step, organ, *margin):
            self._measure(Measured(result.step, organ, *margin))
            return []
        if at not in self._lines and self._measured.field is not None:
            if len(self._lines) >= MOST_SLICES:
                self._lines.clear()
            inner, outer = band_lines(self._measured.field, at.order[0], at.number, self._measured.margin)
            turned = at.order[1] > at.order[2]
            self._lines[at] = [line[:, ::-1] if turned else line for line in (*inner, *outer)]
        return self._lines.get(at, [])

    def _margin(self, organ: int) -> tuple[float, bool] | None:
        """The margin of an organ's band, in mm, or, with True, its factor; None where it has none."""
        editable = self._settled.editable
        name = _name(editable, organ)
        one = self.bands().get(name)
        if one is None or not one.band.can_be_drawn:
            return None
        band = one.scaled if one.scaled is not None and self._widths(name) is not None else one.band
        return None if band.margin is None else (band.margin, band is not one.band)

    def _measure(self, asked: Measured) -> None:
        editable, scan = self._settled.editable, self.session.scan
        if editable is None or scan is None or self._settled.is_drawing:
            return
        self._lines.clear()
        self._measured = asked
        name, prediction = _name(editable, asked.organ), self.session.prediction
        compute = partial(measure, follower(editable), scan.geometry.display, asked, name, prediction)
        self._measuring.ask(compute, self._take_measured)

    def _take_measured(self, found: Measured) -> None:
        self._measured = found
        self._lines.clear()
        self._outlines.later()


def _name(editable: EditableLabels | None, organ: int) -> str:
    return editable.scheme.organ(organ).name if editable is not None and organ in editable.scheme.ids else ""
