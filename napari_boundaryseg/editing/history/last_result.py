"""Last result of a model in labels: what it left of them, and whether that is the model's alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from napari_boundaryseg.editing.history.edit import MODEL, Edit
from napari_boundaryseg.editing.history.locks import Locks

PIECES = "all pieces of"
"""In the name of a step that puts pieces of a result back into the labels as they are."""


class LastResult(NamedTuple):
    """The labels as the last result of a model left them, and what happened before and after.

    Parameters
    ----------
    position : int
        After the step that applied it.
    labels : (I, J, K) array
        Whatever is drawn later.
    is_the_models : bool
        Whether nothing that another hand or a file put there before can be in them: a result spares what is locked,
        what lies outside of its box and, where it only puts pieces back, all that is there.
    edited : bool
        Whether they were changed since.
    """

    position: int
    labels: np.ndarray
    is_the_models: bool
    edited: bool


def position_of(steps: Sequence[Edit], first: int = 0) -> int:
    """The position after the last step of these that applied a model's result; 0 without one.

    Parameters
    ----------
    steps : sequence of Edit
        Those that are done, the first of which leads from position ``first`` on.
    """
    return max((first + n for n, step in enumerate(steps, start=1) if step.kind == MODEL), default=0)


def last_result(
    start: np.ndarray, locks: Locks, steps: Sequence[Edit], details: Mapping[int, Mapping[str, Any]], first: int = 0
) -> LastResult | None:
    """Follow steps up to the last result of a model; None where there is none.

    Parameters
    ----------
    start : (I, J, K) array
        The labels before these steps.
    locks : Locks
        That held then.
    steps : sequence of Edit
        Those that are done.
    details : mapping
        The position after a step that applied a result to what the model says of it, such as its ``box``.
    first : int
        The position of ``start``; what lies before it is taken to be by hand.
    """
    position = position_of(steps, first)
    if not position:
        return None
    labels, upto = start.copy(), steps[: position - first]
    for step in upto:
        if step.box is not None:
            labels[step.box] = step.after
        locks = step.locks_after(locks)
    others_before = first > 0 or bool(start.any()) or any(step.box and step.kind != MODEL for step in upto)
    known = details.get(position, {})
    replaced_all = bool(known) and known.get("box") is None and PIECES not in upto[-1].name and not len(locks)
    edited = any(step.box for step in steps[position - first :])
    return LastResult(position, labels, replaced_all or not others_before, edited)


def taken_back(labels: np.ndarray, locks: Locks, steps: Iterable[Edit]) -> tuple[np.ndarray, Locks]:
    """The labels and the locks before steps that led to these, the last step first.

    Examples
    --------
    >>> step = Edit.of_voxels("Paint", "paint", (slice(0, 1),) * 3, np.zeros((1, 1, 1), "u1"), np.ones((1, 1, 1), "u1"))
    >>> taken_back(np.ones((1, 1, 2), np.uint8), Locks(), [step])[0].tolist()
    [[[0, 1]]]
    """
    labels = labels.copy()
    for step in reversed(list(steps)):
        if step.box is not None:
            labels[step.box] = step.before
        locks = step.locks_after(locks, back=True)
    return labels, locks
