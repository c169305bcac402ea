"""What a disc or a ball sweeps over, against the distance of each voxel alone."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from napari_boundaryseg.editing.tools.swept import swept, wider

SHAPE = (5, 12, 14)
SPACING = (3.0, 0.8, 1.2)


def away_mm(voxel: tuple[int, ...], start: np.ndarray, end: np.ndarray, spacing: tuple[float, ...]) -> float:
    """Of one voxel from a segment."""
    at, a, b = (np.multiply(point, spacing) for point in (voxel, start, end))
    step = b - a
    share = 0.0 if not step.any() else min(max(float((at - a) @ step / (step @ step)), 0.0), 1.0)
    return float(np.linalg.norm(at - a - share * step))


def whole(found: tuple[tuple[slice, ...], np.ndarray] | None, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    mask = np.zeros(shape, bool)
    if found is not None:
        mask[found[0]] = found[1]
        assert found[1].any()
    return mask


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("axis", [0, 1, 2, None])
def test_as_each_voxel_alone(seed: int, axis: int | None) -> None:
    rng = np.random.default_rng(seed)
    way = rng.uniform(-3, np.array(SHAPE) + 2, (3, 3))
    if axis is not None:
        way[:, axis] = rng.integers(-1, SHAPE[axis] + 1)
    way = way[: rng.integers(1, 4)]
    radius, ends = rng.uniform(0.3, 6), way[-2:]
    expected = np.zeros(SHAPE, bool)
    for voxel in product(*map(range, SHAPE)):
        near = away_mm(voxel, ends[0], ends[-1], SPACING) <= radius
        expected[voxel] = near and (axis is None or voxel[axis] == way[-1, axis])
    np.testing.assert_array_equal(whole(swept(way, radius, SPACING, SHAPE, axis)), expected)


def test_a_middle_just_on_the_edge_is_inside_whatever_the_spacing() -> None:
    for mm in (0.1, 0.3, 0.6, 0.7, 0.9, 1.1, 3.3):
        found = whole(swept(np.array([(0, 10, 10)]), 5 * mm, (1.0, mm, mm), (1, 21, 21), 0), (1, 21, 21))[0]
        on = [(y, x) for y, x in product(range(-5, 6), repeat=2) if y * y + x * x == 25]
        assert len(on) == 12
        assert all(found[10 + y, 10 + x] for y, x in on)
        assert not found[10, 16]
        assert found.sum() == 81  # of Gauss's circle problem


@pytest.mark.parametrize(
    "way", [[(2, 30, 3)], [(2, -9, 3), (2, -9, 9)], [(9, 5, 5)], [(-1, 5, 5)], [(2, 0.5, 0.5)], [(2, 1e7, 1e7)]]
)
def test_none_where_no_voxel_is_near(way: list[tuple[float, ...]]) -> None:
    assert swept(np.array(way, float), 0.3, SPACING, SHAPE, 0) is None


def test_a_piece_from_beyond_the_array_to_beyond_it_crosses_it() -> None:
    mask = whole(swept(np.array([(2, 6, -40), (2, 6, 60)]), 0.5, SPACING, SHAPE, 0))
    assert mask[2, 6].all()
    assert mask.sum() == SHAPE[2]


def test_a_wider_box_stays_on_its_slice_and_in_the_array() -> None:
    box = (slice(0, 4), slice(6, 7), slice(3, 12))
    wide, place = wider(box, SHAPE, 1, by_vox=3)
    assert wide == (slice(0, 5), slice(6, 7), slice(0, 14))
    assert np.array_equal(np.indices(SHAPE)[:, *wide][:, *place], np.indices(SHAPE)[:, *box])
