"""The surfaces of a band: both sides of a border by brute force, planes, balls, and the ends of the scan."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import cdist

from napari_boundaryseg.review.band.band_lines import band_lines, band_surfaces, depth_field, scaled_field

SPACING = (2.5, 0.8, 1.1)


def blob(seed: int, shape: tuple[int, int, int] = (9, 13, 11)) -> np.ndarray:
    return gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.6) > 0.05


@pytest.mark.parametrize("seed", range(3))
def test_the_depth_is_half_way_between_the_two_sides_by_brute_force(seed: int) -> None:
    mask = blob(seed)
    field = depth_field(mask, SPACING, margin_mm=50.0)
    assert field is not None and field.depth.shape == mask.shape
    touching: dict[bool, set[tuple[int, ...]]] = {True: set(), False: set()}
    for at in np.ndindex(mask.shape):
        for axis in range(3):
            beside = tuple(n + (axis == other) for other, n in enumerate(at))
            if beside[axis] < mask.shape[axis] and mask[at] != mask[beside]:
                touching[bool(mask[at])].add(at)
                touching[bool(mask[beside])].add(beside)
    centres = np.argwhere(np.ones_like(mask)) * SPACING
    both = [cdist(centres, np.array(sorted(points)) * SPACING).min(axis=1) for points in touching.values()]
    wanted = (both[0] + both[1]).reshape(mask.shape) / 2
    np.testing.assert_allclose(field.depth, np.where(mask, wanted, -wanted))


@pytest.mark.parametrize("normal", [(1, 0, 0), (1, 1, 0), (1, 1, 1), (2, 1, 0)])
def test_below_a_plane_of_any_direction_the_depth_is_its_distance(normal: tuple[int, int, int]) -> None:
    grid = np.stack(np.meshgrid(*[np.arange(25) - 12.0] * 3, indexing="ij"))
    along = np.tensordot(np.array(normal) / np.linalg.norm(normal), grid, 1)
    field = depth_field(along > 0.01, (1.0, 1.0, 1.0), 30.0)
    assert field is not None
    middle = (slice(8, 17),) * 3  # what lies near the ends of the scan has its nearest point outside
    off = field.depth[middle] - along[middle]
    assert np.ptp(off) < 0.8 and abs(off.mean()) < 0.55


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.5, 0.5)])
def test_of_a_ball_the_surfaces_are_smaller_and_larger_balls(spacing: tuple[float, float, float]) -> None:
    shape = [int(64 / size) for size in spacing]
    grid = np.stack(np.meshgrid(*(np.arange(n) * s - 32 for n, s in zip(shape, spacing)), indexing="ij"))
    radius = np.sqrt((grid**2).sum(axis=0))
    inner, outer = band_surfaces(radius <= 18, depth_field(radius <= 18, spacing, 6.0), 6.0)
    for surface, wanted in ((inner, 12), (outer, 24)):
        found = wanted * np.cbrt(surface.sum() / (radius <= wanted).sum())
        assert abs(found - wanted) < 0.25 * max(spacing)
    assert not (inner & ~(radius <= 18)).any() and not ((radius <= 18) & ~outer).any()


def test_lines_of_a_disc_lie_a_margin_from_it() -> None:
    """Rows 1 mm and columns 2 mm apart, one slice as thick as the scan, so that distances are those in the slice."""
    rows, columns = np.meshgrid(np.arange(60) - 30.0, (np.arange(30) - 15.0) * 2, indexing="ij")
    mask = np.repeat((np.hypot(rows, columns) <= 15)[:, :, None], 1, axis=2)
    field = depth_field(mask, (1.0, 2.0, 5.0), 5.0)
    assert field is not None
    lines = band_lines(field, axis=2, index=0, margin=4.0)
    for (line,), wanted in zip(lines, (11.0, 19.0), strict=True):
        far = np.hypot(line[:, 0] - 30.0, (line[:, 1] - 15.0) * 2)
        assert np.abs(far - wanted).max() < 1.6  # the disc itself is that rough
        assert np.abs(far - wanted).mean() < 0.5
        np.testing.assert_array_equal(line[0], line[-1])


def test_beyond_the_ends_of_an_organ_the_outer_line_goes_on_and_the_inner_one_stops() -> None:
    mask = np.zeros((12, 20, 20), bool)
    mask[4:8, 5:15, 5:15] = True
    field = depth_field(mask, (2.0, 1.0, 1.0), 2.5)
    assert field is not None
    drawn = {n: tuple(len(lines) for lines in band_lines(field, 0, n, 2.5)) for n in range(12)}
    assert drawn == {n: (int(n in (5, 6)), int(2 < n < 9)) for n in range(12)}


def test_where_the_scan_ends_there_is_no_border() -> None:
    mask = np.zeros((10, 12, 12), bool)
    mask[:, 4:8, 4:8] = True
    field = depth_field(mask, (1.0, 1.0, 1.0), 1.0)
    assert field is not None
    np.testing.assert_array_equal(field.depth, field.depth[:1].repeat(10, axis=0))
    inner, _ = band_surfaces(mask, depth_field(mask, (1.0, 1.0, 1.0), 1.0), 1.0)
    assert inner[:, 5:7, 5:7].all() and inner.sum() == 40


@pytest.mark.parametrize("fill", [False, True])
def test_a_mask_without_a_border_has_no_band(fill: bool) -> None:
    mask = np.full((4, 4, 4), fill)
    assert depth_field(mask, (1.0, 1.0, 1.0), 1.0) is None
    for one in band_surfaces(mask, depth_field(mask, (1.0, 1.0, 1.0), 1.0), 1.0):
        np.testing.assert_array_equal(one, mask)


def test_a_scaled_field_is_the_depth_over_the_width_beside_the_border() -> None:
    """Two slabs of different width: a band is wide at one and narrow at the other."""
    mask, width = np.zeros((40, 8, 8), bool), np.full((40, 8, 8), 2.0)
    mask[12:28] = True
    width[20:] = 8.0
    field = scaled_field(mask, (1.0, 1.0, 1.0), width, factor=0.75)
    inner, outer = band_surfaces(mask, field, 0.75)
    assert np.flatnonzero(inner[:, 4, 4]).tolist() == list(range(13, 22))  # 1.5 mm and 6 mm inside
    assert np.flatnonzero(outer[:, 4, 4]).tolist() == list(range(10, 34))


@pytest.mark.parametrize("seed", range(2))
def test_with_one_width_everywhere_it_is_the_band_of_that_margin(seed: int) -> None:
    mask = np.pad(blob(seed), 6)
    scaled = scaled_field(mask, SPACING, np.full(mask.shape, 4.0), factor=0.5)
    for found, wanted in zip(
        band_surfaces(mask, scaled, 0.5), band_surfaces(mask, depth_field(mask, SPACING, 2.0), 2.0)
    ):
        np.testing.assert_array_equal(found, wanted)


def test_without_a_border_nothing_is_scaled() -> None:
    assert scaled_field(np.zeros((4, 4, 4), bool), SPACING, np.ones((4, 4, 4)), 1.0) is None


@pytest.mark.parametrize("margin", [0.75, 1.0, 3.0])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.5, 0.5)])
def test_a_field_holds_all_that_lies_within_its_own_margin(spacing: tuple[float, float, float], margin: float) -> None:
    """And so much more that the outer line closes: the same as of the field of the whole scan."""
    mask = np.pad(blob(3, (5, 13, 11)), ((4, 4), (9, 9), (9, 9)))
    own, whole = (depth_field(mask, spacing, mm) for mm in (margin, 100.0))
    assert own is not None and whole is not None and whole.depth.shape == mask.shape
    for found, wanted in zip(band_surfaces(mask, own, margin), band_surfaces(mask, whole, margin)):
        np.testing.assert_array_equal(found, wanted)
    middle = len(mask) // 2
    for found, wanted in zip(band_lines(own, 0, middle, margin), band_lines(whole, 0, middle, margin)):
        assert len(found) == len(wanted)
        for line, other in zip(found, wanted):
            np.testing.assert_allclose(line, other)
