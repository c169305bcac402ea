"""What a person's hand did to an organ slice by slice, and the organ as it would be without: told by the history."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

import numpy as np

from napari_boundaryseg.editing.history.edit import CARRIED, CLEANED, MODEL, OPENED, Edit, Hand, Won
from napari_boundaryseg.editing.history.history import History

RESULTS = (MODEL, OPENED)
STARTS = (*RESULTS, CLEANED)
"""After these, what is corrected is a correction of what they left."""


class SliceState(Enum):
    """What became of an organ on one slice."""

    ABSENT = "not there"
    UNTOUCHED = "untouched"
    CARRIED = "carried, not looked at"
    CORRECTED = "corrected"
    ACCEPTED = "accepted"


def slice_states(history: History, organ: int, axis: int) -> list[SliceState]:
    """The state of each slice across an axis: accepted (locked) before corrected before carried.

    Slices are locked, and so accepted, across the first axis only.
    """
    there = (history.array == organ).any(axis=tuple({0, 1, 2} - {axis}))
    states = [SliceState.UNTOUCHED if so else SliceState.ABSENT for so in there]
    carried: set[int] = set()
    for kind, won, hand in history.changes(organ):
        if kind in RESULTS:
            carried -= won.slices[axis]
        elif kind != CLEANED:
            carried |= won.slices[axis] - _seen(kind, won, hand, axis)
    accepted = locked_slices(history, organ) if axis == 0 else set()
    touched = touched_slices(history, organ, axis)
    found = {SliceState.CARRIED: carried, SliceState.CORRECTED: touched, SliceState.ACCEPTED: accepted}
    for state, slices in found.items():
        for n in slices:
            if n < len(states):
                states[n] = state
    return states


def taken_slices(history: History, organ: int, axis: int) -> set[int]:
    """Slices on which what was proposed for the organ was taken, since a result changed it there."""
    found: set[int] = set()
    for kind, won, _ in history.changes(organ):
        if kind in RESULTS:
            found -= won.slices[axis]
        elif kind == CARRIED:
            found |= won.slices[axis]
    return found


def locked_slices(history: History, organ: int) -> set[int]:
    """Slices across the first axis on which the organ is locked, by itself or with all labels."""
    return {lock.slice for lock in history.locks if lock.slice is not None and lock.organ in (None, organ)}


def corrected_slices(history: History, organ: int, axis: int) -> set[int]:
    """Slices across an axis on which a person drew or erased the organ; what was carried there is nobody's drawing.

    A stroke counts for the axis across which it is one slice thick, until a result or a clean-up changes the organ
    there; what a tool pulled along on other slices does not. Locking a slice says that a person has seen it and found
    it right: that counts across the first axis, along which locks count.
    """
    found: set[int] = set()
    for kind, won, hand in history.changes(organ):
        seen = _seen(kind, won, hand, axis)
        if kind in STARTS:
            found -= won.slices[axis]
        elif len(seen) == 1:
            found |= seen
    return found | locked_slices(history, organ) if axis == 0 else found


def slices_looked_at(history: History, organs: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """Where a person works slice by slice: the slices of each organ that they accepted or corrected, first axis.

    Nothing where no slice is accepted: then a person says of the labels as a whole whether they are right.
    """
    found = {organ: tuple(sorted(corrected_slices(history, organ, 0))) for organ in organs}
    return found if any(lock.slice is not None for lock in history.locks) else {}


def touched_slices(history: History, organ: int, axis: int) -> set[int]:
    """Slices across an axis in which a person's hand changed the organ, in whichever plane, since a result did."""
    found: set[int] = set()
    for kind, won, hand in history.changes(organ):
        if kind in RESULTS:
            found -= won.slices[axis]
        else:
            found |= _seen(kind, won, hand, axis)
    return found


def _seen(kind: str, won: Won, hand: Hand | None, axis: int) -> frozenset[int]:
    """The slices across an axis of which a step says that a person saw them so."""
    if kind in (CARRIED, CLEANED):
        return frozenset()
    if hand is None:
        return won.slices[axis]
    return won.slices[axis] & {hand.slice} if hand.axis == axis else frozenset()


def results_of(history: History, organ: int) -> tuple[Edit, ...]:
    """Results and clean-ups done that changed the organ: while they and the oldest step stay, so does `start_of`."""
    done = history.steps[: history.position - history.first]
    return tuple(step for step in done if step.kind in STARTS and organ in step.organs)


def start_of(history: History, organ: int, axis: int) -> np.ndarray:
    """The organ before the hand that `corrected_slices` tells of: as the last result, file or clean-up left each slice.

    A slice that none of them changed is as far back as the history reaches.

    Parameters
    ----------
    history : History
        Nothing may be written and not committed.
    organ, axis : int

    Returns
    -------
    (I, J, K) bool array
        A new one.
    """
    mask = history.array == organ
    start, open_ = np.zeros_like(mask), set(range(mask.shape[axis]))
    for step in reversed(history.steps[: history.position - history.first]):
        if step.box is None or organ not in step.organs:
            continue
        if step.kind in STARTS:
            _copy(mask, start, open_ & step.organs[organ].slices[axis], axis)
            open_ -= step.organs[organ].slices[axis]
        mask[step.box] = step.before == organ
    _copy(mask, start, open_, axis)
    return start


def _copy(mask: np.ndarray, into: np.ndarray, slices: set[int], axis: int) -> None:
    at = sorted(slices)
    np.moveaxis(into, axis, 0)[at] = np.moveaxis(mask, axis, 0)[at]
