"""A trend in words: what each chart found, of which cases, and which of them are left out."""

from __future__ import annotations

from typing import Any

from napari_boundaryseg.review.chart.chart import FEWEST
from napari_boundaryseg.review.chart.chart_words import chart_in_words
from napari_boundaryseg.session.trend.trend import LEARNED, SAME_PATIENT, UNKNOWN_PATIENT, Trend


def cases_in_words(trend: Trend) -> str:
    """Of which model and of how many cases the charts of an organ are, and how many are left out why."""
    first, left = trend.figures[0], trend.left_out
    n, as_predicted = len(first.cases), sum(one.as_predicted for one in first.cases)
    said = [f"{trend.model.title}: {_cases(n)}, one of each patient."]
    said += [f"{_cases(as_predicted)} accepted as predicted: passed over."] if as_predicted else []
    said += [f"{_cases(left[SAME_PATIENT])} more of the same patients: left out."] if left[SAME_PATIENT] else []
    said += [f"{_cases(left[LEARNED])} left out, of which the model may have learned."] if left[LEARNED] else []
    unknown = left[UNKNOWN_PATIENT]
    said += [f"Of {_cases(unknown)} the patient is not known; each counts as one."] if unknown else []
    return " ".join(said)


def sentences(trend: Trend) -> list[str]:
    """What each chart of an organ found, a sentence or more for each."""
    return [chart_in_words(figure.chart) for figure in trend.figures]


def in_short(trend: Trend) -> str:
    """What the charts of an organ say, in a few words."""
    found = [one for one in trend.figures if one.chart.found is not None and one.chart.since is not None]
    worse = [one for one in found if one.chart.suggests_fine_tuning]
    if not found:
        n = max(one.chart.n for one in trend.figures)
        return "no change" if any(one.chart.limit for one in trend.figures) else f"{min(n, FEWEST)} of {FEWEST} cases"
    first = (worse or found)[0]
    return f"{'worse' if worse else 'better'} since case {(first.chart.since or 0) + 1}"


def as_json(trend: Trend) -> dict[str, Any]:
    """A trend as plain values: cases are counted from 1."""
    return {
        "organ": trend.organ,
        "model": trend.model.title,
        "model_sha256": trend.model.sha256,
        "left_out": dict(trend.left_out),
        "suggests_fine_tuning": trend.suggests_fine_tuning,
        "cases_since_then": list(trend.since_then),
        "charts": [
            {
                "figure": figure.name,
                "unit": figure.chart.figure.unit,
                "says": chart_in_words(figure.chart),
                "n": figure.chart.n,
                "limits_from": figure.chart.estimated_from,
                "mean": figure.chart.mean,
                "mean_since": figure.mean_since,
                "since_case": None if figure.chart.since is None else figure.chart.since + 1,
                "found_at_case": None if figure.chart.found is None else figure.chart.found + 1,
                "better": figure.chart.better,
                "cases": [
                    {"case": one.case, "value": one.value, "accepted_as_predicted": one.as_predicted}
                    for one in figure.cases
                ],
            }
            for figure in trend.figures
        ],
    }


def _cases(n: int) -> str:
    return f"{n} case{'' if n == 1 else 's'}"
