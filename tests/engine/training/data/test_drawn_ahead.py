"""Batches drawn ahead: the same ones in the same order, whose errors come where the batch would have come."""

from __future__ import annotations

import threading

import pytest
import torch

from napari_boundaryseg.engine.training.data.ahead import Ahead


def test_the_next_one_is_drawn_while_this_one_is_used():
    begun = threading.Event()

    def draw(step: int) -> int:
        if step == 1:
            begun.set()
        return step

    with Ahead(draw, steps=3) as batches:
        assert batches.at(0) == 0
        assert begun.wait(30)
        assert [batches.at(1), batches.at(2)] == [1, 2]


def test_each_is_drawn_once_in_one_thread_and_none_beyond_the_last():
    drawn, threads, beyond = [], set(), threading.Event()

    def draw(step: int) -> int:
        drawn.append(step)
        if step == 4:
            beyond.set()
        threads.add(threading.get_ident())
        return step

    with Ahead(draw, steps=4) as batches:
        assert [batches.at(step) for step in range(4)] == [0, 1, 2, 3]
        assert not beyond.wait(0.3)
    assert drawn == [0, 1, 2, 3]
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_training_that_is_resumed_begins_at_its_own_step():
    with Ahead(lambda step: step, steps=9) as batches:
        assert [batches.at(6), batches.at(7)] == [6, 7]
        assert batches.at(3) == 3  # whatever was drawn ahead
        assert batches.at(4) == 4


def test_an_error_is_raised_with_its_own_step_and_the_others_go_on():
    def draw(step: int) -> int:
        if step == 1:
            raise MemoryError("at one")
        return step

    with Ahead(draw, steps=3) as batches:
        assert batches.at(0) == 0
        with pytest.raises(MemoryError, match="at one"):
            batches.at(1)
        assert batches.at(2) == 2


def test_the_thread_ends_with_the_training_and_the_network_keeps_its_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with Ahead(lambda _: torch.get_num_threads(), steps=5) as batches:
            assert batches.at(0) == 1
            assert torch.get_num_threads() == 2
        assert not [one for one in threading.enumerate() if one.name.startswith("batches")]
    finally:
        torch.set_num_threads(before)
