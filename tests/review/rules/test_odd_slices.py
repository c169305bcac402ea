"""Odd slices: shifted, larger, smaller; the oracle for a jump is a loop over pixels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from rule_shapes import SHAPE, WAYS, Stored, ellipsoid, said, stored

from napari_boundaryseg.review.rules.drawn import drawn
from napari_boundaryseg.review.rules.families.odd_slices import jumps_mm
from napari_boundaryseg.review.rules.finding import Finding

BALL = ellipsoid((45, 35, 32), (30, 25, 22))


def odd(array: np.ndarray, way: Stored = WAYS[0]) -> tuple[Finding, ...]:
    return said(stored(array, way), "odd-slices")


def slowly(mask: np.ndarray, s: int, spacing: tuple[float, ...]) -> float:
    """The jump of a slice, pixel by pixel."""
    padded = np.pad(mask, 1)
    broken = length = 0.0
    for r, c in np.ndindex(mask.shape[1:]):
        beside = (mask[s - 1, r, c], mask[s + 1, r, c])
        broken += (mask[s, r, c] and not any(beside)) or (not mask[s, r, c] and all(beside))
        if mask[s, r, c]:
            for row, column, side in ((-1, 0, spacing[2]), (1, 0, spacing[2]), (0, -1, spacing[1]), (0, 1, spacing[1])):
                length += 0 if padded[s + 1, r + 1 + row, c + 1 + column] else side
    return broken * spacing[1] * spacing[2] / (math.pi / 4 * length)


@pytest.mark.parametrize("spacing", [(3.0, 1.0, 1.0), (4.0, 0.5, 1.3)])
def test_jumps_are_those_of_a_loop(spacing: tuple[float, float, float]) -> None:
    mask = np.random.default_rng(1).random((6, 9, 8)) < 0.6
    one = drawn(stored(mask, spacing=spacing)).structures["Bladder"]
    jumps = jumps_mm(one)
    assert np.isnan(jumps[[0, -1]]).all()
    assert jumps[1:-1] == pytest.approx([slowly(mask, s, spacing) for s in range(1, 5)])


@pytest.mark.parametrize("way", WAYS)
def test_a_shifted_slice_is_found_with_its_distance(way: Stored) -> None:
    array = BALL.copy()
    array[14] = np.roll(BALL[14], 4, axis=0)
    (found,) = odd(array, way)
    assert found.sentence == "Bladder: slice 15 is off by 4.0 mm against the slices beside it."
    assert found.unit == "mm" and 1.5 < found.value < 4


def test_a_slice_of_another_size_is_told_by_its_area() -> None:
    larger, smaller = BALL.copy(), BALL.copy()
    larger[14] = ellipsoid((45, 35, 32), (1e9, 29, 26))[14]
    smaller[14] = ellipsoid((45, 35, 32), (1e9, 20, 17))[14]
    (much,), (little,) = odd(larger), odd(smaller)
    assert much.sentence.startswith("Bladder: slice 15 is 3") and "% larger than the mean" in much.sentence
    assert "% smaller than the mean" in little.sentence
    assert much.value == pytest.approx(4, abs=1.0) and little.slice == 14


def test_steady_growth_and_a_steady_slant_are_no_jumps_however_fast() -> None:
    cone = np.stack([ellipsoid((3 * s, 35, 32), (1, 2 + 2 * (s - 5), 2 + 2 * (s - 5)))[s] for s in range(6, 17)])
    slant = np.stack([ellipsoid((3 * s, 12 + 4 * (s - 6), 32), (1, 9, 9))[s] for s in range(6, 17)])
    assert odd(np.pad(cone, ((6, 13), (0, 0), (0, 0)))) == odd(np.pad(slant, ((6, 13), (0, 0), (0, 0)))) == ()


def test_a_small_shift_is_found_if_moving_back_mends_it_and_other_small_changes_are_not() -> None:
    """Both break the limits by less than a jump has to."""
    block = np.zeros(SHAPE, bool)
    block[5:25, 20:50, 2:60] = True
    shifted, bulged = block.copy(), block.copy()
    shifted[14] = np.roll(block[14], 1, axis=1)
    bulged[14, 50:56, 24:34] = True
    jumps = [jumps_mm(drawn(stored(array)).structures["Bladder"])[9] for array in (shifted, bulged)]
    assert jumps == [pytest.approx(60 / (np.pi / 4 * 176)), pytest.approx(60 / (np.pi / 4 * 188))]
    assert min(jumps) >= 0.3 and max(jumps) < 0.5
    assert [found.slice for found in odd(shifted)] == [14]
    assert odd(bulged) == ()


def test_of_neighbours_that_both_jump_the_larger_is_told() -> None:
    array = BALL.copy()
    array[14] = np.roll(BALL[14], 7, axis=0)
    array[15] = np.roll(BALL[15], -2, axis=0)
    assert [found.slice for found in odd(array)] == [14]


def test_what_another_organ_took_is_no_jump() -> None:
    array = BALL.astype(int)
    array[14, :26] *= 2
    assert [found for found in odd(array) if found.organs == ("Bladder",)] == []


def test_what_another_organ_gives_up_is_no_jump() -> None:
    """The zones of a prostate: above the last slice of the one, the other is drawn over all of the gland."""
    array = BALL.astype(int)
    array[:15, 35:] *= 2
    array[16:] = ellipsoid((45, 24, 32), (30, 9, 12))[16:]
    assert odd(array) == ()
    bladder = array == 1
    assert [found.slice for found in odd(bladder)] == [15], "alone it would be one"


def test_an_organ_that_wobbles_from_slice_to_slice_is_not_told_slice_by_slice() -> None:
    """A move of one column to and fro would be a shift in a steady organ."""
    array = np.zeros(SHAPE, bool)
    array[5:25, 20:50, 2:60] = True
    array[5:25:2] = np.roll(array[5:25:2], 1, axis=2)
    jumps = jumps_mm(drawn(stored(array)).structures["Bladder"])[1:-1]
    assert jumps == pytest.approx(60 / (np.pi / 4 * 176))
    assert odd(array) == ()
