"""Figures of the benchmark of arcs, against brute force."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from napari_boundaryseg.review.arcs.cutting import cut


@pytest.fixture
def figures(scripts: Callable[..., ModuleType]) -> ModuleType:
    return scripts("benchmarks/review/arc_figures.py")


def test_auroc_is_the_share_of_pairs_in_the_right_order(figures: ModuleType) -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        n = int(rng.integers(2, 40))
        score, wrong = rng.integers(0, 6, n).astype(float), rng.random(n) < 0.4
        pairs = [(a > b) + 0.5 * (a == b) for a in score[wrong] for b in score[~wrong]]
        if pairs:
            assert figures.auroc(score, wrong) == pytest.approx(np.mean(pairs))
        else:
            assert np.isnan(figures.auroc(score, wrong))


def test_a_perfect_order_finds_most_and_a_random_one_its_share(figures: ModuleType) -> None:
    rng = np.random.default_rng(1)
    off, length = rng.exponential(size=4000), rng.uniform(1, 9, 4000)
    best = figures.error_share(off, off, length)
    order = sorted(range(4000), key=lambda n: -off[n])
    room, summed = 0.2 * length.sum(), 0.0
    for n in order:
        taken = min(room, length[n])
        summed, room = summed + off[n] * taken, room - taken
    assert best == pytest.approx(summed / (off * length).sum())
    random = np.mean([figures.error_share(rng.random(4000), off, length) for _ in range(20)])
    assert random == pytest.approx(0.2, abs=0.01)


def test_an_arc_of_a_larger_disc_is_off_by_the_difference_of_the_radii(figures: ModuleType) -> None:
    rows, columns = np.mgrid[:80, :80]
    away = np.hypot(rows - 40, columns - 40)[:, :, None]
    arcs = cut((away < 30).astype(np.uint8), [1], (0.5, 0.5, 2.0), 2, 8.0)
    assert figures.off_mm(arcs, (away < 24).astype(np.uint8)) == pytest.approx(3.0, abs=0.2)
    assert figures.off_mm(arcs, (away < 30).astype(np.uint8)) == pytest.approx(
        0.0, abs=0.125 / 2
    )  # half of how far its points are apart
    assert (figures.off_mm(arcs, np.zeros((80, 80, 1), np.uint8)) == figures.MOST_MM).all()


@given(st.lists(st.floats(0, 1), min_size=3, max_size=30).filter(lambda values: np.std(values) > 1e-3))
def test_the_interval_is_students(values: list[float]) -> None:
    import importlib.util
    from pathlib import Path

    path = Path(__file__).parents[3] / "benchmarks/review/arc_figures.py"
    spec = importlib.util.spec_from_file_location("arc_figures_again", path)
    assert spec is not None
    assert spec.loader is not None
    figures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figures)
    mean, low, high = figures.mean_interval([*values, float("nan")])
    wanted = ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (mean, low, high) == pytest.approx((np.mean(values), wanted.low, wanted.high))
