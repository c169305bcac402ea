"""Batches that are drawn ahead: the same ones, in order, and no more than are needed."""

from __future__ import annotations

import threading

import pytest

from napari_boundaryseg.engine.ahead import Ahead


def test_each_step_gets_its_own_and_nothing_is_made_twice_or_too_far() -> None:
    made: list[int] = []

    def make(step: int) -> str:
        made.append(step)
        return f"batch {step}"

    with Ahead(make, 6) as batches:
        assert [batches.take(step) for step in range(3, 6)] == ["batch 3", "batch 4", "batch 5"]
    assert made == [3, 4, 5]


def test_the_next_one_is_made_while_this_one_is_used() -> None:
    began, go_on = threading.Event(), threading.Event()

    def make(step: int) -> int:
        if step == 1:
            began.set()
            assert go_on.wait(20)
        return step

    with Ahead(make, 2) as batches:
        assert batches.take(0) == 0
        assert began.wait(20), "it is made before anybody asks"
        go_on.set()
        assert batches.take(1) == 1


def test_after_a_jump_the_wanted_step_is_made() -> None:
    with Ahead(lambda step: step, 100) as batches:
        assert [batches.take(step) for step in (0, 1, 40, 41)] == [0, 1, 40, 41]


def test_what_goes_wrong_is_told_by_the_step_that_needs_it() -> None:
    def make(step: int) -> int:
        if step == 2:
            raise MemoryError("no room")
        return step

    with Ahead(make, 9) as batches:
        assert [batches.take(0), batches.take(1)] == [0, 1]
        with pytest.raises(MemoryError, match="no room"):
            batches.take(2)


def test_leaving_ends_the_thread() -> None:
    with Ahead(lambda step: step, 9) as batches:
        batches.take(0)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
