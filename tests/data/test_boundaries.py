"""Boundaries and contour targets: the numbers every implementation must reproduce."""

import numpy as np
import pytest

from napari_boundaryseg.data.boundaries import (
    canny_boundary,
    contour_targets,
    difficulty_map,
    gaussian_centre,
    inner_boundary,
    sobel_edges,
    soft_contour,
)
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipe import Targets


def disk(radius=20, size=96, at=48):
    y, x = np.mgrid[:size, :size]
    return (y - at) ** 2 + (x - at) ** 2 <= radius**2


def test_inner_boundary_counts():
    square = np.zeros((96, 96), bool)
    square[30:60, 25:65] = True
    assert inner_boundary(disk()).sum() == 112
    assert inner_boundary(square).sum() == 136
    z, y, x = np.mgrid[:61, :61, :61] - 30
    assert inner_boundary(x**2 + y**2 + z**2 <= 400).sum() == 4026


def test_the_images_border_is_no_boundary():
    mask = np.zeros((10, 10), bool)
    mask[:5, :] = True
    boundary = inner_boundary(mask)
    assert boundary[4].all()
    assert boundary.sum() == 10


def test_canny_lies_half_inside_and_half_outside():
    mask = disk()
    edges = canny_boundary(mask)
    assert edges.sum() == 128
    assert (edges & mask).sum() == 64


@pytest.mark.parametrize("mode", ["gaussian", "distance"])
def test_flat_boundary(mode):
    plane = np.zeros((61, 61, 61), bool)
    plane[30] = True
    heat = soft_contour(plane, 3.0, mode)[30:, 30, 30]
    expected = {0: 1, 1: 0.945959, 2: 0.800737, 3: 0.606531, 4: 0.411112, 6: 0.135335, 9: 0.011109, 12: 0.000335}
    for distance, value in expected.items():
        assert heat[distance] == pytest.approx(value, abs=1e-5)
    assert (heat[13:] == 0).all()


def test_centre_weights():
    assert gaussian_centre(3) == pytest.approx(0.13298454, abs=1e-7)
    assert gaussian_centre(8) == pytest.approx(0.04987018, abs=1e-7)


def test_a_small_organ_needs_the_distance_mode():
    z, y, x = np.mgrid[:41, :41, :41] - 20
    ball = inner_boundary(x**2 + y**2 + z**2 <= 36)
    assert soft_contour(ball, 3.0, "distance")[20, 20, 20] < soft_contour(ball, 3.0, "distance")[ball].min()
    assert soft_contour(ball, 3.0, "gaussian")[20, 20, 20] >= soft_contour(ball, 3.0, "gaussian")[ball].min()


def test_targets_of_a_scheme_are_in_mm():
    labels = np.zeros((9, 30, 30), int)
    labels[:, 8:20, 8:20] = 2
    labels[:, 21:27, 21:27] = 1
    hard, soft = contour_targets(labels, preset("pelvis-mr"), Targets(mode="distance", sigma_mm=2.0), (3.0, 1.0, 1.0))
    assert hard.shape == (2, 9, 30, 30)
    assert soft.shape == (1, 9, 30, 30)
    assert hard[0].sum() == 9 * 20
    assert hard[1].sum() == 0
    assert soft[0, 4, 12, 6] == pytest.approx(np.exp(-4 / 8), abs=1e-6)
    none_hard, _ = contour_targets(labels, preset("hippocampus"), Targets(), (1, 1, 1))
    assert none_hard.shape == (0, 9, 30, 30)


def test_sobel_3d():
    cube = np.zeros((20, 20, 20))
    cube[5:15, 5:15, 5:15] = 1
    edges = sobel_edges(cube)
    expected = {(10, 10, 10): 0, (5, 10, 10): 1, (4, 10, 10): 1, (6, 10, 10): 0, (5, 5, 10): 1.060660,
                (4, 4, 10): 0.353553, (4, 5, 10): 0.790569, (5, 5, 5): 0.974279, (4, 4, 4): 0.108253,
                (4, 5, 5): 0.621867, (4, 4, 5): 0.272431}
    for place, value in expected.items():
        assert edges[place] == pytest.approx(value, abs=1e-6)
    assert edges.sum() == pytest.approx(1085.677244, abs=1e-5)
    assert [(edges > 1e-12).sum(), (edges >= 0.25).sum(), (edges >= 0.5).sum()] == [1216, 1208, 1088]


def test_sobel_2d():
    square = np.zeros((20, 20))
    square[5:15, 5:15] = 1
    edges = sobel_edges(square)
    assert [(edges > 1e-12).sum(), (edges >= 0.5).sum()] == [80, 76]
    assert edges[5, 5] == pytest.approx(1.060660, abs=1e-6)


def test_difficulty_of_a_straight_boundary():
    column = np.zeros((129, 129), bool)
    column[:, 63] = True
    weights = difficulty_map([column], mode="nearest")[64]
    for distance, value in {0: 26, 4: 23.0624, 8: 16.1633, 16: 4.3834, 24: 1.2777, 32: 1.0084, 33: 1.0}.items():
        assert weights[63 + distance] == pytest.approx(value, abs=1e-4)


def test_difficulty_is_highest_where_organs_touch():
    boundaries = []
    for columns in (slice(24, 64), slice(64, 104)):
        mask = np.zeros((128, 128), bool)
        mask[48:80, columns] = True
        boundaries.append(inner_boundary(mask))
    weights = difficulty_map(boundaries)
    for place, value in {(55, 63): 26, (64, 63): 25.0165, (64, 60): 23.1778, (64, 24): 13.1331, (48, 44): 12.7470,
                         (64, 44): 5.9022, (40, 44): 7.8867, (8, 8): 1.0}.items():
        assert weights[place] == pytest.approx(value, abs=1e-4)
