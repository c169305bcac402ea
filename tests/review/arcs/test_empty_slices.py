"""Slices that are empty in a mask but next to it: each once, within the scan, with the area that a model expects."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.review.arcs.empty_slices import EmptySlice, empty_slices


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_hole_and_both_ends_are_listed_with_the_area_that_is_expected(axis: int) -> None:
    labels = np.zeros((30, 30, 9), np.uint8)
    labels[10:20, 10:20, [2, 3, 5, 6]] = 4
    organ = np.zeros(labels.shape, np.float32)
    organ[10:20, 10:20, 4] = 0.9
    organ[10:20, 10:20, 7] = 0.5
    organ[10:20, 10:20, 1] = 0.25
    maps = np.moveaxis(np.stack([1 - organ, organ]), 3, axis + 1)
    spacing = tuple(np.insert([2.0, 0.5], axis, 3.0))
    found = empty_slices(np.moveaxis(labels, 2, axis), [4], spacing, axis, probabilities=maps, classes=(0, 4))
    assert [(one.slice, one.where) for one in found] == [(4, "between"), (7, "after"), (1, "before")]
    assert [one.likely_mm2 for one in found] == pytest.approx([90.0, 50.0, 25.0])
    assert all(one.organ == 4 and one.axis == axis for one in found)


def test_what_would_lie_outside_the_scan_is_not_listed() -> None:
    labels = np.zeros((5, 5, 4), np.uint8)
    labels[2, 2, :2] = 1
    assert empty_slices(labels, [1, 2], (1.0, 1.0, 1.0), 2) == [EmptySlice(1, 2, 2, "after")]
    labels[2, 2, :] = 1
    assert empty_slices(labels, [1], (1.0, 1.0, 1.0), 2) == []
    assert empty_slices(np.zeros((5, 5, 4), np.uint8), [1], (1.0, 1.0, 1.0), 2) == []


def test_each_organ_has_its_own() -> None:
    labels = np.zeros((5, 9, 8), np.uint8)
    labels[2, 2, 2:4] = 1
    labels[2, 7, 5:7] = 3
    assert {(one.organ, one.slice) for one in empty_slices(labels, [1, 3], (1.0, 1.0, 1.0), 2)} == {
        (1, 1),
        (1, 4),
        (3, 4),
        (3, 7),
    }
