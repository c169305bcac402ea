"""Boxes of a label map: the smallest round a change, one counted from another, one round several."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.boxes import Box


def changed_box(before: np.ndarray, after: np.ndarray) -> Box | None:
    """The smallest box that holds every difference between two (I, J, K) arrays; None when they are equal."""
    slabs = [i for i in range(len(before)) if not np.array_equal(before[i], after[i])]
    if not slabs:
        return None
    first = slice(slabs[0], slabs[-1] + 1)
    plane = np.logical_or.reduce(before[first] != after[first], axis=0)
    return first, _run(plane.any(axis=1)), _run(plane.any(axis=0))


def _run(where: np.ndarray) -> slice:
    """From the first to the last that is true."""
    found = np.flatnonzero(where)
    return slice(int(found[0]), int(found[-1]) + 1)


def within(box: Box | None, shape: tuple[int, ...]) -> Box:
    """A box with plain ends, cut to the array."""
    i, j, k = (slice(*part.indices(n)[:2]) for part, n in zip(box or (slice(None),) * 3, shape))
    return _solid(i), _solid(j), _solid(k)


def _solid(part: slice) -> slice:
    return slice(part.start, max(part.start, part.stop))


def shifted(box: Box, origin: Box) -> Box:
    """A box that was counted from another box's corner, counted from the array's."""
    i, j, k = (slice(part.start + at.start, part.stop + at.start) for part, at in zip(box, origin))
    return i, j, k


def around_all(boxes: list[Box]) -> Box | None:
    """The smallest box round boxes."""
    if not boxes:
        return None
    i, j, k = (slice(min(part.start for part in parts), max(part.stop for part in parts)) for parts in zip(*boxes))
    return i, j, k
