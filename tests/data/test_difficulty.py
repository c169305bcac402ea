"""Difficulty weights: the numbers every implementation must reproduce, and what the two scales mean."""

import numpy as np
import pytest
from pydantic import ValidationError

from napari_boundaryseg.data.boundaries import inner_boundary
from napari_boundaryseg.data.contour_targets import blurred_sum, difficulty_map, gaussian_centre
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.settings import Targets
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.losses.difficulty_ce import difficulty
from napari_boundaryseg.losses.target_maps import GridLabels


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


@pytest.mark.parametrize("normalise", ["max", "plane"])
def test_caps_and_walls_weigh_the_same_on_thick_slices(normalise):
    """A plate across the slices and one along them, far from each other, at 3 x 1 x 1 mm."""
    plates = np.zeros((2, 41, 81, 161), bool)
    plates[0, 20, :, :81], plates[1, :, :, 120] = True, True
    kw = {"sigma_vox": (4 / 3, 4.0, 4.0), "mode": "nearest", "normalise": normalise}
    weights = difficulty_map(plates, **kw)
    assert weights[20, 40, 40] == pytest.approx(weights[20, 40, 120], rel=1e-3)
    assert difficulty_map(plates, gain=(25, 5), **kw)[20, 40, 120] == pytest.approx(6, rel=0.03)


def test_isotropic_maps_are_those_of_the_counted_voxels():
    """What models on isotropic grids were taught stays."""
    ball = inner_boundary(((np.mgrid[:41, :41, :41] - 20) ** 2).sum(0) <= 100)
    total = blurred_sum([ball], 3.0)
    np.testing.assert_allclose(difficulty_map([ball], 3.0, gain=4.0), 1 + 4 * total / total.max(), rtol=1e-12)


def test_recipes_reach_scale_and_gains():
    """The map of a loss's recipe: an organ by itself weighs the same in a slice where two others touch."""
    labels = np.zeros((2, 96, 128), np.uint8)
    labels[:, 36:60, 8:30] = 1
    labels[1, 30:66, 70:90], labels[1, 30:66, 90:110] = 2, 3
    for scale, same in (("plane", True), ("max", False)):
        settings = Targets(difficulty_sigma_mm=4.0, difficulty_scale=scale)
        truth = GridLabels(labels, (3.0, 1.0, 1.0), preset("pelvis-mr"), settings, across=0)
        alone, beside = difficulty(truth)[0][:, :, :30]
        assert np.allclose(alone, beside, rtol=1e-3) == same
    settings = Targets(difficulty_gains=(0.0, 25.0, 25.0))
    assert (difficulty(GridLabels(labels[:1], (3.0, 1.0, 1.0), preset("pelvis-mr"), settings, across=0)) == 1).all()
    with pytest.raises(ValidationError, match="2 difficulty gains for 3 organs"):
        recipe("hmedn-pelvis-ct").with_settings({"targets.difficulty_gains": (1.0, 2.0)})
