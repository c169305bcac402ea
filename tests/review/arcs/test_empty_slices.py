"""Slices that are empty in a mask but next to it: each once, within the scan, whatever the axis."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.review.arcs.empty_slices import EmptySlice, empty_slices


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_holes_come_before_the_ends(axis: int) -> None:
    labels = np.zeros((30, 30, 12), np.uint8)
    labels[10:20, 10:20, [2, 3, 5, 8]] = 4
    found = empty_slices(np.moveaxis(labels, 2, axis), [4], axis)
    assert [(one.slice, one.where) for one in found] == [
        (4, "between"),
        (6, "between"),
        (7, "between"),
        (1, "before"),
        (9, "after"),
    ]
    assert {(one.organ, one.axis) for one in found} == {(4, axis)}


def test_what_would_lie_outside_the_scan_is_not_listed() -> None:
    labels = np.zeros((5, 5, 4), np.uint8)
    labels[2, 2, :2] = 1
    assert empty_slices(labels, [1, 2], 2) == [EmptySlice(1, 2, 2, "after")]
    labels[2, 2, :] = 1
    assert empty_slices(labels, [1], 2) == []
    assert empty_slices(np.zeros((5, 5, 4), np.uint8), [1], 2) == []


def test_each_organ_has_its_own() -> None:
    labels = np.zeros((5, 9, 8), np.uint8)
    labels[2, 2, 2:4] = 1
    labels[2, 7, 5:7] = 3
    found = empty_slices(labels, [1, 3], 2)
    assert [(one.organ, one.slice) for one in found] == [(1, 1), (1, 4), (3, 4), (3, 7)]
