"""Missing slices, of an organ and of a part of it."""

from __future__ import annotations

import numpy as np
from rule_shapes import SHAPE, ellipsoid, said, stored

from napari_boundaryseg.review.rules.finding import Finding

BALL = ellipsoid((45, 35, 32), (30, 25, 25))


def missing(array: np.ndarray) -> tuple[Finding, ...]:
    return said(stored(array), "missing-slices")


def test_one_and_several_empty_slices_are_one_finding_each() -> None:
    array = BALL.copy()
    array[9] = array[14:17] = False
    one, three = missing(array)
    assert one.sentence == "Bladder: slice 10 is empty, the slices beside it are not."
    assert three.sentence == "Bladder: slices 15 to 17 are empty, the slices beside them are not."
    assert (one.slice, one.value, three.slice, three.value, three.unit) == (9, 1, 14, 3, "slices")
    assert BALL[9][one.voxel[1], one.voxel[0]], "a click goes to where the organ should be"


def test_the_ends_of_an_organ_are_no_missing_slices() -> None:
    array = BALL.copy()
    array[:9] = False
    assert missing(array) == ()


def test_two_pieces_far_apart_or_not_above_each_other_have_no_slices_missing() -> None:
    far = ellipsoid((12, 35, 32), (8, 9, 9)) | ellipsoid((75, 35, 32), (8, 9, 9))
    aside = ellipsoid((30, 15, 15), (12, 9, 9)) | ellipsoid((63, 55, 50), (12, 9, 9))
    near = ellipsoid((30, 35, 32), (12, 9, 9)) | ellipsoid((63, 35, 32), (12, 9, 9))
    assert missing(far) == missing(aside) == ()
    assert [found.value for found in missing(near)] == [2]


def test_a_small_island_above_an_organ_has_no_slices_missing() -> None:
    array = np.zeros(SHAPE, bool)
    array[5:15, 20:50, 20:50] = array[17, 34:37, 31:34] = True
    assert missing(array) == ()
    array[17, 30:40, 28:40] = True
    assert len(missing(array)) == 1, "120 of 900 pixels are the organ's end"


def test_a_part_that_a_slice_lacks_is_found_and_a_thin_one_is_not() -> None:
    two = ellipsoid((45, 18, 32), (30, 12, 12)) | ellipsoid((45, 52, 32), (30, 12, 12))
    array = two.copy()
    array[12, 40:] = False
    (found,) = missing(array)
    assert found.sentence.startswith("Bladder: a part of ")
    assert found.sentence.endswith(" mm² lacks on slice 13, the slices beside it have it.")
    assert found.value == (two[11] & two[13])[40:].sum(), "what both neighbours have"
    assert found.slice == 12 and found.voxel[1] in range(41, 64)
    assert missing(two) == ()
    notch = BALL.copy()
    notch[12, 25:45, 25:45] = False
    assert missing(notch) == (), "a hole of 400 mm² is another fault"
    small = ellipsoid((45, 35, 32), (30, 25, 25)) | ellipsoid((45, 65, 5), (30, 3, 2))
    small[14, 55:, :10] = False
    assert missing(small) == (), "a part of 18 mm²"


def test_a_part_that_another_organ_takes_does_not_lack() -> None:
    array = (ellipsoid((45, 18, 32), (30, 12, 12)) | ellipsoid((45, 52, 32), (30, 12, 12))).astype(int)
    array[12, 40:] *= 2
    assert [found for found in missing(array) if found.organs == ("Bladder",)] == []


def test_the_same_gap_has_the_same_identity_and_a_longer_one_another() -> None:
    short, long = BALL.copy(), BALL.copy()
    short[9] = False
    long[9:11] = False
    changed = short.copy()
    changed[20, 35, 32] = False
    assert missing(short)[0].identity == missing(changed)[0].identity == "missing-slices/Bladder/slice 9, 1"
    assert missing(long)[0].identity != missing(short)[0].identity


def test_an_empty_slice_is_said_whatever_the_size_of_the_end_beyond_it() -> None:
    array = BALL.copy()
    filled = np.flatnonzero(array.any(axis=(1, 2)))
    array[filled[-2]] = False
    assert [found.slice for found in missing(array)] == [filled[-2]]
    assert array.shape == SHAPE
