"""The labels as a model's last result left them come back from any history, with whose they are."""

from __future__ import annotations

import numpy as np
import pytest

from napari_boundaryseg.editing.history.edit import MODEL, OPENED
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.last_result import LastResult, last_result, taken_back
from napari_boundaryseg.editing.history.locks import Lock

EVERYWHERE = (slice(None),) * 3
WHOLE = {"model": "m", "box": None}


def found_in(history: History, details: dict[int, dict[str, object]]) -> LastResult | None:
    done = history.steps[: history.position - history.first]
    start, locks = taken_back(history.array, history.locks, done)
    return last_result(start, locks, done, details, history.first)


def random(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 3, (4, 5, 6)).astype(np.uint8)


def paint(history: History, at: int) -> None:
    history.apply("Paint", (slice(at, at + 1),) * 3, np.full((1, 1, 1), 9, np.uint8), "paint")


def test_what_is_drawn_later_is_not_in_it() -> None:
    history = History(np.zeros((4, 5, 6), np.uint8))
    history.apply("Model: m", EVERYWHERE, random(1), MODEL)
    for at in range(3):
        paint(history, at)
    found = found_in(history, {1: WHOLE})
    assert found is not None and (found.position, found.is_the_models, found.edited) == (1, True, True)
    np.testing.assert_array_equal(found.labels, random(1))
    for _ in range(3):
        history.undo()
    found = found_in(history, {1: WHOLE})
    assert found is not None and not found.edited
    history.undo()
    assert found_in(history, {1: WHOLE}) is None


@pytest.mark.parametrize("before", ["nothing", "paint", "opened", "in the start"])
@pytest.mark.parametrize("said", ["whole", "a box", "nothing"])
def test_over_other_work_it_is_the_models_only_where_it_replaced_all(before: str, said: str) -> None:
    start = np.zeros((4, 5, 6), np.uint8)
    if before == "in the start":
        start[0] = 2
    history = History(start)
    if before in ("paint", "opened"):
        history.apply("Before", EVERYWHERE, random(2), OPENED if before == "opened" else "paint")
    history.apply("Model: m", EVERYWHERE, random(1), MODEL)
    details = {"whole": WHOLE, "a box": {**WHOLE, "box": [[0, 1]] * 3}, "nothing": {}}[said]
    found = found_in(history, {history.position: details})
    assert found is not None and found.is_the_models == (before == "nothing" or said == "whole")


def test_what_is_locked_stays_and_is_not_the_models() -> None:
    history = History(np.zeros((4, 5, 6), np.uint8))
    paint(history, 0)
    history.lock(Lock(9), "Lock")
    history.apply("Model: m", EVERYWHERE, random(1), MODEL)
    history.unlock(Lock(9), "Unlock")
    found = found_in(history, {history.position - 1: WHOLE})
    assert found is not None and not found.is_the_models and found.labels[0, 0, 0] == 9


def test_pieces_that_are_put_back_keep_what_is_there() -> None:
    history = History(np.zeros((4, 5, 6), np.uint8))
    history.apply("Model: m", EVERYWHERE, random(1), MODEL)
    paint(history, 1)
    history.apply("Model: all pieces of GTV", EVERYWHERE, random(3), MODEL)
    found = found_in(history, {1: WHOLE, 3: WHOLE})
    assert found is not None and not found.is_the_models


def test_steps_too_old_to_be_kept_are_taken_to_be_by_hand() -> None:
    history = History(np.zeros((4, 5, 6), np.uint8), most_bytes=1)
    paint(history, 0)
    history.apply("Model: m", EVERYWHERE, random(1), MODEL)
    assert history.first == 1
    for said, is_the_models in ((WHOLE, True), ({}, False)):
        found = found_in(history, {2: said})
        assert found is not None and (found.position, found.is_the_models) == (2, is_the_models)
