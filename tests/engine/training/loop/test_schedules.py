"""Learning rates: the published numbers, and their shape."""

import pytest

from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.loop.schedules import one_cycle_rate, poly_rate, rate, sgm_rate


@pytest.mark.parametrize(
    ("epoch", "expected"),
    [
        (0, 2e-3),
        (1, 2e-3),
        (2, 2e-4),
        (3, 2e-4),
        (4, 2e-5),
        (5, 2e-5),
        (6, 2e-6),
        (7, 2e-6),
        (8, 2e-7),
        (9, 2e-7),
        (10, 1e-7),
        (40, 1e-7),
    ],
)
def test_sgm(epoch, expected):
    assert sgm_rate(epoch) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("start", "total", "done", "expected"),
    [
        (1e-4, 300, 0, 1e-4),
        (1e-4, 300, 1, 9.969995e-5),
        (1e-4, 300, 75, 7.718895e-5),
        (1e-4, 300, 150, 5.358867e-5),
        (1e-4, 300, 225, 2.871746e-5),
        (1e-4, 300, 299, 5.89645e-7),
        (1e-4, 300, 300, 0.0),
        (1e-3, 100, 1, 9.909955e-4),
        (1e-3, 100, 25, 7.718895e-4),
        (1e-3, 100, 50, 5.358867e-4),
        (1e-3, 100, 75, 2.871746e-4),
        (1e-3, 100, 99, 1.584893e-5),
    ],
)
def test_poly(start, total, done, expected):
    assert poly_rate(done, total, start) == pytest.approx(expected, rel=1e-6, abs=1e-15)


def test_one_cycle_rises_to_the_top_and_falls():
    rates = [one_cycle_rate(step, 100, 1.0) for step in range(100)]
    assert max(rates) == rates[9] == 1.0
    assert rates[:10] == sorted(rates[:10])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[-1] < 0.01


def test_the_paper_recipe_follows_its_schedule():
    paper = recipe("sgm-pelvis-mr")
    assert rate(paper, 0, paper.steps) == pytest.approx(2e-3)
    assert rate(paper, 2 * paper.steps_per_epoch, paper.steps) == pytest.approx(2e-4)
