"""What a person's hand did to an organ slice by slice, and the organ as it was before: told by the history alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_boundaryseg.editing.history.edit import CARRIED, MODEL, OPENED, Edit
from napari_boundaryseg.editing.history.history import History


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
        found.update(lock.slice for lock in history.locks if lock.slice is not None and lock.organ in (None, organ))
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
