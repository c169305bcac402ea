"""Difficulty weights: the numbers every implementation must reproduce, and what the two scales mean."""

import numpy as np
import pytest

from napari_boundaryseg.data.boundaries import inner_boundary
from napari_boundaryseg.data.contour_targets import blurred_sum, difficulty_map, gaussian_centre


@pytest.mark.parametrize("normalise", ["max", "plane"])
def test_a_straight_boundary(normalise):
    half = np.zeros((129, 129), bool)
    half[:, :64] = True
    column = inner_boundary(half)
    assert np.unique(np.argwhere(column)[:, 1]).tolist() == [63]
    weights = difficulty_map([column], mode="nearest", normalise=normalise)[64]
    for distance, value in {0: 26, 4: 23.0624, 8: 16.1633, 16: 4.3834, 24: 1.2777, 32: 1.0084, 33: 1.0}.items():
        assert weights[63 + distance] == pytest.approx(value, abs=5e-5)


@pytest.fixture
def touching():
    """The boundaries of two rectangles that meet between columns 63 and 64."""
    boundaries = []
    for columns in (slice(24, 64), slice(64, 104)):
        mask = np.zeros((128, 128), bool)
        mask[48:80, columns] = True
        boundaries.append(inner_boundary(mask))
    return boundaries


def test_it_is_highest_where_organs_touch(touching):
    total = blurred_sum(touching, 8.0)
    assert total.max() == pytest.approx(0.11307994, abs=1e-8)
    weights = difficulty_map(touching)
    np.testing.assert_allclose(weights, 1 + 25 * total / total.max(), atol=1e-12)
    for place, value in {
        (55, 63): 26,
        (55, 64): 26,
        (72, 63): 26,
        (72, 64): 26,
        (64, 63): 25.0165,
        (64, 64): 25.0165,
        (64, 60): 23.1778,
        (64, 24): 13.1331,
        (64, 103): 13.1331,
        (48, 44): 12.7470,
        (79, 44): 12.7470,
        (64, 44): 5.9022,
        (40, 44): 7.8867,
        (32, 44): 2.5161,
        (16, 44): 1.0037,
        (8, 8): 1.0000,
    }.items():
        assert weights[place] == pytest.approx(value, abs=5e-5)
    assert weights.max() == pytest.approx(weights[55, 63], abs=1e-12)


def test_by_the_plane_an_organ_weighs_the_same_whether_others_touch_or_not(touching):
    assert gaussian_centre(8) == pytest.approx(0.049870, abs=1e-6)
    lines = np.zeros((2, 129, 128), bool)
    lines[0, :, 63], lines[1, :, 64] = True, True
    kw = {"mode": "nearest", "normalise": "plane"}
    assert difficulty_map(lines[:1], **kw).max() == pytest.approx(26)
    assert 50 < difficulty_map(lines, **kw).max() < 51
    for normalise, change in (("plane", 0.01), ("max", 1)):
        alone, both = (difficulty_map(parts, normalise=normalise)[:, :32] for parts in (touching[:1], touching))
        assert (np.abs(alone - both).max() > change) == (normalise == "max")


@pytest.mark.parametrize("normalise", ["max", "plane"])
def test_no_boundary_no_difficulty(normalise):
    assert (difficulty_map([np.zeros((9, 9), bool)], normalise=normalise) == 1).all()
