"""The sums of the chart against published run lengths, a Markov chain, and sums written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from napari_boundaryseg.review.chart.cusum import change_point, step, sums_of


def mean_run(limit: float, shift: float, charts: int, seed: int) -> tuple[float, float]:
    """Of simulated two-sided charts with known limits, and its standard error."""
    rng = np.random.default_rng(seed)
    sums, length, watched = np.zeros((2, charts)), np.zeros(charts), np.ones(charts, bool)
    while watched.any():
        sums = step(sums, rng.normal(shift, 1.0, charts))
        length += watched
        watched &= sums.max(axis=0) <= limit
    return float(length.mean()), float(length.std(ddof=1) / np.sqrt(charts))


def one_sided(limit: float, shift: float, states: int = 400) -> float:
    """Mean run length by Brook and Evans' Markov chain (Biometrika 59, 1972), k = 0.5."""
    width = 2 * limit / (2 * states - 1)
    at = np.arange(states) * width
    upper = at[None, :] + width / 2 - at[:, None] + 0.5 - shift
    inner = norm.cdf(upper) - norm.cdf(upper - width)
    inner[:, 0] = norm.cdf(upper[:, 0])
    return float(np.linalg.solve(np.eye(states) - inner, np.ones(states))[0])


@pytest.mark.parametrize(
    ("limit", "shift", "published"),
    [(4, 0, 168), (4, 0.5, 26.6), (4, 1, 8.38), (4, 2, 3.34), (5, 0, 465), (5, 1, 10.4)],
)
def test_run_lengths_are_those_of_the_tables(limit: float, shift: float, published: float) -> None:
    """Montgomery, Introduction to Statistical Quality Control, table of k = 1/2 (after Lucas and Crosier)."""
    found, error = mean_run(limit, shift, 4000, seed=3)
    assert abs(found - published) < 4 * error + 0.01 * published


@pytest.mark.parametrize(("limit", "shift"), [(4.2, 0.0), (4.2, 1.0), (5.5, 1.0)])
def test_run_lengths_are_those_of_a_markov_chain(limit: float, shift: float) -> None:
    up, down = one_sided(limit, shift), one_sided(limit, -shift)
    found, error = mean_run(limit, shift, 4000, seed=5)
    assert abs(found - 1 / (1 / up + 1 / down)) < 4 * error


@pytest.mark.parametrize("limit", [4.0, 5.0])
def test_run_lengths_are_near_siegmunds(limit: float) -> None:
    """Siegmund, Sequential Analysis, 1985: (exp(2 b) - 2 b - 1) / 2 with b = h + 1.166, k = 0.5, for one side."""
    b = limit + 1.166
    siegmund = (np.exp(b) - b - 1) / (2 * 0.5**2)
    assert one_sided(limit, 0.0) == pytest.approx(siegmund, rel=0.02)


def test_both_sums_are_written_out_by_hand() -> None:
    high, low = sums_of(np.array([2.0, -1.0, 0.25, -3.0, 0.0]))
    assert high.tolist() == [1.5, 0.0, 0.0, 0.0, 0.0]
    assert low.tolist() == [0.0, 0.5, 0.0, 2.5, 2.0]
    assert sums_of(np.array([])).shape == (2, 0)


def test_the_allowance_is_taken_from_both() -> None:
    assert sums_of(np.array([1.0, -1.0]), allowance=0.25).tolist() == [[0.75, 0.0], [0.0, 0.75]]


@pytest.mark.parametrize(("at", "wanted"), [(0, 0), (1, 0), (2, 0), (3, 3), (4, 3), (5, 3)])
def test_the_change_is_after_the_last_zero(at: int, wanted: int) -> None:
    assert change_point(np.array([1.0, 2.0, 0.0, 1.0, 2.0, 9.0]), at) == wanted


def test_the_change_is_the_most_likely_one() -> None:
    """Of every place at which a mean may have risen by one standard deviation, the likelihood is largest there."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        values = np.concatenate([rng.normal(0, 1, 15), rng.normal(1.2, 1, 15)])
        high, _ = sums_of(values)
        likelihood = [np.sum(values[at:] - 0.5) for at in range(len(values))]  # log ratio of N(1, 1) and N(0, 1)
        if high[-1] > 0:
            assert change_point(high, len(values) - 1) == int(np.argmax(likelihood))
