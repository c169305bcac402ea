"""Tracked labels: what others wrote is found, counts follow, other arrays are refused."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.data import boxes
from napari_boundaryseg.editing.history.tracked_labels import TrackedLabels
from napari_boundaryseg.errors import InputError

EVERYWHERE = boxes.clipped(None, (4, 5, 6))
PART = (slice(0, 2), slice(0, 5), slice(0, 6))


def test_what_others_wrote_is_found_until_it_is_put() -> None:
    tracked = TrackedLabels(np.zeros((4, 5, 6), np.uint8))
    assert tracked.changed(EVERYWHERE) is None
    tracked.array[1, 2, 3] = 7
    tracked.array[3, 4, 5] = 7
    assert tracked.changed(EVERYWHERE) == (slice(1, 4), slice(2, 5), slice(3, 6))
    found = tracked.changed(PART)
    assert found == (slice(1, 2), slice(2, 3), slice(3, 4))
    tracked.put(found, tracked.array[found])
    assert tracked.changed(PART) is None
    assert tracked.changed(EVERYWHERE) == (slice(3, 4), slice(4, 5), slice(5, 6))


def test_counts_are_those_of_committed_labels_and_follow_every_put() -> None:
    tracked = TrackedLabels(np.zeros((4, 5, 6), np.uint8))
    tracked.array[0] = 2
    assert tracked.voxels() == {0: 120}
    tracked.put((slice(0, 1), slice(0, 5), slice(0, 6)), np.full((1, 5, 6), 3, np.uint8))
    assert tracked.voxels() == {0: 90, 3: 30}


def test_another_array_may_be_wider_and_its_differences_are_uncommitted() -> None:
    tracked = TrackedLabels(np.zeros((4, 5, 6), np.uint8))
    other = np.zeros((4, 5, 6), np.uint16)
    other[2, 2, 2] = 300
    tracked.replace(other)
    assert tracked.array is other
    assert tracked.changed(EVERYWHERE) == (slice(2, 3),) * 3
    for refused in (np.zeros((4, 5, 6), np.uint8), np.zeros((5, 5, 6), np.uint16)):
        with pytest.raises(InputError, match="cannot take the place of"):
            tracked.replace(refused)
    assert tracked.array is other


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((1, 5, 6), np.uint8), "does not fit a box"),
        (np.zeros((2, 5, 6), np.float32), "does not fit a box"),
        (np.full((2, 5, 6), 256), "they run from 256 to 256"),
        (np.full((2, 5, 6), -1), "they run from -1 to -1"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: np.ndarray, said: str) -> None:
    tracked = TrackedLabels(np.zeros((4, 5, 6), np.uint8))
    with pytest.raises(InputError, match=said):
        tracked.fitting(values, PART)
    assert tracked.fitting(np.full((2, 5, 6), 255), PART).dtype == np.uint8


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_packed_labels_come_back_and_are_written_into_again(kind: type) -> None:
    labels = np.zeros((4, 5, 6), kind)
    labels[1:3, 2, 2:5] = 3
    tracked = TrackedLabels(labels.copy())
    tracked.pack()
    assert tracked.array.size == 0
    tracked.unpack()
    assert tracked.array.dtype == kind
    np.testing.assert_array_equal(tracked.array, labels)
    assert tracked.changed(EVERYWHERE) is None
    tracked.array[0, 0, 0] = 1
    found = tracked.changed(EVERYWHERE)
    assert found is not None
    tracked.put(found, tracked.array[found])
    assert tracked.changed(EVERYWHERE) is None
