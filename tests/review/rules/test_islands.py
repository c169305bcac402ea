"""Islands and specks; the oracle for pieces is scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from rule_shapes import SHAPE, ellipsoid, said, stored
from skimage.measure import label

from napari_boundaryseg.data.components import pieces_of
from napari_boundaryseg.data.labels import LabelScheme, Organ, preset
from napari_boundaryseg.review.rules.finding import Finding

BALL = ellipsoid((45, 35, 32), (25, 20, 20))


def islands(array: np.ndarray, scheme: LabelScheme | None = None, **more: object) -> tuple[Finding, ...]:
    return said(stored(array, scheme=scheme or preset("pelvis-ct")), "islands", **more)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pieces_are_those_of_another_library(seed: int) -> None:
    mask = np.random.default_rng(seed).random((9, 12, 11)) < 0.06
    theirs, n = label(mask, connectivity=3, return_num=True)
    parts, sizes = pieces_of(mask)
    assert len(sizes) == n
    assert sorted(sizes) == sorted(np.bincount(theirs.ravel())[1:])
    assert {(a, b) for a, b in zip(parts[mask], theirs[mask], strict=True)} == {
        (parts[at], theirs[at]) for at in map(tuple, np.argwhere(mask))
    }


def test_an_island_is_one_finding_with_its_volume_and_place() -> None:
    array = BALL.copy()
    array[20, 60:64, 10:15] = True
    (found,) = islands(array)
    assert found.sentence == "Bladder: an island of 0.06 mL on slice 21."
    assert found.value == pytest.approx(20 * 0.003)
    assert (found.unit, found.slice) == ("mL", 20)
    assert array[20, found.voxel[1], found.voxel[0]] and found.voxel[1] in range(60, 64)


def test_islands_are_told_one_by_one_and_specks_together() -> None:
    array = BALL.copy()
    array[3, 5:10, 5:10] = array[25, 60:64, 50:54] = True
    array[10, 2, 2] = array[10, 5, 60] = array[12, 66, 3] = True
    first, second, specks = islands(array)
    assert [first.slice, second.slice] == [3, 25]
    assert specks.sentence == "Bladder: 3 specks of together 3 voxels, the largest on slice 11."


def test_what_hangs_together_by_a_corner_is_no_island() -> None:
    array = np.zeros(SHAPE, bool)
    array[10, 20:40, 20:40] = array[11, 40:50, 40:50] = True
    assert islands(array) == ()


def test_a_second_kidney_is_none_and_a_third_one_is() -> None:
    kidneys = LabelScheme(name="k", organs=(Organ(id=1, name="Kidney", colour="#56B4E9"),))
    two = ellipsoid((45, 15, 32), (25, 10, 12)) | ellipsoid((45, 55, 32), (25, 10, 12))
    three = two | ellipsoid((45, 35, 32), (15, 5, 9))
    assert islands(two, kidneys) == ()
    assert len(islands(three, kidneys)) == 1
    assert len(islands(two)) == 1


def test_missing_slices_make_no_islands_and_what_lies_beyond_them_is_one() -> None:
    array = BALL.copy()
    array[15] = False
    assert islands(array) == ()
    array = BALL.copy()
    top = int(np.flatnonzero(array.any(axis=(1, 2)))[-1])
    array[top + 2, 34:38, 30:35] = True
    assert [found.slice for found in islands(array)] == [top + 2]


def test_an_island_keeps_its_identity_when_the_rest_is_edited_and_loses_it_when_it_grows() -> None:
    array = BALL.copy()
    array[20, 60:64, 10:15] = True
    edited, grown = array.copy(), array.copy()
    edited[12, 30:40, 30:40] = False
    grown[20, 56:68, 6:20] = True
    assert islands(edited)[0].identity == islands(array)[0].identity
    assert islands(grown)[0].identity != islands(array)[0].identity


def test_the_place_of_an_island_belongs_to_it_also_where_it_is_a_ring_round_others() -> None:
    array = BALL.copy()
    array[24, 56:66, 5:15] = True
    array[24, 58:64, 7:13] = False
    array[24, 60:62, 9:11] = True
    ring, speck = islands(array)
    assert ring.sentence == "Bladder: an island of 0.19 mL on slice 25."
    i, j, k = ring.voxel
    assert k == 24 and array[24, j, i] and not (58 <= j < 64 and 7 <= i < 13)
    assert "4 voxels" not in ring.sentence and speck.value == pytest.approx(4 * 0.003)
