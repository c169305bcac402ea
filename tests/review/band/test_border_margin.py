"""The margin of a case: shapes with known distances, faces one by one, and surface Dice beside it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist

from napari_boundaryseg.data.metrics import compare_masks
from napari_boundaryseg.review.band.border_margin import border_factor, border_margin_mm, weighted_quantile


def blob(seed: int, shape: tuple[int, int, int] = (14, 16, 12)) -> np.ndarray:
    return gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2) > 0.05


def face_by_face(mask: np.ndarray, spacing: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Middle and area of every face, one after the other."""
    middles, areas = [], []
    for at in np.ndindex(mask.shape):
        for axis in range(3):
            beside = tuple(n + (axis == other) for other, n in enumerate(at))
            if beside[axis] < mask.shape[axis] and mask[at] != mask[beside]:
                middles.append((np.array(at) + beside) / 2 * spacing)
                areas.append(np.prod([size for number, size in enumerate(spacing) if number != axis]))
    return np.array(middles), np.array(areas)


@pytest.mark.parametrize("share", [0.5, 0.95])
@pytest.mark.parametrize("seed", range(3))
def test_it_is_the_smallest_distance_that_holds_the_share_of_the_area(seed: int, share: float) -> None:
    spacing = (0.7, 1.1, 2.5)
    a, b = blob(seed), blob(seed + 100)
    (one, area_one), (other, area_other) = face_by_face(a, spacing), face_by_face(b, spacing)
    between = cdist(one, other)
    apart, area = np.concatenate([between.min(axis=1), between.min(axis=0)]), np.concatenate([area_one, area_other])
    found = border_margin_mm(a, b, spacing, share)
    assert found is not None
    assert area[apart <= found + 1e-9].sum() >= share * area.sum() * (1 - 1e-6)
    assert area[apart < found - 1e-9].sum() < share * area.sum()


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.8, 0.8)])
def test_between_two_balls_it_is_the_difference_of_their_radii(spacing: tuple[float, float, float]) -> None:
    grid = np.stack(np.meshgrid(*(np.arange(-24, 24, size) for size in spacing), indexing="ij"))
    radius = np.sqrt((grid**2).sum(axis=0))
    assert border_margin_mm(radius <= 15, radius <= 19, spacing) == pytest.approx(4.0, abs=0.3 * max(spacing))


@pytest.mark.parametrize("moved", [1, 3])
def test_a_slab_that_is_moved_needs_what_it_was_moved_by(moved: int) -> None:
    slab = np.zeros((30, 6, 6), bool)
    slab[8:20] = True
    assert border_margin_mm(slab, np.roll(slab, moved, 0), (0.9, 2.0, 2.0)) == pytest.approx(0.9 * moved)


@pytest.mark.parametrize("seed", range(3))
def test_it_is_about_the_tolerance_at_which_surface_dice_reaches_the_share(seed: int) -> None:
    """That one counts voxels, and measures between their centres."""
    a, b = blob(seed, (30, 30, 30)), blob(seed + 10, (30, 30, 30))
    found = border_margin_mm(a, b, (1.0, 1.0, 1.0))
    assert found is not None and found > 2
    dice = [compare_masks(a, b, (1.0, 1.0, 1.0), tolerance_mm=found + more)["surface_dice"] for more in (-0.9, 0.9)]
    assert dice[0] < 0.95 <= dice[1]


def test_both_directions_count() -> None:
    """A far piece of the prediction alone, and the same piece of the accepted mask alone."""
    plain = np.zeros((30, 20, 20), bool)
    plain[4:10, 4:10, 4:10] = True
    more = plain.copy()
    more[20:25, 4:9, 4:9] = True
    assert border_margin_mm(more, plain, (1, 1, 1)) == border_margin_mm(plain, more, (1, 1, 1)) > 10


def test_a_missed_organ_has_no_margin_and_an_absent_one_no_score() -> None:
    there, nothing = blob(1), np.zeros((14, 16, 12), bool)
    assert border_margin_mm(there, nothing, (1, 1, 1)) == border_margin_mm(nothing, there, (1, 1, 1)) == math.inf
    assert border_margin_mm(nothing, nothing, (1, 1, 1)) is None


def test_a_mask_that_fills_the_scan_has_no_border() -> None:
    full = np.ones((4, 4, 4), bool)
    cut = full.copy()
    cut[0] = False
    assert border_margin_mm(full, full, (1, 1, 1)) == 0.0
    assert border_margin_mm(full, cut, (1, 1, 1)) == border_margin_mm(cut, full, (1, 1, 1)) == math.inf


def test_equal_masks_need_nothing() -> None:
    assert border_margin_mm(blob(3), blob(3), (1.0, 2.0, 3.0)) == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_a_factor_is_of_the_width_at_the_nearest_predicted_face(seed: int) -> None:
    spacing = (0.7, 1.1, 2.5)
    a, b = blob(seed), blob(seed + 100)
    width = np.random.default_rng(seed).uniform(1, 4, a.shape)
    (one, area_one), (other, area_other) = face_by_face(a, spacing), face_by_face(b, spacing)
    halves = np.round(2 * one / spacing).astype(int)  # of a voxel
    at = np.array([(width[tuple(low)] + width[tuple(high)]) / 2 for low, high in zip(halves // 2, -(-halves // 2))])
    between = cdist(one, other)
    nearest = np.abs(between - between.min(axis=0)) < 1e-9  # several faces may be equally near
    lowest = np.where(nearest, 1 / at[:, None], np.inf).min(axis=0) * between.min(axis=0)
    highest = np.where(nearest, 1 / at[:, None], 0).max(axis=0) * between.min(axis=0)
    area, found = np.concatenate([area_one, area_other]), border_factor(a, b, width, spacing)
    assert found is not None
    there = between.min(axis=1) / at
    assert area[np.concatenate([there, lowest]) <= found + 1e-9].sum() >= 0.95 * area.sum() * (1 - 1e-6)
    assert area[np.concatenate([there, highest]) < found - 1e-9].sum() < 0.95 * area.sum()


def test_a_width_that_is_the_same_everywhere_divides_the_margin() -> None:
    a, b = blob(7), blob(8)
    margin = border_margin_mm(a, b, (1.0, 2.0, 1.5))
    assert margin is not None
    assert border_factor(a, b, np.full(a.shape, 2.5), (1.0, 2.0, 1.5)) == pytest.approx(margin / 2.5)


def test_a_missed_organ_has_no_factor() -> None:
    there, nothing, width = blob(1), np.zeros((14, 16, 12), bool), np.ones((14, 16, 12))
    assert border_factor(nothing, there, width, (1, 1, 1)) == math.inf
    assert border_factor(nothing, nothing, width, (1, 1, 1)) is None


@pytest.mark.parametrize(
    ("share", "wanted"),
    [(0.0, 1.0), (0.1, 1.0), (0.3, 2.0), (0.5, 2.0), (0.51, 5.0), (0.9, 5.0), (0.95, 7.0), (1.0, 7.0)],
)
def test_the_weighted_quantile_is_counted_by_hand(share: float, wanted: float) -> None:
    """Weights of 1 at 1, 4 at 2, 4 at 5 and 1 at 7: of ten, one, five, nine and all do not exceed them."""
    assert weighted_quantile(np.array([5.0, 7.0, 1.0, 2.0]), np.array([4.0, 1.0, 1.0, 4.0]), share) == wanted
