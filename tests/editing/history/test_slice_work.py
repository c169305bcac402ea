"""What a hand did slice by slice, told by the history: drawn, carried, locked, undone, replaced by a result."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.editing.history.edit import CARRIED, CLEANED, MODEL, Hand
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.history.slice_work import (
    SliceState,
    corrected_slices,
    slice_states,
    slices_looked_at,
    start_of,
    touched_slices,
)


@pytest.fixture
def history() -> History:
    """A result: organ 1 in the middle of ten slices, organ 2 beside it."""
    history = History(np.zeros((10, 12, 14), np.uint8))
    values = np.zeros((10, 12, 14), np.uint8)
    values[:, 3:9, 3:7] = 1
    values[:, 3:9, 8:12] = 2
    history.apply("Model", (slice(None),) * 3, values, MODEL)
    return history


def draw(history: History, n: int, organ: int = 1, axis: int = 0, kind: str = "paint") -> None:
    where = [slice(2, 5), slice(2, 5), slice(1, 4)]
    where[axis] = slice(n, n + 1)
    box = (where[0], where[1], where[2])
    history.apply("Paint", box, np.full(history.array[box].shape, organ, np.uint8), kind)


def test_a_result_is_nobodys_hand(history: History) -> None:
    assert corrected_slices(history, 1, 0) == touched_slices(history, 1, 0) == set()
    assert (start_of(history, 1, 0) == (history.array == 1)).all()


def test_a_stroke_is_about_the_slice_it_was_drawn_on_and_the_organs_it_changed(history: History) -> None:
    before = history.array.copy()
    draw(history, 6)
    assert corrected_slices(history, 1, 0) == {6}
    assert corrected_slices(history, 2, 0) == set()
    assert corrected_slices(history, 1, 1) == set(), "it is one row of many coronal slices"
    assert touched_slices(history, 1, 1) == {2, 3, 4}
    assert (start_of(history, 1, 0) == (before == 1)).all()


def test_a_stroke_in_another_plane_is_about_that_plane(history: History) -> None:
    draw(history, 2, axis=2)
    assert corrected_slices(history, 1, 2) == {2}
    assert corrected_slices(history, 1, 0) == set()
    assert touched_slices(history, 1, 0) == {2, 3, 4}


def test_drawing_one_organ_over_another_changes_both(history: History) -> None:
    where = (slice(4, 5), slice(4, 6), slice(9, 11))
    history.apply("Paint", where, np.ones((1, 2, 2), np.uint8))
    assert corrected_slices(history, 1, 0) == corrected_slices(history, 2, 0) == {4}
    assert start_of(history, 2, 0)[where].all()


def test_undo_and_redo_take_it_back_and_bring_it_again(history: History) -> None:
    draw(history, 6)
    draw(history, 3)
    history.undo()
    assert corrected_slices(history, 1, 0) == {6}
    history.undo()
    assert corrected_slices(history, 1, 0) == set()
    history.redo()
    assert corrected_slices(history, 1, 0) == {6}


def test_a_slice_that_was_carried_is_nobodys_until_a_person_draws_on_it(history: History) -> None:
    draw(history, 6)
    draw(history, 7, kind=CARRIED)
    assert corrected_slices(history, 1, 0) == touched_slices(history, 1, 0) == {6}
    where = (slice(7, 8), slice(9, 10), slice(3, 5))
    history.apply("Paint", where, np.ones((1, 1, 2), np.uint8))
    assert corrected_slices(history, 1, 0) == {6, 7}


def test_the_start_is_from_before_what_was_carried_too(history: History) -> None:
    before = history.array == 1
    draw(history, 6)
    draw(history, 7, kind=CARRIED)
    assert (start_of(history, 1, 0) == before).all()


def test_a_later_result_is_a_new_start_for_the_organs_that_it_changed(history: History) -> None:
    draw(history, 6)
    draw(history, 6, organ=2)
    values = history.array.copy()
    values[:, 9, 3:6] = 1
    history.apply("Model", (slice(None),) * 3, values, MODEL)
    assert corrected_slices(history, 1, 0) == set()
    assert corrected_slices(history, 2, 0) == {6}
    assert (start_of(history, 1, 0) == (values == 1)).all()


def test_a_result_elsewhere_leaves_what_was_drawn_the_persons(history: History) -> None:
    """In a box of other slices, or one that takes a voxel for another organ there."""
    before = history.array == 1
    draw(history, 6)
    history.apply("Model", (slice(1, 3), slice(0, 12), slice(0, 14)), np.ones((2, 12, 14), np.uint8), MODEL)
    history.apply("Model", (slice(9, 10), slice(4, 5), slice(4, 5)), np.full((1, 1, 1), 2, np.uint8), MODEL)
    assert corrected_slices(history, 1, 0) == touched_slices(history, 1, 0) == {6}
    start = start_of(history, 1, 0)
    assert (start[3:9] == before[3:9]).all()
    assert start[1:3].all()
    assert not start[9, 4, 4]


def test_a_result_on_a_slice_takes_all_of_it_as_it_then_is_for_the_start(history: History) -> None:
    """What was drawn there before is part of it: no proposal may take it away."""
    draw(history, 6)
    history.apply("Model", (slice(6, 7), slice(9, 10), slice(3, 5)), np.ones((1, 1, 2), np.uint8), MODEL)
    assert corrected_slices(history, 1, 0) == set()
    assert (start_of(history, 1, 0)[6] == (history.array[6] == 1)).all()


def test_a_locked_slice_was_seen_by_a_person(history: History) -> None:
    history.lock(Lock(1, 4))
    history.lock(Lock(None, 8))
    history.lock(Lock(2))
    assert corrected_slices(history, 1, 0) == {4, 8}
    assert corrected_slices(history, 2, 0) == {8}
    assert corrected_slices(history, 1, 1) == set()
    history.undo()
    history.undo()
    assert corrected_slices(history, 1, 0) == {4}


def test_of_steps_that_are_too_old_to_be_kept_the_start_is_as_far_back_as_is_known() -> None:
    history = History(np.zeros((10, 60, 60), np.uint8), most_bytes=1)
    rng = np.random.default_rng(0)
    for n in range(4):
        history.apply("Paint", (slice(n, n + 1), slice(0, 60), slice(0, 60)), rng.integers(0, 2, (1, 60, 60)))
    assert history.first == 3
    assert corrected_slices(history, 1, 0) == {0, 1, 2, 3}, "they are still the person's"
    start = start_of(history, 1, 0)
    assert start[:3].any()
    assert not start[3:].any()


@pytest.mark.parametrize("seed", range(5))
def test_each_organ_of_a_step_has_the_box_in_which_it_changed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    history = History(rng.integers(0, 4, (6, 7, 8)).astype(np.uint8))
    before = history.array.copy()
    history.apply("Tool", (slice(1, 5), slice(2, 6), slice(0, 4)), rng.integers(0, 4, (4, 4, 4)))
    step = history.top
    assert step is not None
    for organ in (1, 2, 3):
        where = np.argwhere((before == organ) != (history.array == organ))
        low, high = where.min(0), where.max(0) + 1
        assert [(part.start, part.stop) for part in step.organs[organ].box] == list(zip(low, high, strict=True))
        for axis in range(3):
            assert step.organs[organ].slices[axis] == set(where[:, axis].tolist())
    assert 0 not in step.organs


def test_each_slice_has_one_state_and_what_a_person_said_last_counts_most(history: History) -> None:
    history.apply("Model", (slice(8, 10), slice(0, 12), slice(0, 14)), np.zeros((2, 12, 14), np.uint8), MODEL)
    draw(history, 2)
    draw(history, 4, kind=CARRIED)
    draw(history, 5, kind=CARRIED)
    draw(history, 5, organ=0)
    history.lock(Lock(1, 6))
    history.lock(Lock(None, 2))
    found = [state.name for state in slice_states(history, 1, 0)]
    untouched, absent = ["UNTOUCHED"], ["ABSENT"]
    assert found == [
        *untouched * 2, "ACCEPTED", *untouched, "CARRIED", "CORRECTED", "ACCEPTED", *untouched, *absent * 2
    ]  # fmt: skip
    assert len(slice_states(history, 1, 2)) == 14
    assert "ACCEPTED" not in {state.name for state in slice_states(history, 1, 2)}


def pull(history: History, n: int) -> None:
    """A step through slices n − 2 to n + 2 by a hand that was in slice n."""
    box = (slice(n - 2, n + 3), slice(2, 4), slice(3, 7))
    history.array[box] = 1
    history.commit("Pull", box, "pull", Hand(0, n))


def test_a_pull_in_space_is_seen_on_the_slice_of_the_hand_and_on_the_others_only_carried(history: History) -> None:
    before = history.array == 1
    pull(history, 5)
    assert corrected_slices(history, 1, 0) == touched_slices(history, 1, 0) == {5}
    states = slice_states(history, 1, 0)
    assert states[5] is SliceState.CORRECTED
    assert [states[n] for n in (3, 4, 6, 7)] == [SliceState.CARRIED] * 4
    assert states[2] is states[8] is SliceState.UNTOUCHED
    assert touched_slices(history, 1, 1) == set(), "no coronal slice was seen"
    assert (start_of(history, 1, 0) == before).all()


def test_where_the_hand_was_is_still_known_of_steps_that_are_no_longer_kept() -> None:
    history = History(np.zeros((10, 12, 14), np.uint8), most_bytes=1)
    pull(history, 5)
    pull(history, 2)
    assert history.first == 1
    assert corrected_slices(history, 1, 0) == {2, 5}


def test_a_clean_up_is_nobodys_drawing_and_a_new_start(history: History) -> None:
    draw(history, 6)
    labels = np.where(history.array == 1, 0, history.array)
    labels[:, 4:8, 4:6] = 1
    history.apply("Smooth", (slice(None),) * 3, labels, CLEANED)
    cleaned = history.array == 1
    assert corrected_slices(history, 1, 0) == set(), "what was drawn before it is part of what it left"
    assert touched_slices(history, 1, 0) == {6}, "and is not to be overwritten"
    draw(history, 2)
    assert corrected_slices(history, 1, 0) == {2}
    assert slice_states(history, 1, 0)[4] is SliceState.UNTOUCHED
    assert (start_of(history, 1, 0) == cleaned).all()
    history.undo()
    history.undo()
    assert corrected_slices(history, 1, 0) == {6}


def test_a_stroke_that_something_else_commits_is_the_step_it_would_have_been(history: History) -> None:
    box = (slice(3, 8), slice(2, 4), slice(3, 7))
    history.stroke = ("Pull: Bladder", Hand(0, 5))
    history.array[box] = 1
    history.lock(Lock(2), "Lock: Prostate")
    history.stroke = None
    pulled, lock = history.steps[-2:]
    assert (pulled.name, pulled.hand, lock.name) == ("Pull: Bladder", (0, 5), "Lock: Prostate")
    assert corrected_slices(history, 1, 0) == {5}


def test_a_stroke_on_one_slice_needs_no_hand_to_be_known_in_the_other_planes(history: History) -> None:
    box = (slice(5, 6), slice(2, 4), slice(3, 7))
    history.array[box] = 1
    history.commit("Nudge", box, hand=Hand(0, 5))
    assert history.steps[-1].hand is None
    assert touched_slices(history, 1, 1) == {2}


def test_without_an_accepted_slice_nobody_works_slice_by_slice(history: History) -> None:
    draw(history, 3)
    assert slices_looked_at(history, (1, 2)) == {}
    history.lock(Lock(2))
    assert slices_looked_at(history, (1, 2)) == {}, "an organ that is locked as a whole is no accepted slice"


def test_accepted_and_corrected_slices_were_looked_at(history: History) -> None:
    draw(history, 3)
    draw(history, 2, axis=2)
    history.lock(Lock(1, 7))
    history.lock(Lock(None, 9))
    assert slices_looked_at(history, (1, 2)) == {1: (3, 7, 9), 2: (9,)}
    history.unlock(Lock(1, 7))
    assert slices_looked_at(history, (1, 2)) == {1: (3, 9), 2: (9,)}
