"""Trend of an organ: its charts over accepted cases of the model version in use, one case of each patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from napari_boundaryseg.review.chart.chart import Chart, chart_of
from napari_boundaryseg.review.chart.charted import CHARTED
from napari_boundaryseg.session.certificate import chain
from napari_boundaryseg.session.certificate.accepted_figures import AcceptedFigures, accepted_figures
from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.trend.limits_anew import EVERY_ORGAN, begun_after
from napari_boundaryseg.session.trend.version_in_use import InUse, version_in_use

ONCE_A_CASE = "minutes"
"""The figure that is the same for all organs of a case."""
LEARNED, SAME_PATIENT, UNKNOWN_PATIENT = "learned", "same patient", "unknown patient"


@dataclass(frozen=True)
class TrendCase:
    """One case of a chart.

    Parameters
    ----------
    case : str
    number : int
        Of its certificate in the project's chain.
    value : float or None
        None where the figure could not be measured.
    as_predicted : bool
        Whether it was accepted as the model left it. That says that a person saw nothing to correct, and nothing of
        how far off the model was: the chart passes over it.
    """

    case: str
    number: int
    value: float | None
    as_predicted: bool = False


@dataclass(frozen=True, eq=False)
class FigureTrend:
    """One figure's chart, and its cases in the order of acceptance; the chart counts them from 0."""

    name: str
    """As `review.chart.charted.CHARTED` has it."""
    chart: Chart
    cases: tuple[TrendCase, ...]

    @property
    def mean_since(self) -> float | None:
        """The mean since the change, taken as the one before it; None without a change."""
        if self.chart.since is None:
            return None
        known = [one.value for one in self.cases[self.chart.since :] if one.value is not None and not one.as_predicted]
        figure = self.chart.figure
        return float(figure.back(figure.scale(np.array(known)).mean()))


@dataclass(frozen=True, eq=False)
class Trend:
    """The charts of an organ.

    Parameters
    ----------
    organ : str
    model : InUse
    figures : tuple of FigureTrend
        One for each of `CHARTED`; the one `ONCE_A_CASE` has the cases of all organs.
    left_out : Counter
        How many of the model's cases with the organ are not in its charts, by the reason: `LEARNED` (the model may
        have learned from the patient, was adapted to the scan, or is not at hand), `SAME_PATIENT`. And of how many
        charted ones the patient is not known: `UNKNOWN_PATIENT`; each counts as one patient.
    since_then : tuple of str
        The cases that the model segmented since the first change for the worse; empty without one.
    """

    organ: str
    model: InUse
    figures: tuple[FigureTrend, ...]
    left_out: Counter[str] = field(default_factory=Counter)
    since_then: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether a chart found a change."""
        return any(figure.chart.found is not None for figure in self.figures)

    @property
    def suggests_fine_tuning(self) -> bool:
        """Whether a chart found one for the worse."""
        return any(figure.chart.suggests_fine_tuning for figure in self.figures)


def read_trends(project: Project, models: Iterable[Path] = ()) -> list[Trend]:
    """The trend of every organ of a project, by name; reads every certificate.

    Parameters
    ----------
    project : Project
    models : iterable of Path
        Model files beside those of the project and of the program, which say what they learned from.

    Raises
    ------
    InputError
        Where the project's list cannot be read.
    """
    names = {case.label.parent.name: case.name for case in project.cases()}
    with project.reading() as database:
        links = chain.links(database)
    numbers = {(names[link.slug], link.version): link.number for link in links if link.slug in names}
    return trends_of(accepted_figures(project, models), project.models(), numbers, begun_after(project))


def trends_of(
    figures: Sequence[AcceptedFigures],
    versions: Sequence[ModelVersion],
    numbers: Mapping[tuple[str, int], int],
    begun: Mapping[tuple[str, str], int],
) -> list[Trend]:
    """The trends that figures of accepted cases show.

    Parameters
    ----------
    figures : sequence of AcceptedFigures
        In the order of acceptance.
    versions : sequence of ModelVersion
    numbers : mapping
        Case and version of its labels to the number of the certificate.
    begun : mapping
        SHA-256 of a model version and organ to the number of the certificate after which the charts begin.
    """
    trends = []
    for organ in sorted({one.organ for one in figures}):
        own = [one for one in figures if one.organ == organ]
        model = version_in_use(own, versions)
        after = {of: begun.get((model.sha256, of), 0) for of in (organ, EVERY_ORGAN)}
        by_model = [one for one in figures if one.model_sha256 == model.sha256]
        of_organ = [one for one in by_model if one.organ == organ and _number(one, numbers) > after[organ]]
        of_case = [one for one in _one_a_case(by_model) if _number(one, numbers) > after[EVERY_ORGAN]]
        charted, left_out = _charted(of_organ)
        figure_trends = tuple(
            _trend(name, _charted(of_case)[0] if name == ONCE_A_CASE else charted, numbers) for name in CHARTED
        )
        since = min((_since(one) for one in figure_trends if one.chart.suggests_fine_tuning), default=None)
        then = () if since is None else [one.case for one in by_model if _number(one, numbers) >= since]
        trends.append(Trend(organ, model, figure_trends, left_out, tuple(dict.fromkeys(then))))
    return trends


def _charted(figures: Iterable[AcceptedFigures]) -> tuple[list[AcceptedFigures], Counter[str]]:
    """One case of each patient of whom the model has not learned, and how many cases are left out why."""
    found, left_out, patients = [], Counter[str](), set()
    for one in figures:
        if not one.unseen:
            left_out[LEARNED] += 1
        elif one.patient and one.patient in patients:
            left_out[SAME_PATIENT] += 1
        else:
            found.append(one)
            patients.add(one.patient)
            left_out[UNKNOWN_PATIENT] += not one.patient
    return found, +left_out


def _trend(name: str, figures: Sequence[AcceptedFigures], numbers: Mapping[tuple[str, int], int]) -> FigureTrend:
    as_predicted = _case_as_predicted if name == ONCE_A_CASE else _organ_as_predicted
    cases = tuple(TrendCase(one.case, _number(one, numbers), getattr(one, name), as_predicted(one)) for one in figures)
    return FigureTrend(name, chart_of([None if one.as_predicted else one.value for one in cases], CHARTED[name]), cases)


def _case_as_predicted(one: AcceptedFigures) -> bool:
    return not one.edited


def _organ_as_predicted(one: AcceptedFigures) -> bool:
    """Also where a person drew on other organs alone: its border is the model's, to the voxel."""
    return not one.edited or (one.surface_dice == 1 and one.apl_mm == 0 and one.margin_mm == 0)


def _one_a_case(figures: Iterable[AcceptedFigures]) -> list[AcceptedFigures]:
    """The newest version of each case, in its place; some of its organs may be known of earlier ones only."""
    found: dict[str, AcceptedFigures] = {}
    for one in figures:
        if one.case not in found or found[one.case].version != one.version:
            found.pop(one.case, None)
            found[one.case] = one
    return list(found.values())


def _number(one: AcceptedFigures, numbers: Mapping[tuple[str, int], int]) -> int:
    return numbers.get((one.case, one.version), 0)


def _since(figure: FigureTrend) -> int:
    since = figure.chart.since
    return figure.cases[since].number if since is not None else 0
