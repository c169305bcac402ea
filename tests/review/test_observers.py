"""Several observers: planes and spheres whose middle and spread are known."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.border_distance import SmoothBorder
from napari_boundaryseg.review.observers import observed

SHAPE = (40, 38, 36)
SPACINGS = [(1.0, 1.0, 1.0), (0.7, 1.0, 1.6)]


def radii(spacing_mm: tuple[float, float, float], shift_mm: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """The distance of each voxel from the middle of the array, in mm."""
    at = np.stack(np.indices(SHAPE), -1) * spacing_mm
    return np.linalg.norm(at - at.reshape(-1, 3).mean(0) - shift_mm, axis=-1)


def plane(n: int, axis: int = 0, shape: tuple[int, int, int] = (14, 6, 5)) -> np.ndarray:
    return np.moveaxis(np.arange(shape[axis])[:, None, None] * np.ones((shape[axis], 3, 4)) < n, 0, axis)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("spacing", [1.0, 2.5])
def test_planes_are_exact(axis: int, spacing: float) -> None:
    steps = [1.0, 1.0, 1.0]
    steps[axis] = spacing
    masks = [plane(n, axis, (14, 14, 14)) for n in (4, 5, 9)]
    found = observed(masks, steps)
    assert np.array_equal(found.mask, masks[1])
    on = ~np.isnan(found.sd_mm)
    assert np.argwhere(on)[:, axis].tolist() == [4] * 12
    assert found.sd_mm[on] == pytest.approx(np.std([4, 5, 9], ddof=1) * spacing, rel=1e-6)
    assert found.range_mm[on] == pytest.approx(5 * spacing, rel=1e-6)
    assert np.array_equal(np.isnan(found.sd_mm), np.isnan(found.range_mm))
    line = np.moveaxis(found.distance_mm, axis, 0)[:, 0, 0]
    assert line[[4, 5]].tolist() == pytest.approx([spacing / 2, -spacing / 2])
    assert np.isnan(line[[*range(4), *range(6, 14)]]).all()
    mean = observed(masks, steps, "mean")
    assert np.array_equal(mean.mask, plane(6, axis, (14, 14, 14)))


def test_of_two_the_surface_is_half_way_and_a_voxel_on_it_belongs_to_it() -> None:
    for first, second, wanted in ((4, 8, 6), (4, 7, 6), (4, 5, 5), (4, 4, 4)):
        for middle in ("median", "mean"):
            found = observed([plane(first), plane(second)], (1.0, 1.0, 1.0), middle)  # type: ignore[arg-type]
            assert np.array_equal(found.mask, plane(wanted))
            on = ~np.isnan(found.sd_mm)
            assert found.sd_mm[on] == pytest.approx((second - first) / math.sqrt(2), abs=1e-6)
            assert found.range_mm[on] == pytest.approx(second - first, abs=1e-6)


@pytest.mark.parametrize("spacing_mm", SPACINGS)
def test_the_median_of_spheres_is_the_one_in_the_middle(spacing_mm: tuple[float, float, float]) -> None:
    r = radii(spacing_mm)
    masks = [r < mm for mm in (12.6, 8.0, 9.5)]
    found = observed(masks, spacing_mm)
    assert np.array_equal(found.mask, masks[2])
    on = ~np.isnan(found.sd_mm)
    assert found.sd_mm[on].mean() == pytest.approx(np.std([8, 9.5, 12.6], ddof=1), abs=0.12)
    assert found.range_mm[on].mean() == pytest.approx(4.6, abs=0.2)
    assert np.abs(found.range_mm[on] - 4.6).max() < 0.6 * max(spacing_mm)


@pytest.mark.parametrize("spacing_mm", SPACINGS)
@pytest.mark.parametrize("drawn", [(8.0, 11.0), (7.0, 9.0, 9.5, 12.0), (8.0, 8.2, 9.0, 10.0, 12.3)])
def test_the_mean_of_spheres_has_their_mean_radius(
    drawn: tuple[float, ...], spacing_mm: tuple[float, float, float]
) -> None:
    r = radii(spacing_mm)
    for middle, wanted in (("mean", np.mean(drawn)), ("median", np.median(drawn))):
        found = observed([r < mm for mm in drawn], spacing_mm, middle)  # type: ignore[arg-type]
        volume = found.mask.sum() * math.prod(spacing_mm)
        assert (3 * volume / (4 * math.pi)) ** (1 / 3) == pytest.approx(wanted, abs=0.15 * max(spacing_mm))
        on = ~np.isnan(found.sd_mm)
        assert found.sd_mm[on].mean() == pytest.approx(np.std(drawn, ddof=1), abs=0.12)
        assert found.range_mm[on].mean() == pytest.approx(max(drawn) - min(drawn), abs=0.2)
        beside = ~np.isnan(found.distance_mm)
        assert np.abs(found.distance_mm[beside] - (wanted - r[beside])).mean() < 0.2 * max(spacing_mm)


def test_spread_is_local() -> None:
    """Two balls side by side by 4 mm differ at their poles and agree where they cross."""
    masks = [radii((1, 1, 1), (shift, 0, 0)) < 11 for shift in (-2.0, 2.0)]
    found = observed(masks, (1, 1, 1), "mean")
    at = np.argwhere(~np.isnan(found.range_mm))
    middle = np.array(SHAPE) / 2 - 0.5
    across = np.abs(at[:, 0] - middle[0])
    spread = found.range_mm[tuple(at.T)]
    assert spread[across >= 10].mean() == pytest.approx(4, abs=0.3)
    assert spread[across < 1].mean() < 0.6


def test_one_who_is_far_off_moves_the_mean_and_not_the_median() -> None:
    masks = [plane(n, shape=(30, 6, 5)) for n in (8, 8, 8, 20)]
    assert np.array_equal(observed(masks, (1, 1, 1)).mask, masks[0])
    assert np.array_equal(observed(masks, (1, 1, 1), "mean").mask, plane(11, shape=(30, 6, 5)))


def test_the_order_of_observers_and_of_axes_does_not_count() -> None:
    r = radii((0.7, 1.0, 1.6))
    masks = [radii((0.7, 1.0, 1.6), shift) < 9 for shift in ((0, 0, 0), (1, 2, 0), (0, 0, 2.5))]
    wanted = observed(masks, (0.7, 1.0, 1.6))
    for order in itertools.permutations(masks):
        assert np.array_equal(observed(order, (0.7, 1.0, 1.6)).mask, wanted.mask)
    turned = observed([mask.transpose(2, 0, 1) for mask in masks], (1.6, 0.7, 1.0))
    assert np.array_equal(turned.mask, wanted.mask.transpose(2, 0, 1))
    np.testing.assert_allclose(turned.range_mm, wanted.range_mm.transpose(2, 0, 1), atol=1e-4)
    assert r.shape == wanted.mask.shape


def test_only_voxels_that_somebody_doubts_and_those_at_the_surface_are_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A scan has millions of others."""
    asked: list[int] = []

    def counted(self: SmoothBorder, voxels: np.ndarray) -> np.ndarray:
        asked.append(len(voxels))
        return original(self, voxels)

    original = SmoothBorder.distance_mm
    monkeypatch.setattr(SmoothBorder, "distance_mm", counted)
    observed([plane(4), plane(7)], (1, 1, 1))
    assert asked == [3 * 12] * 2 + [2 * 12] * 2 + [12] * 2


@pytest.mark.parametrize("spacing_mm", SPACINGS)
def test_distances_to_the_border_of_a_sphere(spacing_mm: tuple[float, float, float]) -> None:
    r = radii(spacing_mm)
    voxels = np.argwhere(np.abs(r - 11) < 5)
    found = SmoothBorder(r < 11, spacing_mm).distance_mm(voxels)
    off = found - (11 - r[tuple(voxels.T)])
    assert abs(off.mean()) < 0.08 * max(spacing_mm)
    assert off.std() < 0.16 * max(spacing_mm)
    assert np.abs(off).max() < 0.6 * max(spacing_mm)
    assert np.array_equal(found > 0, (r < 11)[tuple(voxels.T)]), "the sign is the mask's own"


def test_a_leaning_plane_has_no_steps() -> None:
    at = np.stack(np.indices((30, 30, 12)), -1) * (1.0, 1.0, 2.0)
    normal = np.array([3.0, 4.0, 0.0]) / 5
    true = 20.3 - at @ normal
    inner = (slice(8, 22), slice(8, 22), slice(3, 9))
    voxels = np.argwhere(np.abs(true) < 6)
    voxels = np.array([v for v in voxels if all(s.start <= n < s.stop for n, s in zip(v, inner, strict=True))])
    found = SmoothBorder(true > 0, (1.0, 1.0, 2.0)).distance_mm(voxels)
    assert np.abs(found - true[tuple(voxels.T)]).max() < 0.25
    assert abs((np.abs(found) - np.abs(true[tuple(voxels.T)])).mean()) < 0.05


def test_a_plate_of_one_voxel_and_a_single_voxel_keep_their_border() -> None:
    thin = plane(6) & ~plane(5)
    found = SmoothBorder(thin, (1.0, 1.0, 1.0)).distance_mm(np.array([[5, 1, 1], [4, 1, 1], [9, 1, 1]]))
    assert 0 < found[0] < 1
    assert -1 < found[1] < 0
    assert found[2] == pytest.approx(-3.5, abs=0.5)
    dot = np.zeros((7, 7, 7), bool)
    dot[3, 3, 3] = True
    found = SmoothBorder(dot, (1.0, 1.0, 1.0)).distance_mm(np.array([[3, 3, 3], [3, 3, 6]]))
    assert found[0] > 0
    assert found[1] == pytest.approx(-2.5, abs=0.5)


def test_a_gap_of_one_voxel_has_the_same_border_as_a_plate() -> None:
    plate = plane(6) & ~plane(5)
    voxels = np.argwhere(np.ones_like(plate))
    there, back = (SmoothBorder(m, (2.0, 1.0, 1.0)).distance_mm(voxels) for m in (plate, ~plate))
    np.testing.assert_allclose(there, -back, atol=1e-5)
    assert np.array_equal(there > 0, plate.ravel())
    assert np.abs(there).min() > 0.01


def test_without_a_border_every_distance_is_infinite() -> None:
    at = np.array([[0, 0, 0], [1, 1, 1]])
    assert SmoothBorder(np.ones((3, 3, 3), bool), (1, 1, 1)).distance_mm(at).tolist() == [math.inf] * 2
    assert SmoothBorder(np.zeros((3, 3, 3), bool), (1, 1, 1)).distance_mm(at).tolist() == [-math.inf] * 2


@pytest.mark.parametrize(
    ("masks", "said"),
    [
        ([plane(4)], "there are 1"),
        ([], "there are 0"),
        ([plane(4), plane(4, shape=(15, 6, 5))], "observer 2: the mask is of another shape"),
        ([plane(4), plane(0)], "observer 2: the mask has no border"),
        ([plane(14), plane(4)], "observer 1: the mask has no border"),
    ],
)
def test_what_cannot_be_compared_is_refused(masks: list[np.ndarray], said: str) -> None:
    with pytest.raises(InputError, match=said):
        observed(masks, (1, 1, 1))
