"""Slices that are empty in a mask but next to it or between its own: they have no arc, and are listed apart."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.review.arcs.arc import plane_of
from napari_boundaryseg.review.arcs.slabs import FARTHEST_MM, Maps, taken


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
    likely_mm2 : float or None
        The area that the model expects there: the sum of the organ's probability. None without a model.
    """

    organ: int
    axis: int
    slice: int
    where: Literal["before", "between", "after"]
    likely_mm2: float | None = None


def empty_slices(
    labels: np.ndarray,
    organs: Iterable[int],
    spacing_mm: Sequence[float],
    axis: int,
    *,
    probabilities: Maps | None = None,
    classes: Sequence[int] = (),
) -> list[EmptySlice]:
    """The slice before each organ, the one after it, and those within it on which there is nothing.

    Those between come first; then those on which the model expects most.

    Parameters
    ----------
    labels : (I, J, K) array of int
    organs : iterable of int
    spacing_mm : three floats
    axis : int
        Across the slices.
    probabilities, classes
        As of `measures.measured`.

    Examples
    --------
    >>> labels = np.zeros((1, 1, 6), np.uint8)
    >>> labels[..., [1, 3]] = 2
    >>> [(one.slice, one.where) for one in empty_slices(labels, [1, 2], (1.0, 1.0, 3.0), 2)]
    [(2, 'between'), (0, 'before'), (4, 'after')]
    """
    found = []
    rows, columns = plane_of(axis)
    pixel_mm2 = float(spacing_mm[rows] * spacing_mm[columns])
    for organ in organs:
        mask = np.asarray(labels == organ)
        room = [0.0 if n == axis else FARTHEST_MM for n in range(3)]
        box = boxes.around(mask, spacing_mm, room)
        if box is None:
            continue
        there = np.asarray(mask.any(axis=(rows, columns)))
        first, stop = box[axis].start, box[axis].stop
        for n in range(max(0, first - 1), min(len(there), stop + 1)):
            if not there[n]:
                where: Literal["before", "between", "after"] = (
                    "before" if n < first else "after" if n >= stop else "between"
                )
                likely = None
                if probabilities is not None:
                    part: Box = tuple(slice(n, n + 1) if a == axis else box[a] for a in range(3))  # type: ignore[assignment]
                    organ_there = taken(probabilities, part, axis)[list(classes).index(organ)]
                    likely = float(organ_there.sum(dtype=float)) * pixel_mm2
                found.append(EmptySlice(organ, axis, n, where, likely))
    return sorted(found, key=lambda one: (one.where != "between", -(one.likely_mm2 or 0.0), one.organ, one.slice))
