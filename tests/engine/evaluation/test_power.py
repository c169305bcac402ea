"""Power: as simulated through the verdict itself, and another library's noncentral t; and what a card says of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from napari_boundaryseg.engine.evaluation.paired_change import verdict_of
from napari_boundaryseg.engine.evaluation.power import power, power_in_words


@pytest.mark.parametrize(("n", "gain"), [(3, 1.0), (4, 1.0), (6, 1.0), (10, 1.0), (8, 0.0), (5, 2.0)])
def test_it_is_how_often_the_verdict_finds_the_gain(n: int, gain: float) -> None:
    """4,000 trials: four standard errors are at most 0.032."""
    rng = np.random.default_rng(n)
    found = [verdict_of(rng.normal(gain, 1.0, n).tolist()) == "better" for _ in range(4000)]
    assert power(n, gain) == pytest.approx(np.mean(found), abs=0.032)


@pytest.mark.parametrize("n", [3, 7, 20, 60])
def test_it_is_the_tail_of_the_noncentral_t(n: int) -> None:
    assert power(n, 0.7) == pytest.approx(stats.nct.sf(stats.t.ppf(0.975, n - 1), n - 1, 0.7 * n**0.5), abs=1e-6)


def test_more_patients_find_more_and_fewer_than_three_nothing() -> None:
    found = [power(n) for n in range(1, 31)]
    assert found[:2] == [0.0, 0.0] and sorted(found[1:]) == found[1:]
    assert 0.999 < found[-1] < 1


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (3, "1 of 5"),
        (4, "3 of 10"),
        (5, "2 of 5"),
        (6, "1 of 2"),
        (7, "3 of 5"),
        (8, "2 of 3"),
        (9, "3 of 4"),
        (10, "4 of 5"),
        (13, "9 of 10"),
        (15, "19 of 20"),
        (30, "19 of 20"),
    ],
)
def test_a_card_says_it_in_trials(n: int, said: str) -> None:
    assert power_in_words(n) == f"With {n} patients a true gain of one SD is found in {said} trials."
    hits, _, trials = said.partition(" of ")
    assert abs(int(hits) / int(trials) - power(n)) < 0.05


@pytest.mark.parametrize(
    ("n", "begins"), [(0, "With 0 patients no"), (1, "With 1 patient no"), (2, "With 2 patients no")]
)
def test_too_few_find_nothing(n: int, begins: str) -> None:
    assert power_in_words(n).startswith(begins)


def test_the_gain_is_one_sd_where_nobody_says_another_and_nothing_is_found_as_often_as_chance_does() -> None:
    assert power(9) == power(9, 1.0) > power(9, 0.5) > power(9, 0.0) == pytest.approx(0.025)
