"""Undo stack: positions, the way between them, and the bound on memory."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.editing.history.edit import Edit
from napari_boundaryseg.editing.history.undo_stack import UndoStack

BOX = (slice(0, 2), slice(0, 2), slice(0, 2))


def step(name: str) -> Edit:
    return Edit.of_voxels(name, "paint", BOX, np.zeros((2, 2, 2), np.uint8), np.ones((2, 2, 2), np.uint8))


def names(steps: list[Edit]) -> str:
    return "".join(each.name for each in steps)


def test_the_way_to_a_position_is_in_the_order_of_undoing_or_redoing() -> None:
    stack = UndoStack(10**6)
    for name in "abcd":
        stack.push(step(name))
    assert (stack.first, stack.position, stack.last) == (0, 4, 4)
    assert names(stack.way_to(1)) == "dcb"
    stack.position = 1
    assert stack.top is not None
    assert stack.top.name == "a"
    assert (names(stack.way_to(3)), names(stack.way_to(0)), stack.way_to(1)) == ("bc", "a", [])


def test_a_new_step_drops_what_could_have_been_redone() -> None:
    stack = UndoStack(10**6, [step(name) for name in "abc"], 1)
    stack.push(step("x"))
    assert (names(stack.steps), stack.position, stack.last) == ("ax", 2, 2)
    assert stack.bytes_used == sum(each.bytes_used for each in stack.steps)


def test_the_oldest_go_and_never_the_newest() -> None:
    one = step("a").bytes_used
    stack = UndoStack(2 * one)
    for name in "abcd":
        stack.push(step(name))
    assert (names(stack.steps), stack.first, stack.position) == ("cd", 2, 4)
    assert (names(stack.way_to(2)), stack.bytes_used) == ("dc", 2 * one)
    tiny = UndoStack(1)
    tiny.push(step("a"))
    tiny.push(step("b"))
    assert (names(tiny.steps), tiny.first, tiny.position) == ("b", 1, 2)


def test_steps_that_can_be_redone_are_kept_when_a_history_comes_back() -> None:
    stack = UndoStack(1, [step(name) for name in "abc"], 1)
    assert (names(stack.steps), stack.first, stack.position, stack.last) == ("bc", 1, 1, 3)
    assert stack.top is None
