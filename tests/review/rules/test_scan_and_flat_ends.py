"""Organs that the end of the scan cuts, and organs that end flat within it."""

from __future__ import annotations

import numpy as np
import pytest
from rule_shapes import SHAPE, WAYS, Stored, ellipsoid, said, slices_first, stored, tube

from napari_boundaryseg.review.rules.accepted import CaseMeasures
from napari_boundaryseg.review.rules.drawn import drawn
from napari_boundaryseg.review.rules.families.flat_ends import end_areas
from napari_boundaryseg.review.rules.finding import Finding

BALL = ellipsoid((45, 35, 32), (30, 25, 22))
"""Slices 5 to 25."""


def flat(array: np.ndarray, way: Stored = WAYS[0], **more: object) -> tuple[Finding, ...]:
    return said(stored(array, way), "flat-ends", **more)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("end", "words"), [(0, "the first slice"), (1, "the last slice")])
def test_an_organ_that_the_scan_cuts_is_said_with_the_area(way: Stored, end: int, words: str) -> None:
    middle = 3.0 if end == 0 else 3 * (SHAPE[0] - 1) - 3.0
    array = ellipsoid((middle, 35, 32), (20, 15, 15))
    (found,) = said(stored(array, way), "scan-ends")
    area = array[-end].sum()
    assert found.sentence == f"Bladder: cut by {words} of the scan, over {area} mm²; a part may lie outside."
    assert slices_first(found.voxel, way)[0] == end * (SHAPE[0] - 1)


def test_a_side_of_the_scan_cuts_too_and_organs_that_one_end_cuts_are_told_together() -> None:
    array = np.zeros(SHAPE, int)
    array[ellipsoid((45, 2, 32), (20, 15, 15))] = 1
    (found,) = said(stored(array), "scan-ends")
    assert "a side of the scan, at slice 16" in found.sentence and found.voxel[1] == 0
    array[:] = 0
    array[0:8, 10:20, 10:20] = 1
    array[0:8, 30:50, 30:50] = 2
    (both,) = said(stored(array), "scan-ends")
    assert both.organs == ("Prostate", "Bladder") and both.value == 400
    assert both.sentence.startswith("Prostate and Bladder: cut by the first slice")
    array[0:8, 55:65, 5:15], array[0:8, 5:9, 40:45] = 3, 4
    assert said(stored(array), "scan-ends")[0].sentence.startswith("Prostate, Bladder and 2 others: cut by ")
    array[array == 4] = 0
    assert said(stored(array), "scan-ends")[0].sentence.startswith("Prostate, Bladder and Rectum: cut by ")


def test_the_scan_may_fill_a_part_of_the_grid() -> None:
    labels = stored(BALL)
    assert said(labels, "scan-ends") == ()
    (found,) = said(labels, "scan-ends", scan=(slice(0, 64), slice(0, 70), slice(5, 30)))
    assert found.slice == 5


@pytest.mark.parametrize("way", WAYS)
def test_an_organ_that_is_cut_within_the_scan_ends_flat(way: Stored) -> None:
    array = BALL.copy()
    array[17:] = False
    (found,) = flat(array, way)
    share = array[16].sum() / array.sum(axis=(1, 2)).max()
    assert found.value == pytest.approx(share)
    assert found.sentence == f"Bladder: it ends flat on slice 17, with {share:.0%} of its largest area; is it cut off?"


def test_areas_of_the_ends_count_from_the_feet() -> None:
    array = BALL.copy()
    array[17:] = False
    largest = array.sum(axis=(1, 2)).max()
    for way in WAYS:
        view = drawn(stored(array, way))
        low, high = end_areas(view, view.structures["Bladder"])
        assert (low, high) == (
            pytest.approx(array[6].sum() / largest if not array[5].any() else array[5].sum() / largest),
            array[16].sum() / largest,
        )


def test_where_another_organ_or_the_scan_goes_on_an_end_is_not_flat() -> None:
    array = BALL.astype(int)
    array[17:] *= 2
    assert flat(array) == ()
    assert flat(BALL[:17]) == ()


def test_a_tube_ends_where_it_is_agreed_to_end_unless_accepted_cases_say_otherwise() -> None:
    assert flat(tube(0, 11.0)) == ()
    tapering = [CaseMeasures(ends={"Bladder": (0.05 + n / 100, 0.1)}) for n in range(9)]
    assert {found.slice for found in flat(tube(0, 11.0), accepted=tapering)} == {4, SHAPE[0] - 5}
    flat_ones = [CaseMeasures(ends={"Bladder": (0.9 + n / 90, 1 - n / 90)}) for n in range(9)]
    assert flat(tube(0, 11.0), accepted=flat_ones) == ()
    assert flat(tube(0, 11.0), accepted=tapering[:7]) == (), "too few"


def test_small_ends_are_not_flat_however_alike_accepted_ones_are_and_whole_ones_are_however_they_differ() -> None:
    array = BALL.copy()
    array[25:] = False
    share = array[24].sum() / array.sum(axis=(1, 2)).max()
    assert 0.1 < share < 0.3
    alike = [CaseMeasures(ends={"Bladder": (0.05 + n / 1000, 0.05 + n / 1000)}) for n in range(9)]
    assert flat(array, accepted=alike) == ()
    array[22:] = False
    assert [found.slice for found in flat(array, accepted=alike)] == [21]
    differ = [CaseMeasures(ends={"Bladder": (n / 10, n / 10)}) for n in range(9)]
    assert flat(array, accepted=differ) == ()
    assert len(flat(tube(0, 11.0), accepted=differ)) == 2


def test_of_an_organ_on_three_slices_no_end_is_flat_and_on_four_it_may_be() -> None:
    """Squares of 30 of 100 pixels, and of 82: no tube, whose middle slice would have 85 of them."""
    array = np.zeros(SHAPE, bool)
    for s, n in zip(range(10, 14), (30, 60, 100, 82), strict=True):
        array[s, 20:30, 20:30] = np.arange(100).reshape(10, 10) < n
    (found,) = flat(array)
    assert (found.slice, found.value) == (13, pytest.approx(0.82))
    array[11] = array[10]
    array[10] = False
    assert flat(array) == ()
