"""Boundaries and contour targets: the numbers every implementation must reproduce."""

import numpy as np
import pytest
from scipy import ndimage

from napari_boundaryseg.data.boundaries import canny_boundary, inner_boundary, thick_boundary
from napari_boundaryseg.data.contour_targets import (
    blurred_sum,
    contour_targets,
    flat_at_one,
    gaussian_centre,
    soft_contour,
)
from napari_boundaryseg.engine.recipes.recipe import Targets


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


def touching(mask, axes):
    """Voxels beside a face between the mask and its outside, looked for voxel by voxel."""
    found = np.zeros(mask.shape, bool)
    for at in np.ndindex(mask.shape):
        for axis in axes:
            for step in (-1, 1):
                beside = tuple(n + step * (axis == other) for other, n in enumerate(at))
                if 0 <= beside[axis] < mask.shape[axis] and mask[beside] != mask[at]:
                    found[at] = True
    return found


@pytest.mark.parametrize("filled", [0.02, 0.3, 0.9, 1.0, 0.0])
@pytest.mark.parametrize("shape", [(7, 9), (5, 1, 7), (6, 5, 8)])
def test_boundaries_are_what_a_look_at_every_voxel_gives(shape, filled):
    mask = np.random.default_rng(3).random(shape) < filled
    layouts = mask, np.asfortranarray(mask), np.pad(mask, 2)[(slice(2, -2),) * mask.ndim], mask[::-1].copy()[::-1]
    for axes in (None, [0], [-1, 0]):
        expected = touching(mask, [axis % mask.ndim for axis in (range(mask.ndim) if axes is None else axes)])
        for stored in layouts:
            assert (thick_boundary(stored, axes) == expected).all()
            assert (inner_boundary(stored, axes) == (expected & mask)).all()


def test_a_small_mask_in_a_large_array_has_the_same_boundary():
    mask = np.random.default_rng(4).random((4, 5, 6)) < 0.7
    large = np.pad(mask, 9)
    assert (inner_boundary(large) == np.pad(inner_boundary(np.pad(mask, 1)), 8)).all()
    assert (thick_boundary(large) == np.pad(thick_boundary(np.pad(mask, 1)), 8)).all()


def test_canny_lies_half_inside_and_half_outside():
    mask = disk()
    edges = canny_boundary(mask)
    assert edges.sum() == 128
    assert [(edges & mask).sum(), (edges & ~mask).sum()] == [64, 64]
    beside = ndimage.binary_dilation(inner_boundary(mask), np.ones((3, 3)))
    assert not (edges & ~beside).any()
    stack = canny_boundary(np.stack([mask, np.zeros_like(mask)]))
    assert [plane.sum() for plane in stack] == [128, 0]


def test_contours_plane_by_plane():
    ball = np.linalg.norm(np.mgrid[:15, :15, :15] - 7, axis=0) <= 5
    planes = inner_boundary(ball, axes=(0, 1))
    for k in range(15):
        assert (planes[..., k] == inner_boundary(ball[..., k])).all()


@pytest.mark.parametrize("mode", ["gaussian", "distance"])
@pytest.mark.parametrize(
    ("sigma", "radius", "expected"),
    [
        (3, 12, {0: 1, 1: 0.945959, 2: 0.800737, 3: 0.606531, 4: 0.411112, 6: 0.135335, 9: 0.011109, 12: 0.000335}),
        (2, 8, {0: 1, 1: 0.882497, 2: 0.606531, 3: 0.324652, 4: 0.135335, 6: 0.011109}),
    ],
)
def test_flat_boundary(sigma, radius, expected, mode):
    plane = np.zeros((61, 61, 61), bool)
    plane[30] = True
    heat = soft_contour(plane, sigma, mode)[30:, 30, 30]
    for distance, value in expected.items():
        assert heat[distance] == pytest.approx(value, abs=1e-6)
    assert (heat[: radius + 1] > 0).all()
    assert (heat[radius + 1 :] == 0).all()


def test_centre_weights():
    assert gaussian_centre(3) == pytest.approx(0.13298454, abs=1e-7)
    assert gaussian_centre(8) == pytest.approx(0.04987018, abs=1e-7)


@pytest.mark.parametrize("mode", ["gaussian", "distance"])
def test_weights_beside_the_centre(mode):
    plane = np.zeros((31, 31, 31), bool)
    plane[15] = True
    expected = [0.13298454, 0.12579798, 0.10648569, 0.08065920, 0.05467158]
    np.testing.assert_allclose(gaussian_centre(3) * soft_contour(plane, 3.0, mode)[15:20, 15, 15], expected, atol=1e-7)
    np.testing.assert_allclose(blurred_sum([plane], 3.0)[15:20, 15, 15], expected, atol=1e-8)


def test_a_small_organ_needs_the_distance_mode():
    z, y, x = np.mgrid[:41, :41, :41] - 20
    ball = inner_boundary(x**2 + y**2 + z**2 <= 36)
    assert soft_contour(ball, 3.0, "distance")[20, 20, 20] < soft_contour(ball, 3.0, "distance")[ball].min()
    assert soft_contour(ball, 3.0, "gaussian")[20, 20, 20] >= soft_contour(ball, 3.0, "gaussian")[ball].min()


SQUARE = ((np.mgrid[:61, :61, :61] - 30) ** 2).sum(0)


@pytest.mark.parametrize(("radius", "voxels", "peak"), [(20, 4026, 0.13168), (6, 354, 0.15019)])
def test_gaussian_of_spheres(radius, voxels, peak):
    boundary = inner_boundary(radius**2 >= SQUARE)
    assert boundary.sum() == voxels
    filtered = blurred_sum([boundary], 3.0)
    assert filtered.max() == pytest.approx(peak, abs=5e-6)
    heat = soft_contour(boundary, 3.0)
    np.testing.assert_allclose(heat, np.clip(filtered / gaussian_centre(3), 0, 1), atol=1e-6)
    assert heat.max() * gaussian_centre(3) == pytest.approx(min(peak, gaussian_centre(3)), abs=5e-6)


def test_the_filtered_boundary_of_a_small_ball_peaks_near_its_centre():
    """Why small organs need the distance mode."""
    filtered = blurred_sum([inner_boundary(SQUARE <= 36)], 3.0)
    assert np.sqrt(SQUARE.ravel()[filtered.argmax()]) == pytest.approx(2.4, abs=0.05)


@pytest.mark.parametrize("mode", ["gaussian", "distance"])
def test_the_box_round_an_organ_changes_nothing(mode):
    """What is computed near the organ equals what is computed in a far larger array, at corners and borders too."""
    mask = np.zeros((30, 34, 38), bool)
    mask[0:6, 12:20, 15:38] = True
    boundary, sigma = inner_boundary(mask), (2.0, 2.0, 2.0) if mode == "gaussian" else (1.0, 2.0, 1.5)
    wide = np.pad(boundary, 20)
    inner = (slice(20, -20),) * 3
    np.testing.assert_allclose(soft_contour(boundary, sigma, mode), soft_contour(wide, sigma, mode)[inner], atol=1e-6)
    if mode == "distance":
        distance = ndimage.distance_transform_edt(~boundary, sampling=[1 / s for s in sigma])
        expected = np.where(distance <= 4, np.exp(-0.5 * distance**2), 0)
        np.testing.assert_allclose(soft_contour(boundary, sigma, mode), expected, atol=1e-6)


def integer_plane(normal, shape=(33, 61, 61)):
    """The boundary of a half-space, and how far its voxels' mean lies from every voxel, in voxels along the normal."""
    along = np.tensordot(normal, np.indices(shape) - np.reshape(shape, (3, 1, 1, 1)) // 2, 1)
    boundary = inner_boundary(along <= 0)
    return boundary, (along - along[boundary].mean()) / np.linalg.norm(normal)


@pytest.mark.parametrize("sigma", [(2.0, 4.8, 4.8), (1.0, 3.0, 3.0), (1.5, 2.0, 4.0), (3.0, 3.0, 3.0)])
@pytest.mark.parametrize(
    "normal",
    [(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 1, 1), (2, 1, 0), (1, 0, 2), (1, 3, 0), (3, 2, 1)],
)
def test_a_flat_boundary_in_any_direction_is_a_gaussian_of_the_distance_in_mm(normal, sigma):
    """exp(-d²/2) of the distance in standard deviations, in the middle of the array; to the rounding of its voxels."""
    boundary, distance = integer_plane(normal)
    n = np.array(normal) / np.linalg.norm(normal)
    expected = np.exp(-0.5 * (distance / np.sqrt(np.sum((n * sigma) ** 2))) ** 2)
    middle = (slice(12, 21), slice(24, 37), slice(24, 37))
    heat = blurred_sum([flat_at_one(boundary, sigma, "area")], sigma)[middle]
    along_the_grid = np.count_nonzero(normal) == 1
    np.testing.assert_allclose(heat, expected[middle], atol=2e-5 if along_the_grid else 0.06)
    assert heat.max() == pytest.approx(1, abs=2e-5 if along_the_grid else 0.02)
    counted = blurred_sum([flat_at_one(boundary, sigma)], sigma)[middle]
    np.testing.assert_allclose(counted, heat * n.max(), rtol=0.05)


def test_a_gland_on_thick_slices_has_no_plateau():
    """The prostate of the PROMISE12 recipe: 35 mL, 0.625 x 0.625 x 1.5 mm, 3 mm wide."""
    spacing = np.array([1.5, 0.625, 0.625])
    place = (np.indices((40, 96, 96)) - np.reshape([20, 48, 48], (3, 1, 1, 1))) * spacing.reshape(3, 1, 1, 1)
    boundary = inner_boundary((place**2).sum(0) <= 20.3**2)
    full = {mode: (soft_contour(boundary, 3 / spacing, mode) > 0.99).sum() for mode in ("gaussian", "distance")}
    assert full["gaussian"] < full["distance"] == boundary.sum()


def test_caps_and_walls_are_weighted_by_their_area():
    """A box with 3 mm slices, far from its edges: the area of a voxel's face, over its volume, times the width."""
    mask = np.zeros((30, 80, 80), bool)
    mask[5:25, 20:60, 20:60] = True
    weighted = flat_at_one(inner_boundary(mask), (8 / 3, 8.0, 8.0))
    assert weighted[5, 40, 40] * 3 == pytest.approx(weighted[15, 20, 40], rel=1e-3)
    assert weighted[15, 20, 40] == pytest.approx(np.sqrt(2 * np.pi) * 8, rel=1e-3)


def test_no_boundary_no_heat():
    heat = soft_contour(np.zeros((5, 6, 7), bool), 2.0)
    assert heat.dtype == np.float32
    assert not heat.any()


def test_targets_of_a_scheme_are_in_mm():
    labels = np.zeros((9, 30, 30), int)
    labels[:, 8:20, 8:20] = 2
    labels[:, 21:27, 21:27] = 1
    hard, soft = contour_targets(labels, (1, 3), (2,), Targets(mode="distance", sigma_mm=2.0), (3.0, 1.0, 1.0))
    assert hard.shape == (2, 9, 30, 30)
    assert soft.shape == (1, 9, 30, 30)
    assert hard[0].sum() == 9 * 20
    assert hard[1].sum() == 0
    assert soft[0, 4, 12, 6] == pytest.approx(np.exp(-4 / 8), abs=1e-6)
    none_hard, _ = contour_targets(labels, (), (1, 2), Targets(), (1, 1, 1))
    assert none_hard.shape == (0, 9, 30, 30)
