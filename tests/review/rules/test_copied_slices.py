"""Copied slices, and equal ones that are as they should be."""

from __future__ import annotations

import numpy as np
import pytest
from rule_shapes import SHAPE, ellipsoid, said, stored, tube

from napari_boundaryseg.review.rules.drawn import drawn
from napari_boundaryseg.review.rules.families.copied_slices import copies, moved_px
from napari_boundaryseg.review.rules.finding import Finding

BALL = ellipsoid((45, 35, 32), (40, 30, 28))


def copied(array: np.ndarray) -> tuple[Finding, ...]:
    return said(stored(array), "copied-slices")


def test_a_copy_is_found_and_a_run_of_copies_is_one_finding() -> None:
    array = BALL.copy()
    array[7] = array[6]
    array[21:24] = array[20]
    first, second = copied(array)
    assert (
        first.sentence == "Bladder: slices 7 to 8 are equal to the pixel, as if copied; the slices beside them are not."
    )
    assert first.slice == 7
    assert second.key == "slices 20 to 23" and second.slice == 23


def test_a_copy_at_the_end_of_an_organ_is_found() -> None:
    array = BALL.copy()
    last = int(np.flatnonzero(array.any(axis=(1, 2)))[-1])
    array[last + 1] = array[last]
    assert [found.slice for found in copied(array)] == [last + 1]


@pytest.mark.parametrize("middle", [45.0, 46.5])
def test_where_an_organ_is_thickest_equal_slices_are_as_they_should_be(middle: float) -> None:
    assert copied(ellipsoid((middle, 35, 32), (24, 24, 24))) == ()


def test_a_tube_is_no_copy() -> None:
    assert copied(tube(0, 11.0)) == ()


def test_moves_are_areas_over_lengths() -> None:
    """A square of 10 pixels that becomes one of 14: 96 pixels, over pi / 4 of 48 sides."""
    array = np.zeros(SHAPE, bool)
    array[10:12, 20:30, 20:30] = array[12, 18:32, 18:32] = True
    one = drawn(stored(array)).structures["Bladder"]
    assert moved_px(one, 1, 2) == pytest.approx(96 / (np.pi / 4 * 48))
    assert copies(one) == [(0, 1, pytest.approx(96 / (np.pi / 4 * 48)))]


def test_between_two_slices_the_border_moves_half_as_far_a_slice() -> None:
    """Squares of 10, 14, 14 and 18 pixels: 224 pixels, over pi / 4 of 56 sides, and over two."""
    array = np.zeros(SHAPE, bool)
    array[10, 20:30, 20:30] = array[11:13, 18:32, 18:32] = array[13, 16:34, 16:34] = True
    one = drawn(stored(array)).structures["Bladder"]
    assert copies(one) == [(1, 2, pytest.approx(224 / (np.pi / 4 * 56) / 2))]
