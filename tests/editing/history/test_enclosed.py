"""What a stroke closes in is found, on the slice and for the organ that it was drawn on, and nothing older."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.editing.history.enclosed import newly_enclosed
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock

RING = np.zeros((11, 11), bool)
RING[2:9, 2:9] = True
RING[4:7, 4:7] = False


def drawn(axis: int, mask: np.ndarray, organ: int = 1, before: np.ndarray | None = None) -> History:
    history = History(np.zeros((11, 11, 11), np.uint8))
    part: list[slice] = [slice(None)] * 3
    part[axis] = slice(4, 5)
    box = (part[0], part[1], part[2])
    for values in ([] if before is None else [before]) + [np.where(mask, organ, 0)]:
        history.apply("Paint", box, np.expand_dims(values, axis).astype(np.uint8))
    return history


@pytest.mark.parametrize("axis", range(3))
def test_a_ring_encloses_its_middle_in_any_plane(axis: int) -> None:
    history = drawn(axis, RING)
    assert history.top is not None
    found = newly_enclosed(history.top, history.array)
    assert found == {1: (axis, 9)}


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("gap", [(2, slice(5, 6)), (2, slice(4, 7)), (slice(4, 7), 2), (slice(4, 6), 8)])
def test_the_last_bit_of_a_ring_closes_it_however_thin_it_is(axis: int, gap: tuple[int | slice, int | slice]) -> None:
    """What a step changed may be one voxel thick along more axes than that across the slice."""
    thin = np.zeros((11, 11), bool)
    thin[2:9, 2:9] = True
    thin[3:8, 3:8] = False
    almost = thin.copy()
    almost[gap] = False
    history = drawn(axis, thin, before=almost.astype(np.uint8))
    assert history.top is not None
    assert newly_enclosed(history.top, history.array) == {1: (axis, 25)}


def test_a_hole_that_was_there_is_not_the_strokes() -> None:
    larger = RING.copy()
    larger[9, 2:9] = True
    history = drawn(0, larger, before=RING.astype(np.uint8))
    assert history.top is not None
    assert newly_enclosed(history.top, history.array) == {}


def test_another_organ_inside_is_no_hole_and_an_open_ring_has_none() -> None:
    values = RING.astype(np.uint8)
    values[4:7, 4:7] = 2
    history = drawn(0, RING)
    history.apply("Paint", (slice(4, 5), slice(None), slice(None)), values[None])
    assert history.top is not None
    assert newly_enclosed(history.top, history.array) == {}
    open_ring = RING.copy()
    open_ring[2:5, 5] = False
    history = drawn(0, open_ring)
    assert history.top is not None
    assert newly_enclosed(history.top, history.array) == {}


def test_a_voxel_that_is_taken_out_of_the_middle_is_a_hole() -> None:
    history = drawn(0, np.ones((11, 11), bool))
    history.apply("Erase", (slice(4, 5), slice(5, 6), slice(5, 6)), np.zeros((1, 1, 1), np.uint8))
    assert history.top is not None
    assert newly_enclosed(history.top, history.array)[1][1] == 1


def test_a_step_in_space_and_a_lock_say_nothing() -> None:
    history = History(np.zeros((11, 11, 11), np.uint8))
    values = np.zeros((11, 11, 11), np.uint8)
    values[3:6] = RING
    history.apply("Pull", (slice(None),) * 3, values)
    assert history.top is not None
    assert newly_enclosed(history.top, history.array) == {}
    history.lock(Lock(1))
    assert history.top.box is None
    assert newly_enclosed(history.top, history.array) == {}
