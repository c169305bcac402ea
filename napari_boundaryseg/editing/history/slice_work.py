"""What a person's hand did to an organ slice by slice, and the organ as it was before: told by the history alone."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import numpy as np

from napari_boundaryseg.editing.history.edit import CARRIED, MODEL, OPENED, Edit
from napari_boundaryseg.editing.history.history import History


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
    for step in _since_result(history, organ):
        if step.kind == CARRIED and step.box is not None and organ in step.organs:
            changed = ((step.before == organ) != (step.after == organ)).any(axis=tuple({0, 1, 2} - {axis}))
            carried.update((np.flatnonzero(changed) + step.box[axis].start).tolist())
    accepted = locked_slices(history, organ) if axis == 0 else set()
    touched = touched_slices(history, organ, axis)
    found = {SliceState.CARRIED: carried, SliceState.CORRECTED: touched, SliceState.ACCEPTED: accepted}
    for state, slices in found.items():
        for n in slices:
            if n < len(states):
                states[n] = state
    return states


def locked_slices(history: History, organ: int) -> set[int]:
    """Slices across the first axis on which the organ is locked, by itself or with all labels."""
    return {lock.slice for lock in history.locks if lock.slice is not None and lock.organ in (None, organ)}


def start_of(history: History, organ: int) -> np.ndarray:
    """The organ before any hand: as the last result or file left it, or as far back as the history reaches.

    Parameters
    ----------
    history : History
        Nothing may be written and not committed.
    organ : int

    Returns
    -------
    (I, J, K) bool array
        A new one.
    """
    mask = history.array == organ
    for step in reversed(list(_since_result(history, organ))):
        if step.box is not None:
            mask[step.box] = step.before == organ
    return mask


def corrected_slices(history: History, organ: int, axis: int) -> set[int]:
    """Slices across an axis on which a person drew or erased the organ; what was carried there is nobody's drawing.

    A stroke counts for the axis across which it is one slice thick. Locking a slice says that a person has seen it and
    found it right: that counts across the first axis, along which locks count slices.
    """
    found: set[int] = set()
    for step in _since_result(history, organ):
        part = step.organs.get(organ)
        if part is not None and step.kind != CARRIED and part[axis].stop - part[axis].start == 1:
            found.add(part[axis].start)
    if axis == 0:
        found |= locked_slices(history, organ)
    return found


def touched_slices(history: History, organ: int, axis: int) -> set[int]:
    """Slices across an axis in which a person's hand changed the organ, in whichever plane: nothing else may."""
    found: set[int] = set()
    for step in _since_result(history, organ):
        part = step.organs.get(organ)
        if part is not None and step.kind != CARRIED:
            found.update(range(part[axis].start, part[axis].stop))
    return found


def _since_result(history: History, organ: int) -> Iterator[Edit]:
    """The steps that are done since the last result or file that changed the organ."""
    done = history.steps[: history.position - history.first]
    last = max((n for n, step in enumerate(done) if step.kind in (MODEL, OPENED) and organ in step.organs), default=-1)
    return iter(done[last + 1 :])
