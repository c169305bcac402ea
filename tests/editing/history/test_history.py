"""One line of steps: undo, redo, locks, bounds; by hand."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.editing.history.change import change_of
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.errors import InputError

BLADDER, PROSTATE = 1, 2
WHOLE = (slice(0, 3), slice(0, 6), slice(0, 6))


def history(**options: object) -> History:
    return History(np.zeros((3, 6, 6), np.uint8), **options)  # type: ignore[arg-type]


def paint(one: History, label: int, z: int = 1, name: str = "Paint") -> None:
    one.array[z, 1:4, 1:4] = label
    one.commit(name)


def test_a_stroke_back_and_again() -> None:
    one = history()
    paint(one, PROSTATE, name="Paint: Prostate, slice 1")
    assert one.steps[0].box == (slice(1, 2), slice(1, 4), slice(1, 4))
    assert one.undo().name == "Paint: Prostate, slice 1"  # type: ignore[union-attr]
    assert not one.array.any()
    assert one.undo() is None
    one.redo()
    assert np.count_nonzero(one.array == PROSTATE) == 9
    assert one.redo() is None


def test_nothing_changed_is_no_step() -> None:
    one = history()
    assert one.commit("Nothing") == (None, 0)
    paint(one, 0)
    assert one.position == 0


def test_a_painted_organ_never_eats_a_locked_one() -> None:
    one = history()
    paint(one, BLADDER)
    one.lock(Lock(BLADDER), "Lock: Bladder")
    one.array[1] = PROSTATE
    outcome = one.commit("Paint: Prostate")
    assert outcome.n_protected == 9
    assert np.count_nonzero(one.array == BLADDER) == 9
    assert np.count_nonzero(one.array == PROSTATE) == 27
    assert one.apply("Paint: Bladder", (slice(0, 1), slice(0, 2), slice(0, 2)), np.ones((1, 2, 2), int)) == (None, 4)


def test_only_locked_voxels_is_no_step_and_views_are_told() -> None:
    one, told = history(), []
    paint(one, BLADDER)
    one.lock(Lock(None, 1))
    one.changed.connect(lambda box, why: told.append((box, why)))
    one.array[1, 2, 2] = 0
    assert one.commit("Erase") == (None, 1)
    assert one.array[1, 2, 2] == BLADDER
    assert told == [((slice(1, 2), slice(2, 3), slice(2, 3)), "put back")]
    assert one.position == 2


def test_a_model_result_says_first_what_it_will_leave_alone() -> None:
    one = history()
    paint(one, BLADDER)
    one.lock(Lock(BLADDER))
    result = np.full((3, 6, 6), PROSTATE)
    assert change_of(one, result, WHOLE) == ({PROSTATE: 3 * 36 - 9}, {}, 9)
    assert one.apply("Model", WHOLE, result, "model").n_protected == 9
    assert np.count_nonzero(one.array == PROSTATE) == 3 * 36 - 9
    one.undo()
    assert np.count_nonzero(one.array) == 9


def test_undo_goes_back_through_the_lock() -> None:
    one = history()
    paint(one, BLADDER)
    one.lock(Lock(BLADDER))
    assert one.undo().kind == "lock"  # type: ignore[union-attr]
    assert np.count_nonzero(one.array) == 9
    assert not len(one.locks)
    one.undo()
    assert not one.array.any()
    one.go_to(2)
    assert Lock(BLADDER) in one.locks


def test_locking_twice_is_one_step() -> None:
    one = history()
    assert one.lock(Lock(BLADDER)) is not None
    assert one.lock(Lock(BLADDER)) is None
    assert one.unlock(Lock(PROSTATE)) is None
    assert one.unlock(Lock(BLADDER)).name == "Unlock: organ 1"  # type: ignore[union-attr]
    assert [step.kind for step in one.steps] == ["lock", "unlock"]


def test_undo_takes_back_first_what_was_never_taken() -> None:
    one = history()
    paint(one, BLADDER, z=0)
    one.array[2, 0, 0] = PROSTATE
    assert one.undo().name == "Change"  # type: ignore[union-attr]
    assert np.count_nonzero(one.array) == 9
    one.redo()
    assert one.array[2, 0, 0] == PROSTATE


def test_a_change_outside_the_box_is_found_later() -> None:
    one = history()
    one.array[0, 0, 0] = one.array[2, 5, 5] = BLADDER
    assert one.commit("First", (slice(-3, 1), slice(None), slice(None))).edit.box[0] == slice(0, 1)  # type: ignore
    assert one.commit("Second").edit.box[0] == slice(2, 3)  # type: ignore[union-attr,index]


def test_a_new_step_drops_what_could_be_redone() -> None:
    one, moves = history(), []
    one.moved.connect(moves.append)
    for z in range(3):
        paint(one, BLADDER, z)
    one.go_to(1)
    paint(one, PROSTATE, 2)
    assert (one.position, one.last, one.redo()) == (2, 2, None)
    assert one.bytes_used == sum(step.bytes_used for step in one.steps)
    assert moves == [1]
    with pytest.raises(InputError, match="no position 3"):
        one.go_to(3)


def test_200_steps_fit_and_memory_is_bounded() -> None:
    one = history()
    for number in range(1, 251):
        paint(one, number)
    assert one.first == 0
    one.go_to(0)
    assert not one.array.any()
    small = history(most_bytes=20_000)
    for number in range(1, 251):
        paint(small, number)
    assert small.bytes_used == sum(step.bytes_used for step in small.steps) <= 20_000
    assert small.position == small.last == 250
    assert small.first == 250 - len(small.steps) > 200
    small.go_to(small.first)
    assert small.array[1, 1, 1] == small.first
    with pytest.raises(InputError):
        small.go_to(small.first - 1)


def test_the_newest_step_is_kept_however_large() -> None:
    one = history(most_bytes=1)
    paint(one, BLADDER)
    paint(one, PROSTATE)
    assert (one.first, len(one.steps)) == (1, 1)
    one.undo()
    assert one.array[1, 1, 1] == BLADDER


def test_another_array_goes_on_where_the_old_one_was() -> None:
    one = history()
    paint(one, BLADDER)
    one.lock(Lock(BLADDER))
    other = np.full((3, 6, 6), 300, np.uint16)
    assert one.follow(other).n_protected == 9
    assert one.array is other
    one.go_to(1)
    assert other.max() == BLADDER
    with pytest.raises(InputError, match="cannot take the place"):
        one.follow(np.zeros((3, 6, 6), np.uint8))
    with pytest.raises(InputError, match="cannot take the place"):
        one.follow(np.zeros((3, 6, 7), np.uint16))


@pytest.mark.parametrize(
    "values", [np.zeros((1, 1, 1), int), np.zeros((3, 6, 6)), np.full((3, 6, 6), 256), np.full((3, 6, 6), -1)]
)
def test_values_that_do_not_fit_are_refused(values: np.ndarray) -> None:
    one = history()
    with pytest.raises(InputError):
        one.apply("Model", WHOLE, values)
    assert not one.array.any()


@pytest.mark.parametrize(
    "array", [np.zeros((3, 3), np.uint8), np.zeros((3, 3, 3), int), np.broadcast_to(np.uint8(0), (3, 3, 3))]
)
def test_arrays_that_cannot_be_edited_are_refused(array: np.ndarray) -> None:
    with pytest.raises(InputError):
        History(array)


def test_it_goes_on_from_an_earlier_history() -> None:
    one = history()
    paint(one, BLADDER)
    one.lock(Lock(BLADDER))
    paint(one, PROSTATE, 2)
    one.undo()
    two = History(one.array.copy(), steps=one.steps, position=one.position, locks=one.locks)
    two.redo()
    assert two.array[2, 1, 1] == PROSTATE
    two.go_to(0)
    assert not two.array.any()
    assert not len(two.locks)
