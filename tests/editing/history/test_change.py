"""What a result would change, counted by hand; and whether a person's hand was in labels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from napari_boundaryseg.editing.history.change import change_of
from napari_boundaryseg.editing.history.edit import MODEL, OPENED
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.history.since import anything_by_hand, drawn_on

WHOLE = (slice(None),) * 3


def test_the_change_of_a_result_is_told_before_it_is_made() -> None:
    labels = np.zeros((2, 2, 4), np.uint8)
    labels[0, 0] = (1, 1, 2, 2)
    labels[1, 1] = 3
    result = labels.copy()
    result[0, 0] = (1, 2, 2, 0)
    result[1, 1] = (0, 0, 0, 5)
    history = History(labels)
    assert change_of(history, result) == ({2: 1, 5: 1}, {1: 1, 2: 1, 3: 4}, 0)
    assert change_of(history, result).most_first == [3, 2, 1, 5]
    assert change_of(history, result[:1], (slice(0, 1), slice(None), slice(None))) == ({2: 1}, {1: 1, 2: 1}, 0)
    history.lock(Lock(3))
    told = change_of(history, result)
    assert (told.added, told.removed, told.n_protected) == ({2: 1}, {1: 1, 2: 1}, 4)
    assert history.position == 1, "only the lock"
    assert change_of(history, labels.copy()) == ({}, {}, 0)


@given(st.integers(0, 10**6), st.sets(st.sampled_from([Lock(2), Lock(None, 1), Lock(3, 0)])))
def test_it_is_what_apply_does(seed: int, locks: set[Lock]) -> None:
    before, after = np.random.default_rng(seed).integers(0, 4, (2, 3, 4, 5)).astype(np.uint8)
    history = History(before.copy())
    for lock in locks:
        history.lock(lock)
    told = change_of(history, after)
    outcome = history.apply("Model", WHOLE, after, MODEL)
    now = history.array
    differs = before != now
    assert told.n_protected == outcome.n_protected
    assert told.added == {i: n for i in (1, 2, 3) if (n := int((differs & (now == i)).sum()))}
    assert told.removed == {i: n for i in (1, 2, 3) if (n := int((differs & (before == i)).sum()))}


def test_hand_work_is_what_a_person_drew_and_did_not_take_back() -> None:
    history = History(np.zeros((2, 3, 3), np.uint8))
    history.apply("Opened labels", WHOLE, np.ones((2, 3, 3), np.uint8), OPENED)
    assert drawn_on(history) is None, "who drew them nobody knows"
    history.apply("Model: a", WHOLE, np.full((2, 3, 3), 2, np.uint8), MODEL)
    history.lock(Lock(2))
    history.unlock(Lock(2))
    assert not anything_by_hand(history)
    assert drawn_on(history) is False
    history.array[0, 0, 0] = 0
    history.commit("Erase")
    assert (anything_by_hand(history), drawn_on(history)) == (True, True)
    history.undo()
    assert not anything_by_hand(history)
    history.redo()
    history.apply("Model: b", WHOLE, np.full((2, 3, 3), 1, np.uint8), MODEL)
    assert anything_by_hand(history), "parts of it may have been locked"


def test_steps_too_old_to_be_kept_are_taken_to_be_by_hand() -> None:
    history = History(np.zeros((2, 3, 3), np.uint8), most_bytes=1)
    for n in (1, 2, 3):
        history.apply("Model: a", WHOLE, np.full((2, 3, 3), n, np.uint8), MODEL)
    assert history.first == 2
    assert anything_by_hand(history)
