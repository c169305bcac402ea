"""The conformal margin: ranks counted by hand, coverage of new patients against its exact value."""

from __future__ import annotations

import math

import numpy as np
import pytest

from napari_boundaryseg.review.band.conformal import (
    FEWEST,
    SPLIT_FROM,
    Band,
    band_of,
    conformal_margin,
    scaled_is_narrower,
)


@pytest.mark.parametrize(("n", "rank"), [(9, 9), (10, 10), (18, 18), (19, 18), (20, 19), (29, 27), (39, 36), (99, 90)])
def test_the_rank_is_the_finite_sample_one(n: int, rank: int) -> None:
    values = np.random.default_rng(n).permutation(np.arange(1, n + 1)).astype(float).tolist()
    assert conformal_margin(values) == rank


@pytest.mark.parametrize("n", [9, 19, 20, 29, 50])
def test_new_patients_are_held_as_often_as_the_theorem_says(n: int) -> None:
    """Of continuous scores exactly k of n + 1: the standard error of 20,000 trials is 0.002."""
    rng = np.random.default_rng(7 * n)
    trials = rng.lognormal(0.0, 0.7, (20_000, n + 1))
    held = [trial[-1] <= conformal_margin(trial[:-1].tolist()) for trial in trials]
    assert np.mean(held) == pytest.approx(math.ceil((n + 1) * 0.9 - 1e-9) / (n + 1), abs=0.009)


@pytest.mark.parametrize("n", range(FEWEST + 1))
def test_with_fewer_than_nine_patients_there_is_no_band(n: int) -> None:
    band = band_of({str(case): 1.0 for case in range(n)})
    assert (band.margin is None) == (n < FEWEST)
    assert band.can_be_drawn == (n >= FEWEST)


def test_several_cases_of_a_patient_count_once_and_the_worst() -> None:
    margins = {
        f"{patient}{side}": patient + 0.1 * (side == "left") for patient in range(9) for side in ("left", "right")
    }
    patients = {name: name[0] for name in margins}
    assert band_of(margins, patients) == Band(9, 8.1, 0, 0)
    assert band_of(margins).n == 18


def test_a_case_without_the_organ_does_not_count() -> None:
    assert band_of({"a": None, "b": 1.0}) == Band(1, None, 0, 0)


def test_few_patients_are_judged_by_all_the_others() -> None:
    """The largest of eleven is held by no margin of the other ten, which is the largest of these."""
    band = band_of({str(n): float(n) for n in (5, 11, 2, 7, 1, 9, 3, 10, 4, 8, 6)})
    assert (band.n, band.margin, band.held, band.judged) == (11, 11.0, 10, 11)


def test_many_patients_are_judged_by_those_before_them() -> None:
    """From the tenth on; the last six are all worse than what came before them, but for one."""
    scores = [1.0] * 14 + [2.0, 3.0, 4.0, 5.0, 6.0, 1.0]
    assert len(scores) == SPLIT_FROM
    judged = [(scores[n], sorted(scores[:n])[math.ceil((n + 1) * 0.9 - 1e-9) - 1]) for n in range(9, 20)]
    band = band_of({str(n): score for n, score in enumerate(scores)})
    assert (band.judged, band.held) == (11, sum(score <= margin for score, margin in judged)) == (11, 6)


def test_perfect_predictions_have_a_margin_of_nothing_and_are_judged() -> None:
    assert band_of({str(n): 0.0 for n in range(12)}) == Band(12, 0.0, 12, 12)


def test_where_many_were_missed_no_band_can_be_drawn() -> None:
    """Of 19 the 18th counts."""
    once, twice = (band_of({str(n): math.inf if n < missed else 1.0 for n in range(19)}) for missed in (1, 2))
    assert once.margin == 1.0 and once.can_be_drawn
    assert twice.margin == math.inf and not twice.can_be_drawn


@pytest.mark.parametrize(
    ("constant", "scaled", "widths", "narrower"),
    [
        (2.0, 0.5, [3.0, 4.8], True),
        (2.0, 0.5, [3.0, 5.0], False),
        (2.0, 0.5, [4.0, 5.0], False),
        (2.0, None, [1.0], False),
        (None, 0.5, [1.0], False),
        (2.0, 0.5, [], False),
        (math.inf, 0.5, [1.0], True),
        (math.inf, math.inf, [1.0], False),
    ],
)
def test_the_scaled_band_is_taken_where_its_mean_width_is_less(
    constant: float | None, scaled: float | None, widths: list[float], narrower: bool
) -> None:
    assert scaled_is_narrower(Band(20, constant, 0, 0), Band(20, scaled, 0, 0), widths) is narrower
