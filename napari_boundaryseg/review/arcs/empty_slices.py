"""Slices that are empty in a mask but next to it or between its own: they have no arc, and are listed apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_boundaryseg.review.arcs.arc import plane_of


@dataclass(frozen=True)
class EmptySlice:
    """A slice on which an organ may be missing.

    Parameters
    ----------
    organ : int
        The integer of its label.
    axis, slice : int
        Across the slices, and the index along it, from 0.
    where : str
        Before the organ's first slice, after its last one, or between two of its slices.
    """

    organ: int
    axis: int
    slice: int
    where: Literal["before", "between", "after"]


def empty_slices(labels: np.ndarray, organs: Iterable[int], axis: int) -> list[EmptySlice]:
    """Those within an organ on which there is nothing of it; then the one before each organ, and the one after it.

    Parameters
    ----------
    labels : (I, J, K) array of int
    organs : iterable of int
    axis : int
        Across the slices.

    Examples
    --------
    >>> labels = np.zeros((1, 1, 6), np.uint8)
    >>> labels[..., [1, 3]] = 2
    >>> [(one.slice, one.where) for one in empty_slices(labels, [1, 2], 2)]
    [(2, 'between'), (0, 'before'), (4, 'after')]
    """
    within, ends = [], []
    for organ in organs:
        there = np.asarray((labels == organ).any(axis=plane_of(axis)))
        drawn = np.flatnonzero(there)
        if not len(drawn):
            continue
        first, last = int(drawn[0]), int(drawn[-1])
        missing = first + np.flatnonzero(~there[first:last])
        within += [EmptySlice(organ, axis, n, "between") for n in missing.tolist()]
        ends += [EmptySlice(organ, axis, first - 1, "before")] if first else []
        ends += [EmptySlice(organ, axis, last + 1, "after")] if last + 1 < len(there) else []
    return within + ends
