"""Orientations, tilts, and the way to the display grid and back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from napari_boundaryseg.data.geometry import (
    THICKER,
    AxisMap,
    DisplayGrid,
    corner_distance_mm,
    obliquity_deg,
    orientation,
    shear_deg,
    slice_axis,
    spacing_mm,
)

SHAPE = (3, 4, 5)
ALL_48 = [
    "".join(pair[flip] for pair, flip in zip(order, flips))
    for order in itertools.permutations(("RL", "AP", "SI"))
    for flips in itertools.product((0, 1), repeat=3)
]


def affine_for(axes: str, spacing: tuple[float, float, float] = (0.5, 0.7, 3.0)) -> np.ndarray:
    """An affine whose array axes grow towards the given letters."""
    matrix = np.eye(4)
    matrix[:3, :3] = 0
    for column, letter in enumerate(axes):
        row = next(n for n, pair in enumerate(("RL", "AP", "SI")) if letter in pair)
        matrix[row, column] = spacing[column] * (1 if letter in "RAS" else -1)
    matrix[:3, 3] = (-11.5, 7.25, 100)
    return matrix


def numbered(*lead: int) -> np.ndarray:
    shape = (*lead, *SHAPE)
    return np.arange(np.prod(shape)).reshape(shape)


def test_there_are_48_orientations() -> None:
    assert len(set(ALL_48)) == 48


@pytest.mark.parametrize("axes", ALL_48)
def test_display_and_back_is_exact_and_every_voxel_keeps_its_place(axes: str) -> None:
    affine = affine_for(axes)
    grid = DisplayGrid(affine, SHAPE)
    array = numbered()
    shown = grid.to_display(array)
    assert orientation(affine) == axes
    assert shown.shape == grid.display_shape
    assert np.array_equal(grid.from_display(shown), array)
    assert np.shares_memory(shown, array)
    mapped = AxisMap(affine, SHAPE)
    for index in ((0, 0, 0), (1, 2, 3), (2, 3, 4)):
        z, y, x = (int(w[0]) for w in np.nonzero(shown == array[index]))
        assert np.allclose(mapped.new_affine @ [x, y, z, 1], affine @ [*index, 1], atol=1e-12)


@pytest.mark.parametrize("axes", ALL_48)
def test_display_axes_grow_towards_left_posterior_superior(axes: str) -> None:
    mapped = AxisMap(affine_for(axes), SHAPE)
    assert orientation(mapped.new_affine) == "LPS"
    z, y, x = DisplayGrid(affine_for(axes), SHAPE).scale_mm
    by_letter = dict(zip(axes, (0.5, 0.7, 3.0)))
    expected = [next(by_letter[letter] for letter in pair if letter in by_letter) for pair in ("SI", "AP", "RL")]
    assert (z, y, x) == pytest.approx(tuple(expected))


@pytest.mark.parametrize("axes", ALL_48[::5])
def test_leading_axes_are_left_alone(axes: str) -> None:
    grid = DisplayGrid(affine_for(axes), SHAPE)
    array = numbered(2)
    shown = grid.to_display(array)
    assert shown.shape == (2, *grid.display_shape)
    assert np.array_equal(shown[1], grid.to_display(array[1]))
    assert np.array_equal(grid.from_display(shown), array)


angles = st.tuples(*[st.floats(-180, 180)] * 3)
sizes = st.tuples(*[st.floats(0.2, 6)] * 3)


@settings(max_examples=60, deadline=None)
@given(angles=angles, sizes=sizes, shape=st.tuples(*[st.integers(1, 6)] * 3))
def test_oblique_grids_come_back_exactly(
    angles: tuple[float, ...], sizes: tuple[float, ...], shape: tuple[int, int, int]
) -> None:
    affine = np.eye(4)
    affine[:3, :3] = Rotation.from_euler("xyz", angles, degrees=True).as_matrix() * sizes
    affine[:3, 3] = (3, -2, 50)
    array = np.random.default_rng(0).integers(0, 1000, shape)
    grid = DisplayGrid(affine, shape)
    assert np.array_equal(grid.from_display(grid.to_display(array)), array)
    assert sorted(grid.scale_mm) == pytest.approx(sorted(sizes))
    mapped = AxisMap(affine, shape)
    assert mapped.new_shape == grid.display_shape[::-1]
    centre = (np.array(shape) - 1) / 2
    turned = (np.array(mapped.new_shape) - 1) / 2
    assert np.allclose(affine @ [*centre, 1], mapped.new_affine @ [*turned, 1], atol=1e-9)
    assert shear_deg(affine) < 1e-5


@settings(max_examples=40, deadline=None)
@given(
    axes=st.sampled_from(ALL_48),
    low=st.tuples(*[st.integers(0, 2)] * 3),
    size=st.tuples(*[st.integers(1, 3)] * 3),
)
def test_a_box_on_the_display_is_the_same_voxels_in_the_file(
    axes: str, low: tuple[int, ...], size: tuple[int, ...]
) -> None:
    grid = DisplayGrid(affine_for(axes), SHAPE)
    box = tuple(slice(a, min(a + n, m)) for a, n, m in zip(low, size, grid.display_shape))
    array = numbered()
    inside = np.sort(grid.to_display(array)[box].ravel())
    assert np.array_equal(inside, np.sort(array[grid.box_from_display(box)].ravel()))
    assert grid.box_to_display(grid.box_from_display(box)) == box


@pytest.mark.parametrize("axes", ALL_48)
def test_a_slice_on_the_display_grid_is_that_slice_of_the_file(axes: str) -> None:
    grid, array = DisplayGrid(affine_for(axes), SHAPE), numbered()
    shown = grid.to_display(array)
    for axis, size in enumerate(shown.shape):
        for n in (0, 1, size - 1):
            own, place = grid.slice_from_display(axis, n)
            assert set(np.take(shown, n, axis).ravel()) == set(np.take(array, place, own).ravel())


@pytest.mark.parametrize("axes", ALL_48)
def test_a_point_of_the_file_is_that_voxel_of_the_display_grid(axes: str) -> None:
    array = numbered()
    display = DisplayGrid(affine_for(axes), array.shape)
    shown = display.to_display(array)
    points = np.argwhere(array >= 0)
    z, y, x = display.points_to_display(points).astype(int).T
    np.testing.assert_array_equal(shown[z, y, x], array[tuple(points.T)])
    for axis in range(3):
        assert display.slice_from_display(display.axis_to_display(axis), 0)[0] == axis


def test_an_empty_box_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        DisplayGrid(np.eye(4), SHAPE).box_from_display((slice(0, 0),) * 3)


def test_tilt_and_shear_in_degrees() -> None:
    turned = np.eye(4)
    turned[:3, :3] = Rotation.from_euler("x", 12, degrees=True).as_matrix() * (1, 1, 3)
    assert obliquity_deg(turned) == pytest.approx(12)
    assert shear_deg(turned) == pytest.approx(0, abs=1e-5)
    leaning = np.eye(4)
    leaning[1, 2] = np.tan(np.radians(10))
    assert shear_deg(leaning) == pytest.approx(10)
    assert spacing_mm(turned) == pytest.approx((1, 1, 3))


def test_corner_distance_is_that_of_the_farthest_corner() -> None:
    scaled = np.diag([1.01, 1, 1, 1])
    assert corner_distance_mm((101, 5, 5), np.eye(4), scaled) == pytest.approx(1.0)
    moved = np.eye(4)
    moved[:3, 3] = (3, 4, 0)
    assert corner_distance_mm((2, 2, 2), np.eye(4), moved) == pytest.approx(5)


def test_corner_distance_is_that_of_every_voxel_tried() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        shape = tuple(rng.integers(1, 6, 3))
        one, two = np.eye(4), np.eye(4)
        one[:3], two[:3] = rng.normal(size=(2, 3, 4))
        voxels = np.c_[(found := np.argwhere(np.ones(np.maximum(shape, 2), bool))), np.ones(len(found))]
        apart = np.linalg.norm((voxels @ (one - two).T)[:, :3], axis=1).max()
        assert corner_distance_mm(shape, one, two) == pytest.approx(apart)


@pytest.mark.parametrize("axes", ALL_48[::7])
def test_spacing_tilt_and_shear_do_not_depend_on_the_order_in_the_file(axes: str) -> None:
    affine = affine_for(axes)
    assert spacing_mm(affine) == pytest.approx((0.5, 0.7, 3.0))
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("y", 7, degrees=True).as_matrix()
    assert obliquity_deg(affine) == pytest.approx(0, abs=1e-6)
    assert obliquity_deg(turn @ affine) == pytest.approx(7)
    assert shear_deg(turn @ affine) == pytest.approx(0, abs=1e-5)


def test_the_thickness_of_a_single_slice_is_compared_too() -> None:
    one, two = np.diag([1.0, 1, 3, 1]), np.diag([1.0, 1, 9, 1])
    assert corner_distance_mm((20, 20, 1), one, two) == pytest.approx(6)
    assert corner_distance_mm((20, 20, 1), one, one) == 0


def stored_as(axes: str, spacing_mm: Sequence[float]) -> np.ndarray:
    """The affine of a file whose axes grow towards these directions, with voxel sizes along right, front and head."""
    i, j, k = (spacing_mm[next(n for n, pair in enumerate(("RL", "AP", "SI")) if axis in pair)] for axis in axes)
    return affine_for(axes, (i, j, k))


@pytest.mark.parametrize("axes", ALL_48)
@pytest.mark.parametrize("thick", [0, 1, 2])
def test_slices_are_across_the_longest_voxels_however_they_are_stored(axes: str, thick: int) -> None:
    sizes = [0.8, 0.8, 0.8]
    sizes[thick] = 3.0
    affine = stored_as(axes, sizes)
    assert np.abs(affine[:3, slice_axis(affine)]).argmax() == thick


@pytest.mark.parametrize("axes", ALL_48)
@pytest.mark.parametrize("longest", [1.0, THICKER])
def test_slices_are_axial_where_no_side_of_a_voxel_is_clearly_the_longest(axes: str, longest: float) -> None:
    affine = stored_as(axes, (longest, 1.0, 1.0))
    assert np.abs(affine[:3, slice_axis(affine)]).argmax() == 2
    assert slice_axis(stored_as(axes, (1.26, 1.0, 1.0))) != slice_axis(affine)


@pytest.mark.parametrize("axes", ALL_48)
def test_of_two_axes_at_one_angle_to_the_long_axis_it_is_the_one_to_the_front(axes: str) -> None:
    """Tilted by 45 degrees about the axis to the right: both other axes lead to the head as much."""
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("x", 45, degrees=True).as_matrix()
    affine = turn @ stored_as(axes, (1.0, 1.0, 1.0))
    chosen = affine[:3, slice_axis(affine)]
    chosen = chosen * np.sign(chosen[2])
    np.testing.assert_allclose(chosen, [0, np.sqrt(0.5), np.sqrt(0.5)], atol=1e-9)


def test_an_axis_as_good_as_along_another_counts_as_at_the_same_angle() -> None:
    turn = np.eye(4)
    turn[:3, :3] = Rotation.from_euler("x", 45 - 1e-6, degrees=True).as_matrix()
    for axes in ("RAS", "RSA", "LPI", "IPR"):
        affine = turn @ stored_as(axes, (1.0, 1.0, 1.0))
        chosen = affine[:3, slice_axis(affine)]
        assert chosen[1] * np.sign(chosen[2]) > 0
