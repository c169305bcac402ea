"""The limits of the chart: the table as it is shipped, and runs with other random numbers than those that made it."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.review.chart.cusum import step
from napari_boundaryseg.review.chart.limits import KNOWN, limit_for

LONGEST = 1000
CHARTS = 3000


def runs(cases: int, shift: float, seed: int) -> np.ndarray:
    """Watched cases until the alarm, of charts whose mean and SD are those of so many first cases."""
    rng = np.random.default_rng(seed)
    first = rng.normal(size=(max(cases, 2), CHARTS))
    mean, sd = (first.mean(0), first.std(0, ddof=1)) if cases else (0.0, 1.0)
    sums, length, watched = np.zeros((2, CHARTS)), np.zeros(CHARTS), np.ones(CHARTS, bool)
    for _ in range(LONGEST):
        sums = step(sums, (rng.normal(shift, 1, CHARTS) - mean) / sd)
        length += watched
        watched &= sums.max(axis=0) <= limit_for(cases)
    return length


@pytest.mark.parametrize("cases", [KNOWN, 20, 30, 100])
def test_without_a_change_runs_are_200_cases_and_few_alarms_come_early(cases: int) -> None:
    found = runs(cases, 0.0, seed=cases + 1)
    error = found.std(ddof=1) / np.sqrt(CHARTS)
    assert found.mean() > 200 - 3 * error
    assert (found <= 100).mean() < 0.39 + 0.03


def test_with_known_limits_a_shift_of_one_sd_is_found_within_ten_cases() -> None:
    assert runs(KNOWN, 1.0, seed=9).mean() < 9.5


def test_the_fewer_cases_tell_what_is_usual_the_wider_the_limits() -> None:
    found = [limit_for(cases) for cases in (20, 25, 30, 40, 50, 75, 100, 200, KNOWN)]
    assert found == sorted(found, reverse=True) and len(set(found)) == len(found)


@pytest.mark.parametrize(("cases", "same"), [(29, 25), (199, 100), (5000, 200)])
def test_between_two_numbers_the_smaller_counts(cases: int, same: int) -> None:
    assert limit_for(cases) == limit_for(same)


def test_too_few_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="20 are needed"):
        limit_for(19)
