"""The part of a scan that a prediction is limited to, however a script names it."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.errors import InputError

AnyBox = Sequence[slice | Sequence[int | None]]
"""A slice, or a pair (start, stop), for each of I, J, K; an end that is None is the scan's."""


def within(shape: tuple[int, int, int], box: AnyBox) -> Box:
    """The part of a box that lies in a scan of this shape (I, J, K), with both ends of each axis.

    Ends are counted from the first voxel: one below 0 lies outside the scan, as one beyond its last voxel does.

    Raises
    ------
    InputError
        When it is no box, skips voxels, is empty, or lies outside.
    """
    parts = list(box) if isinstance(box, (Sequence, np.ndarray)) else []
    if len(parts) != 3:
        raise _no_box(box)
    i, j, k = (slice(*_clipped(part, n)) for part, n in zip(parts, shape, strict=True))
    if any(part.stop <= part.start for part in (i, j, k)):
        raise InputError("box", f"it lies outside the scan of {shape} voxels, or is empty", "Draw a box on the scan")
    return i, j, k


def _clipped(part: Any, n: int) -> tuple[int, int]:
    """Start and stop of one axis, within its ``n`` voxels."""
    if isinstance(part, slice):
        if part.step not in (None, 1):
            raise InputError("box", f"its step is {part.step}", "Leave out the step")
        part = (part.start, part.stop)
    try:
        start, stop = (None if end is None else index(end) for end in part)
    except (TypeError, ValueError) as error:
        raise _no_box(part) from error
    return max(0, start or 0), min(n, n if stop is None else stop)


def _no_box(given: object) -> InputError:
    return InputError("box", f"{given!r:.60} is no box", "Give a slice or a pair (start, stop) for each of three axes")
