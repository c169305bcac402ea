"""The worst places: planted faults are found where they are, as large as they are, each once."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from napari_boundaryseg.data.metrics import compare_masks
from napari_boundaryseg.review.worst_places import WorstPlace, area_text, border_areas_mm2, worst_places

BOX = np.zeros((24, 40, 40), bool)
BOX[4:20, 8:32, 8:32] = True
MM = (2.0, 1.0, 1.0)


def test_nothing_is_off_by_more_than_the_tolerance() -> None:
    assert worst_places(BOX, BOX, MM, 0.0) == ()
    moved = np.roll(BOX, 2, axis=1)
    assert worst_places(moved, BOX, MM, 2.0) == ()
    assert worst_places(moved, BOX, MM, 1.9) != ()


def test_a_bulge_is_one_place_though_the_borders_on_its_two_sides_are_off() -> None:
    judged = BOX.copy()
    judged[10:14, 32:38, 14:24] = True
    (place,) = worst_places(judged, BOX, MM, 2.0)
    assert place.voxel[1] == 37, "the top of the bulge"
    assert (place.mm, place.slice, place.slices) == (6.0, 10, (10, 13))
    assert place.sentence.startswith("6.0 mm too large on slice 11 (slices 11 to 14), ")


def test_a_notch_is_one_place_that_is_too_small() -> None:
    judged = BOX.copy()
    judged[10:14, 26:32, 14:24] = False
    (place,) = worst_places(judged, BOX, MM, 2.0)
    assert (place.mm, place.slices) == (-6.0, (9, 14)), "its walls are border of the slices beside it"
    assert "6.0 mm too small" in place.sentence


def test_a_finger_that_is_missing_is_one_place_as_long_as_it_is() -> None:
    """The judged border at its root is off by less than its tip is."""
    reference = BOX.copy()
    reference[12:14, 32:39, 18:21] = True
    (place,) = worst_places(BOX, reference, MM, 1.5)
    assert (place.mm, place.voxel[1], place.slices) == (-7.0, 38, (12, 13))


def test_missing_slices_are_one_place() -> None:
    judged = BOX.copy()
    judged[18:] = False
    (place,) = worst_places(judged, BOX, MM, 2.0)
    assert (place.mm, place.slices) == (-4.0, (17, 19))
    assert 24 * 24 < place.area_mm2 < 24 * 24 + 4 * 24 * 2, "the end, and less than a slice of the sides"


def test_faults_at_several_places_come_in_their_order_and_each_once() -> None:
    reference, judged = BOX.copy(), BOX.copy()
    judged[6:8, 32:36, 12:16] = True  # 4 mm too large
    judged[14:16, 8:13, 20:26] = False  # 5 mm too small
    reference[2:3, 2:4, 2:4] = True  # an island that is not drawn
    judged[22, 36:38, 36:38] = True  # an island that is not there
    places = worst_places(judged, reference, MM, 3.0)
    assert [place.mm for place in places[:2]] == pytest.approx([math.sqrt(3 * 36), -math.sqrt(16 + 2 * 36)])
    assert [place.mm for place in places[2:]] == [-5, 4]
    assert [place.voxel for place in places[:2]] == [(22, 37, 37), (2, 2, 2)]
    assert [place.slice for place in places] == [22, 2, 14, 6]


@pytest.mark.parametrize("seed", range(4))
def test_the_worst_is_the_hausdorff_distance_and_everything_off_is_in_a_place(seed: int) -> None:
    rng = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(rng.normal(size=(20, 24, 22)), 3)
    other = field + 0.4 * ndimage.gaussian_filter(rng.normal(size=field.shape), 2)
    spacing = (2.5, 0.8, 1.1)
    a, b = field > 0, other > 0
    places = worst_places(a, b, spacing, 1.5, slice_axis=2)
    assert abs(places[0].mm) == pytest.approx(compare_masks(a, b, spacing)["hd_mm"])
    assert len({place.voxel for place in places}) == len(places)
    for place in places:
        assert abs(place.mm) > 1.5
        assert place.slice == place.voxel[2]
        assert place.slices[0] <= place.slice <= place.slices[1]
        border = a if a[place.voxel] else b
        assert border[place.voxel]
        assert place.mm > 0 or b[place.voxel], "what is too small lies in the reference"
        assert place.mm < 0 or a[place.voxel], "what is too large is drawn"
    total = sum(place.area_mm2 for place in places)
    assert 0 < total < border_areas_mm2(a, edge(a), spacing).sum() + border_areas_mm2(b, edge(b), spacing).sum()


def edge(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask & ~ndimage.binary_erosion(mask, border_value=1))


def test_other_arrays_of_the_same_scan_give_the_same_places() -> None:
    judged = BOX.copy()
    judged[10:14, 32:38, 14:24] = True
    judged[4:6] = False
    one = worst_places(judged, BOX, MM, 2.0, slice_axis=0)
    turned = worst_places(judged.transpose(2, 1, 0)[::-1], BOX.transpose(2, 1, 0)[::-1], MM[::-1], 2.0, slice_axis=2)
    assert [(p.mm, p.slices) for p in one] == [(p.mm, p.slices) for p in turned]
    assert [p.area_mm2 for p in one] == pytest.approx([p.area_mm2 for p in turned])


def test_both_sides_of_a_gap_are_one_place_by_its_width() -> None:
    """Within the tolerance of each border lies every voxel of a gap that is less than twice as wide."""
    moved = np.roll(BOX, 3, axis=1)
    places = worst_places(moved, BOX, MM, 2.0)
    assert [place.mm for place in places] == [-3, 3] or [place.mm for place in places] == [3, -3]
    for place in places:
        assert place.area_mm2 == pytest.approx(16 * 2 * 24, rel=0.15)


def test_two_bulges_on_a_border_that_is_a_little_too_large_all_over_are_two_places() -> None:
    judged = BOX.copy()
    judged[4:20, 7:33, 7:33] = True
    assert worst_places(judged, BOX, MM, 1.5) == ()
    judged[10:13, 33:36, 12:15] = judged[10:13, 33:36, 24:27] = True
    places = worst_places(judged, BOX, MM, 1.5)
    assert [(place.mm, place.voxel[1]) for place in places] == [(4, 35), (4, 35)]
    assert {place.voxel[2] // 8 for place in places} == {1, 3}


def test_what_has_no_border_has_no_place() -> None:
    nothing, everything = np.zeros_like(BOX), np.ones_like(BOX)
    for one, other in ((nothing, BOX), (BOX, nothing), (nothing, nothing), (everything, BOX)):
        assert worst_places(one, other, MM, 1.0) == ()


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.8, 1.0, 1.3)])
@pytest.mark.parametrize("radius", [8.0, 14.0])
def test_the_area_of_a_ball_is_right_to_a_tenth(radius: float, spacing: tuple[float, float, float]) -> None:
    shape = [math.ceil(2 * radius / mm) + 5 for mm in spacing]
    at = np.stack(np.indices(shape), -1) * spacing
    ball = np.linalg.norm(at - at.reshape(-1, 3).mean(0), axis=-1) <= radius
    total = border_areas_mm2(ball, edge(ball), spacing).sum()
    assert 0.97 < total / (4 * math.pi * radius**2) < 1.1


def test_areas_of_planes() -> None:
    flat = np.arange(12)[:, None, None] * np.ones((12, 5, 6)) < 4
    assert border_areas_mm2(flat, edge(flat), (3.0, 2.0, 0.5)).sum() == pytest.approx(5 * 6 * 1.0)
    i, j, _ = np.indices((12, 12, 4))
    leaning = i + j < 12
    at = edge(leaning)
    areas = border_areas_mm2(leaning, at, (1.0, 1.0, 2.0))
    ends = (at[:, :2] == 0).any(axis=1)
    assert areas[~ends].tolist() == pytest.approx([2 * math.sqrt(2)] * 40)
    assert areas[ends].tolist() == [2.0] * 8, "where the scan ends one of the two faces is not there"


def test_sentences() -> None:
    one = WorstPlace((4, 5, 6), -2.34, 12.4, 4, (4, 4))
    assert one.sentence == "2.3 mm too small on slice 5, 12 mm² of border"
    assert area_text(9.96) == "10.0 mm²"
