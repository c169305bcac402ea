"""The verdict of paired changes: its interval is that of a t test, and without a change it is hardly ever wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from napari_boundaryseg.engine.evaluation import paired_change
from napari_boundaryseg.engine.evaluation.comparison import compare
from napari_boundaryseg.engine.evaluation.paired_change import t_interval, verdict_of

TRIALS = 2000
NOMINAL = 0.05
MARGIN = 0.04
"""Four standard errors of a rate of 5 % in 2000 trials are 0.02; changes that are not normal add the rest. Resampling
three cases gave 25 %."""

NO_CHANGE: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "normal": lambda rng, n: rng.normal(0, 0.02, n),
    "uniform": lambda rng, n: rng.uniform(-0.03, 0.03, n),
    "heavy tails": lambda rng, n: 0.01 * rng.standard_t(3, n),
    "skewed up": lambda rng, n: 0.01 * (rng.gamma(4, size=n) - 4),
    "skewed down": lambda rng, n: 0.01 * (4 - rng.gamma(4, size=n)),
    "Dice of two equal models": lambda rng, n: rng.beta(8, 2, n) - rng.beta(8, 2, n),
}


@pytest.mark.parametrize("n", [3, 4, 5, 7, 10])
@pytest.mark.parametrize("kind", NO_CHANGE)
def test_without_a_true_change_few_verdicts_claim_one(kind: str, n: int) -> None:
    rng = np.random.default_rng(n)
    found = [verdict_of(NO_CHANGE[kind](rng, n).tolist()) for _ in range(TRIALS)]
    assert 1 - found.count("no evidence") / TRIALS <= NOMINAL + MARGIN


@pytest.mark.parametrize("n", [3, 6, 10])
def test_a_comparison_of_models_that_are_equal_claims_no_change(n: int) -> None:
    """The same through the whole comparison, from the scores of every case."""
    rng = np.random.default_rng(n)
    wrong = 0
    for _ in range(300):
        scores = {
            str(case): {
                side: {
                    "Prostate": {
                        "surface_dice": 0.8 + rng.normal(0, 0.02),
                        "apl_mm": 9 + rng.normal(0, 2),
                        "reference_ml": 1.0,
                    }
                }
                for side in ("before", "after")
            }
            for case in range(n)
        }
        wrong += compare(scores)["verdict"] != "no evidence"
    assert wrong / 300 <= NOMINAL + 0.05


@pytest.mark.parametrize("n", [2, 3, 5, 17])
def test_the_interval_is_that_of_a_paired_t_test(n: int) -> None:
    rng = np.random.default_rng(n)
    before, after = rng.normal(0.8, 0.05, n), rng.normal(0.82, 0.05, n)
    mean, low, high = t_interval((after - before).tolist())
    test = stats.ttest_rel(after, before)
    wanted = test.confidence_interval(0.95)
    assert mean == pytest.approx(float((after - before).mean()))
    assert (low, high) == (pytest.approx(wanted.low), pytest.approx(wanted.high))


def test_the_verdict_is_that_of_a_paired_t_test() -> None:
    rng = np.random.default_rng(1)
    seen = set()
    for _ in range(300):
        n, shift = int(rng.integers(3, 12)), float(rng.choice([-0.02, 0.0, 0.02]))
        changes = rng.normal(shift, 0.02, n)
        test = stats.ttest_rel(changes, np.zeros(n))
        wanted = "no evidence" if test.pvalue >= 0.05 else "better" if test.statistic > 0 else "worse"
        assert verdict_of(changes.tolist()) == wanted
        seen.add(wanted)
    assert seen == {"better", "worse", "no evidence"}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ([], "no evidence"),
        ([0.2], "no evidence"),
        ([0.2, 0.2], "no evidence"),
        ([0.0] * 20, "no evidence"),
        ([0.05] * 5, "no evidence"),
        ([0.05] * 6, "better"),
        ([-0.05] * 6, "worse"),
        ([0.1 + 0.2, 0.3, 0.3], "no evidence"),
    ],
)
def test_changes_that_do_not_differ_have_no_interval(changes: list[float], verdict: str) -> None:
    assert t_interval(changes)[1:] == (None, None) or len(changes) == 2
    assert verdict_of(changes) == verdict


def test_six_equal_changes_are_what_a_sign_test_needs() -> None:
    assert stats.binomtest(6, 6).pvalue < 0.05 <= stats.binomtest(5, 5).pvalue


def test_an_interval_that_ends_at_zero_does_not_leave_it_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for ends in ((0.1, 0.0, 0.2), (-0.1, -0.2, 0.0)):
        monkeypatch.setattr(paired_change, "t_interval", lambda changes, ends=ends: ends)
        assert verdict_of([0.0, 0.1, 0.2]) == "no evidence"
