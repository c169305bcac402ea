"""The chart: when it begins, what it finds and when, in which direction; and that it says so."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from napari_boundaryseg.review.chart.chart import FEWEST, chart_of
from napari_boundaryseg.review.chart.chart_words import chart_in_words
from napari_boundaryseg.review.chart.charted import CHARTED, Charted
from napari_boundaryseg.review.chart.limits import KNOWN, limit_for

PLAIN = Charted("Plain", "higher", np.array, np.array)
USUAL = [0.0, 1.0, -1.0, 0.5, -0.5] * 4
"""Twenty cases."""


@pytest.mark.parametrize("n", range(0, 21, 4))
def test_with_few_cases_there_is_no_chart(n: int) -> None:
    chart = chart_of(USUAL[:n], PLAIN)
    assert (chart.limit is None) == (n < FEWEST) and chart.found is None
    if n < FEWEST:
        assert chart_in_words(chart) == f"Plain: the chart begins after 20 cases (so far {n})."


def test_the_sums_are_of_what_came_after_the_first_cases() -> None:
    later = [0.2, 2.0, -0.3]
    chart = chart_of(USUAL + later, PLAIN)
    sd = float(np.std(USUAL, ddof=1))
    high = low = 0.0
    for n, value in enumerate(later):
        high, low = max(0.0, high + value / sd - 0.5), max(0.0, low - value / sd - 0.5)
        assert chart.sums[:, n] == pytest.approx([high, low])
    assert chart.cases.tolist() == [20, 21, 22]
    assert chart.limit == limit_for(20)


@pytest.mark.parametrize(
    ("better", "value", "fine_tune"), [("higher", -3, True), ("higher", 3, False), ("lower", 3, True)]
)
def test_a_change_is_found_and_only_a_worse_one_suggests_fine_tuning(
    better: str, value: float, fine_tune: bool
) -> None:
    figure = Charted("It", better, np.array, np.array)  # type: ignore[arg-type]
    chart = chart_of([*USUAL, *USUAL[:10], 0.0, *[value] * 6], figure)
    assert chart.since == 31 and chart.suggests_fine_tuning is fine_tune
    assert chart.found is not None and 31 < chart.found <= 33
    said = chart_in_words(chart)
    assert f"{'higher' if value > 0 else 'lower'} since about case 32, found at case {chart.found + 1} " in said
    assert "limits from the first 20 cases" in said and ("Fine-tuning" in said) is fine_tune


def test_the_alarm_is_at_the_first_sum_above_the_limit() -> None:
    chart = chart_of([*USUAL, *[2.5] * 12], PLAIN)
    assert chart.found is not None and chart.limit is not None
    at = int(np.flatnonzero(chart.cases == chart.found)[0])
    assert chart.sums[0, at] > chart.limit >= chart.sums[0, at - 1]


def test_with_known_limits_no_alarm_is_told_before_twenty_cases() -> None:
    """The sum is above the limit from the third case on, and again at the twentieth."""
    values = [5.0] * 30
    assert chart_of(values[:19], PLAIN, usual=(0.0, 1.0)).found is None
    chart = chart_of(values, PLAIN, usual=(0.0, 1.0))
    assert (chart.found, chart.since, chart.estimated_from) == (19, 0, KNOWN)
    assert "known limits" in chart_in_words(chart)
    early = chart_in_words(chart_of(values[:5], PLAIN, usual=(0.0, 1.0)))
    assert early == "Plain: no change in 5 cases (known limits; none is told before 20)."


def test_an_early_rise_that_is_over_by_the_twentieth_case_is_not_told() -> None:
    values = [5.0] * 4 + [-1.0] * 16 + [0.0] * 5
    chart = chart_of(values, PLAIN, usual=(0.0, 1.0))
    assert chart.sums[:, 3].max() > limit_for(KNOWN)
    assert chart.found is None or chart.better is False


def test_more_first_cases_narrow_the_limit() -> None:
    few, many = (chart_of(USUAL * 4, PLAIN, estimate_from=n) for n in (20, 40))
    assert few.limit is not None and many.limit is not None and few.limit > many.limit
    assert many.estimated_from == 40 and len(many.cases) == 40
    assert "limits from the first 40 cases" in chart_in_words(many)


def test_fewer_than_twenty_cases_may_not_estimate() -> None:
    with pytest.raises(ValueError, match="20 cases or more, not 19"):
        chart_of(USUAL, PLAIN, estimate_from=19)


def test_cases_without_a_value_keep_their_numbers() -> None:
    values: list[float | None] = [*USUAL, None, None, *[-4.0] * 5]
    chart = chart_of(values, PLAIN)
    assert chart.n == 25 and chart.since == 22 and chart.cases.tolist() == [22, 23, 24, 25, 26]


def test_cases_that_are_all_alike_make_no_chart() -> None:
    chart = chart_of([0.5] * 30, PLAIN)
    assert chart.limit is None and chart.found is None
    assert chart_in_words(chart).startswith("Plain: no chart")


def test_no_case_at_all() -> None:
    assert chart_of([], PLAIN).n == chart_of([], PLAIN, usual=(0.0, 1.0)).n == 0


@pytest.mark.parametrize("name", CHARTED)
def test_every_figure_has_a_scale_that_rises_and_takes_perfect_and_hopeless_cases(name: str) -> None:
    scaled = CHARTED[name].scale(np.array([0.0, 0.2, 0.5, 1.0]))
    assert np.isfinite(scaled).all() and (np.diff(scaled) > 0).all()


def test_the_scale_of_shares_is_the_arcsine_of_the_root() -> None:
    found = CHARTED["surface_dice"].scale(np.array([0.0, 0.25, 1.0]))
    np.testing.assert_allclose(found, [0.0, np.pi / 6, np.pi / 2])
    np.testing.assert_allclose(CHARTED["surface_dice"].scale(np.array([-1e-9, 1 + 1e-9])), [0.0, np.pi / 2])


@pytest.mark.parametrize("name", CHARTED)
def test_the_way_back_from_every_scale_is_exact(name: str) -> None:
    values = np.array([0.0, 0.2, 0.5, 1.0])
    np.testing.assert_allclose(CHARTED[name].back(CHARTED[name].scale(values)), values, atol=1e-12)


def test_what_is_usual_is_told_in_the_figures_own_unit() -> None:
    chart = chart_of([0.0, 4.0, 16.0, 36.0] * 6, CHARTED["apl_mm"])
    assert chart.mean == pytest.approx(9.0), "the mean of the roots, squared"
    assert chart_of(USUAL, PLAIN).mean == pytest.approx(0.0) and chart_of(USUAL[:9], PLAIN).mean is None
    assert chart_of([*USUAL, *[5.0] * 5], PLAIN).mean == pytest.approx(0.0)


@pytest.mark.parametrize("quiet", [0, 1])
def test_cases_are_counted_from_one(quiet: int) -> None:
    chart = chart_of([*USUAL, *[0.0] * quiet, *[-6.0] * 3], PLAIN)
    assert chart.found == 20 + quiet
    assert f"since about case {21 + quiet}, found at case {21 + quiet} " in chart_in_words(chart)


def test_a_figure_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PLAIN.title = "Other"  # type: ignore[misc]


def test_where_limits_are_known_the_chart_begins_with_the_first_case() -> None:
    nothing, one = (chart_of(values, PLAIN, usual=(0.0, 1.0)) for values in ([], [0.2]))
    assert nothing.limit is None and one.limit == limit_for(KNOWN)
    assert chart_in_words(nothing) == "Plain: the chart begins with the first case."
    assert chart_in_words(one) == "Plain: no change in 1 case (known limits; none is told before 20)."


def test_the_very_cases_that_should_tell_what_is_usual_may_be_alike() -> None:
    assert chart_in_words(chart_of([0.5] * 20, PLAIN)).startswith("Plain: no chart, for the cases")


def test_a_chart_in_which_nothing_was_found_suggests_nothing() -> None:
    chart = chart_of(USUAL * 2, PLAIN)
    assert (chart.found, chart.better, chart.suggests_fine_tuning) == (None, None, False)


def test_a_chart_is_itself_whatever_its_arrays_hold() -> None:
    chart, again = chart_of(USUAL, PLAIN), chart_of(USUAL, PLAIN)
    assert len({chart, again, chart}) == 2
