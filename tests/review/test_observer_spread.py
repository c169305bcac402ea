"""Spread of observers: shifted spheres whose median and spread are known, distances by brute force and SimpleITK."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from napari_boundaryseg.review.observer_spread import among, observer_spread
from napari_boundaryseg.review.spread_places import spread_places

SHAPE, MM = (36, 40, 44), (1.5, 1.0, 1.0)
RADIUS = 12.0
AT = np.stack(np.indices(SHAPE), -1) * np.array(MM)
MIDDLE = AT.reshape(-1, 3).mean(axis=0)


def ball(shift: tuple[float, float, float] = (0, 0, 0), radius: float = RADIUS) -> np.ndarray:
    return np.linalg.norm(AT - MIDDLE - shift, axis=-1) < radius


SHIFTS = (-3.0, 0.0, 4.0)
THREE = [ball((0, 0, mm)) for mm in SHIFTS]


def surface(mask: np.ndarray) -> np.ndarray:
    """Voxels of a mask that touch its outside by a face, by looking at each neighbour."""
    padded = np.pad(mask, 1, mode="edge")
    inner = np.ones_like(mask)
    for axis, step in itertools.product(range(3), (-1, 1)):
        inner &= np.roll(padded, step, axis)[1:-1, 1:-1, 1:-1]
    return mask & ~inner


def brute(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """From each surface voxel of one mask the least distance to one of the other's, all against all, in mm."""
    a, b = (np.argwhere(surface(mask)) * MM for mask in (one, other))
    return np.array([np.sqrt(((b - point) ** 2).sum(axis=1)).min() for point in a])


def test_the_median_of_three_shifted_spheres_is_the_one_in_the_middle_and_the_spread_is_as_along_each_ray() -> None:
    found = observer_spread(THREE, MM, tolerance_mm=2.0)
    assert found is not None
    mask = np.zeros(SHAPE, bool)
    mask[found.box] = found.middle.mask
    votes = sum(map(np.asarray, (one.astype(int) for one in THREE))) >= 2
    assert np.count_nonzero(mask ^ votes) <= 0.002 * votes.sum(), "the median of three is the vote of two"
    apart = np.full(SHAPE, np.nan)
    apart[found.box] = found.middle.range_mm
    edge = np.argwhere(np.isfinite(apart))
    points = AT[tuple(edge.T)]
    # A ball's signed distance is its radius less the distance from its centre: no voxels in that.
    each = np.stack([RADIUS - np.linalg.norm(points - MIDDLE - (0, 0, mm), axis=-1) for mm in SHIFTS])
    known = np.ptp(each, axis=0)
    off = apart[tuple(edge.T)] - known
    assert np.abs(off).mean() < 0.15 and np.percentile(np.abs(off), 99) < 0.6
    assert found.apart_mm.median == pytest.approx(np.median(known), abs=0.2)
    assert found.apart_mm.p95 == pytest.approx(np.percentile(known, 95), abs=0.3)
    assert found.sd_mm.median == pytest.approx(np.median(each.std(axis=0, ddof=1)), abs=0.1)
    assert float(np.nanmax(apart)) == pytest.approx(7.0, abs=0.8), "from -3 to 4 mm at the poles of the shift"


def test_the_places_are_the_two_poles_in_the_direction_of_the_shift() -> None:
    found = observer_spread(THREE, MM, tolerance_mm=2.0, slice_axis=0)
    assert found is not None and len(found.places) == 2
    assert found.least_mm > 2.0
    for place, side in zip(sorted(found.places, key=lambda one: one.voxel[2]), (-1, 1), strict=True):
        z, y, x = AT[place.voxel] - MIDDLE
        assert side * x > 8 and math.hypot(z, y) < 8
        assert place.mm == pytest.approx(7.0, abs=0.8)
        assert place.slice == place.voxel[0] and place.slices[0] < place.slice < place.slices[1]
        assert place.sentence.startswith(f"{place.mm:.1f} mm apart on slice {place.slice + 1} (slices ")
    # A quarter of a sphere of 12 mm is its two caps; voxels' areas are up to a tenth too large.
    assert sum(place.area_mm2 for place in found.places) == pytest.approx(math.pi * RADIUS**2, rel=0.25)


def test_each_observer_stands_with_the_metrics_that_brute_force_and_simpleitk_find() -> None:
    found = observer_spread(THREE, MM, tolerance_mm=2.0)
    assert found is not None
    middle = np.zeros(SHAPE, bool)
    middle[found.box] = found.middle.mask
    for mask, row in zip(THREE, found.rows, strict=True):
        there, back = brute(mask, middle), brute(middle, mask)
        assert row["hd95_mm"] == pytest.approx(max(np.percentile(there, 95), np.percentile(back, 95)))
        both = np.concatenate([there, back])
        assert row["surface_dice_2mm"] == pytest.approx((both <= 2 + 1e-4).mean())
        images = [sitk.GetImageFromArray(one.astype(np.uint8)) for one in (mask, middle)]
        overlap = sitk.LabelOverlapMeasuresImageFilter()
        overlap.Execute(*images)
        assert row["dsc"] == pytest.approx(overlap.GetDiceCoefficient())
        edges = [sitk.GetImageFromArray(surface(one).astype(np.uint8)) for one in (mask, middle)]
        for edge in edges:
            edge.SetSpacing(MM[::-1])
        hausdorff = sitk.HausdorffDistanceImageFilter()
        hausdorff.Execute(*edges)
        assert row["hd_mm"] == pytest.approx(hausdorff.GetHausdorffDistance(), abs=1e-6)
        drawn = 0.0  # added path: contour pixels of the median, slice by slice, farther than 2 mm from the observer's
        for n in range(SHAPE[0]):
            wanted, own = (np.argwhere(_contour(one[n])) for one in (middle, mask))
            for pixel in wanted:
                drawn += len(own) == 0 or float(np.sqrt(((own - pixel) ** 2).sum(axis=1)).min()) > 2 + 1e-4
        assert row["apl_mm"] == pytest.approx(drawn)


def _contour(plane: np.ndarray) -> np.ndarray:
    return plane & ~ndimage.binary_erosion(plane, border_value=1)


@pytest.mark.parametrize("number", range(3))
def test_an_observer_lies_wholly_among_the_observers_and_as_far_outside_as_they_are(number: int) -> None:
    found = observer_spread(THREE, MM, tolerance_mm=2.0)
    assert found is not None
    row = among(THREE[number], found, MM)
    assert row["among"] == 1.0
    for key, value in found.rows[number].items():
        assert row[key] == value or math.isnan(value), key
    assert row["outside_mm"] == pytest.approx({0: -0.1, 1: 0.0, 2: -0.2}[number], abs=0.25)


@pytest.mark.parametrize(("grown_mm", "share"), [(-3.5, 0.0), (0.0, 1.0), (3.5, 0.0)])
def test_a_ball_within_all_or_beyond_all_lies_nowhere_among_them(grown_mm: float, share: float) -> None:
    balls = [ball(radius=mm) for mm in (11.0, 12.0, 13.5)]
    found = observer_spread(balls, MM, tolerance_mm=1.0)
    assert found is not None
    row = among(ball(radius=12.0 + grown_mm), found, MM)
    assert row["among"] == share
    assert row["outside_mm"] == pytest.approx(grown_mm, abs=0.15)


def test_half_a_border_that_is_off_is_half_among_them() -> None:
    balls = [ball(radius=mm) for mm in (11.0, 12.0, 13.0)]
    found = observer_spread(balls, MM, tolerance_mm=1.0)
    assert found is not None
    half = np.where(AT[..., 2] < MIDDLE[2], ball(radius=12.0), ball(radius=16.0))
    row = among(half, found, MM)
    # Heights on a sphere are uniform: up to 1 mm over the step the distance is among theirs, up to 4 mm it grows.
    assert row["among"] == pytest.approx(0.5 + 1 / 24, abs=0.03)
    assert row["outside_mm"] == pytest.approx((4 * 8 + 8) / 24, abs=0.15)


def test_a_mask_elsewhere_and_one_that_is_empty() -> None:
    found = observer_spread([one & (AT[..., 2] > 12) for one in THREE], MM, tolerance_mm=2.0)
    assert found is not None
    far = np.zeros(SHAPE, bool)
    far[1:3, 1:4, 1:4] = True
    row = among(far, found, MM)
    assert row["dsc"] == 0.0 and row["among"] < 0.05 and row["outside_mm"] < -5
    empty = among(np.zeros(SHAPE, bool), found, MM)
    assert empty["missing"] and math.isnan(empty["among"]) and math.isnan(empty["outside_mm"])


def test_who_drew_nothing_is_left_out_and_one_alone_has_no_spread() -> None:
    nothing = np.zeros(SHAPE, bool)
    found = observer_spread([THREE[0], nothing, THREE[2]], MM, tolerance_mm=2.0)
    two = observer_spread([THREE[0], THREE[2]], MM, tolerance_mm=2.0)
    assert found is not None and two is not None
    assert found.drew == (True, False, True) and [row["missing"] for row in found.rows] == [False, True, False]
    assert np.array_equal(found.middle.mask, two.middle.mask) and found.apart_mm == two.apart_mm
    assert observer_spread([THREE[0], nothing, nothing], MM, 2.0) is None
    assert observer_spread([nothing, nothing], MM, 2.0) is None
    assert observer_spread([], MM, 2.0) is None
    assert observer_spread([THREE[0], np.ones(SHAPE, bool)], MM, 2.0) is None, "what fills the scan has no border"


def test_two_that_do_not_meet_have_nothing_in_the_middle() -> None:
    a, b = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    a[2:5, 2:5, 2:5] = b[30:33, 34:37, 38:41] = True
    assert observer_spread([a, b], MM, 2.0) is None


def test_the_same_labels_twice_have_no_spread_and_no_place() -> None:
    found = observer_spread([THREE[0], THREE[0]], MM, tolerance_mm=2.0)
    assert found is not None
    assert (found.apart_mm.p95, found.sd_mm.p95, found.places) == (0.0, 0.0, ())
    assert found.limit_mm == 4.0 and found.least_mm == 2.0
    assert found.rows[0]["hd_mm"] == 0.0


def test_slices_are_counted_along_the_axis_that_is_said_and_small_places_are_counted() -> None:
    bumps = [ball(), ball()]
    bumps[1] |= np.linalg.norm(AT - MIDDLE - (0, 12, 0), axis=-1) < 5
    bumps[1] |= np.linalg.norm(AT - MIDDLE - (0, 0, 14), axis=-1) < 2.2
    kinds = [observer_spread(bumps, MM, 1.0, slice_axis=1, least_mm2=mm2) for mm2 in (0.0, 25.0)]
    assert kinds[0] is not None and kinds[1] is not None
    assert kinds[1].n_small == len(kinds[0].places) - len(kinds[1].places) > 0
    first = kinds[1].places[0]
    assert first.slice == first.voxel[1] and first.mm > 3


def test_places_are_pieces_of_the_border_that_are_connected_by_corners() -> None:
    mask = np.zeros((6, 8, 8), bool)
    mask[1:5, 1:7, 1:7] = True
    apart = np.where(surface(mask), 0.0, np.nan)
    apart[1, 2, 2], apart[1, 3, 3], apart[4, 6, 6] = 3.0, 5.0, 4.0
    one, two = spread_places(mask, apart, (2.0, 1.0, 1.0), least_mm=3.0)
    assert (one.mm, one.voxel, two.mm, two.voxel) == (5.0, (1, 3, 3), 4.0, (4, 6, 6))
    assert one.area_mm2 == pytest.approx(2.0), "two faces of 1 mm²"
    assert two.area_mm2 == pytest.approx(math.sqrt(1 + 4 + 4)), "three faces, as a vector"
    assert spread_places(mask, apart, (2.0, 1.0, 1.0), least_mm=5.1) == ()
