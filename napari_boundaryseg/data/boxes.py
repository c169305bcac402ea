"""Boxes of a scan: round a mask or a change, as a person or a script names them, cut, moved, joined.

A `Box` is three slices of (I, J, K), with plain ends, of the scan's own array unless something else is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import index
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from napari_boundaryseg.errors import InputError

Box = tuple[slice, slice, slice]
Margins: TypeAlias = tuple[float, float]
"""The least and the most that a random margin may be, in mm."""
AnyBox = Sequence[slice | Sequence[int | None]]
"""A slice, or a pair (start, stop), for each of I, J, K; an end that is None is the scan's."""


def around(mask: np.ndarray, spacing_mm: Sequence[float], margin_mm: float | Sequence[float] = 0.0) -> Box | None:
    """The smallest box that holds a mask, and at least so much more on each side, within the array.

    Parameters
    ----------
    mask : (I, J, K) bool array
    spacing_mm : sequence of float
        Along I, J, K.
    margin_mm : float, or three
        On both sides, or for each axis its own.

    Returns
    -------
    three slices, or None for an empty mask

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((20, 20, 10), bool)
    >>> mask[8:12, 5:9, 4] = True
    >>> around(mask, (1.0, 1.0, 3.0), margin_mm=3.0)
    (slice(5, 15, None), slice(2, 12, None), slice(3, 6, None))
    """
    margins = np.broadcast_to(margin_mm, 3)
    found = bounds(mask, [math.ceil(mm / size - 1e-6) for mm, size in zip(margins, spacing_mm, strict=True)])
    return None if found is None else _box(found)


def bounds(mask: np.ndarray, more_vox: int | Sequence[int] = 0) -> tuple[slice, ...] | None:
    """The smallest box that holds a mask of any dimension, with so many voxels more on each side, within the array.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((9, 5), bool)
    >>> mask[3:6, 4] = True
    >>> bounds(mask), bounds(mask, 1)
    ((slice(3, 6, None), slice(4, 5, None)), (slice(2, 7, None), slice(3, 5, None)))
    """
    if not mask.any():
        return None
    tight: tuple[slice, ...] = ()
    for axis in range(mask.ndim):  # each within what those before it leave
        tight += (_run(mask[tight].any(axis=tuple(other for other in range(mask.ndim) if other != axis))),)
    margins = np.broadcast_to(more_vox, mask.ndim).tolist()
    return tuple(slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(tight, margins, mask.shape))


def loosely_around(
    mask: np.ndarray, spacing_mm: Sequence[float], margins_mm: Sequence[Margins], rng: np.random.Generator
) -> Box:
    """A box that holds a mask with a random margin on each side, between the two of its axis, within the array.

    Parameters
    ----------
    mask : three-dimensional bool array
        Not empty.
    spacing_mm : sequence of float
        Along the array's axes.
    margins_mm : sequence of (float, float)
        Along the array's axes.
    rng : Generator
    """
    tight = around(mask, spacing_mm)
    if tight is None:
        raise ValueError("the mask is empty")
    return loosened(tight, mask.shape, spacing_mm, margins_mm, rng)


def loosened(
    tight: Box,
    shape: Sequence[int],
    spacing_mm: Sequence[float],
    margins_mm: Sequence[Margins],
    rng: np.random.Generator,
) -> Box:
    """A box with a random margin round it on each side, within an array of this shape; see `loosely_around`.

    Margins are at least what they may be at least, in whole voxels; where that is nothing, nothing can be drawn.
    """
    parts = []
    for n, size, margins, part in zip(shape, spacing_mm, margins_mm, tight, strict=True):
        whole = math.ceil if margins[0] > 0 else math.floor
        before, after = (whole(more) for more in rng.uniform(*margins, 2) / size)
        parts.append(slice(max(0, part.start - before), min(n, part.stop + after)))
    return _box(parts)


def changed(before: np.ndarray, after: np.ndarray) -> Box | None:
    """The smallest box that holds every difference between two (I, J, K) arrays; None when they are equal."""
    slabs = [i for i in range(len(before)) if not np.array_equal(before[i], after[i])]
    if not slabs:
        return None
    first = slice(slabs[0], slabs[-1] + 1)
    plane = np.logical_or.reduce(before[first] != after[first], axis=0)
    return first, _run(plane.any(axis=1)), _run(plane.any(axis=0))


def _run(where: ArrayLike) -> slice:
    """From the first to the last that is true."""
    found = np.flatnonzero(where)
    return slice(int(found[0]), int(found[-1]) + 1)


def shifted(box: Box, origin: Box) -> Box:
    """A box that was counted from another box's corner, counted from the array's."""
    return _box(slice(part.start + at.start, part.stop + at.start) for part, at in zip(box, origin))


def union(boxes: Sequence[tuple[slice, ...]]) -> Box | None:
    """The smallest box that holds all of these, each of three slices; None where there are none."""
    if not boxes:
        return None
    return _box(slice(min(part.start for part in parts), max(part.stop for part in parts)) for parts in zip(*boxes))


def grown(box: Box, shape: Sequence[int], by_vox: int = 1) -> Box:
    """A box with so many voxels more on each side, where the array has them."""
    return _box(slice(max(0, part.start - by_vox), min(n, part.stop + by_vox)) for part, n in zip(box, shape))


def at_least(box: Box, shape: Sequence[int], size: Sequence[int]) -> Box:
    """A box grown on both sides alike to at least this size, within the array, and moved where that ends.

    Examples
    --------
    >>> at_least((slice(4, 6), slice(0, 2), slice(1, 9)), (10, 10, 10), (4, 6, 20))
    (slice(3, 7, None), slice(0, 6, None), slice(0, 10, None))
    """
    parts = []
    for part, n, least in zip(box, shape, size):
        length = min(n, max(least, part.stop - part.start))
        start = max(0, min(part.start - (length - (part.stop - part.start)) // 2, n - length))
        parts.append(slice(start, start + length))
    return _box(parts)


def clipped(box: Box | None, shape: Sequence[int]) -> Box:
    """A box with plain ends, cut to the array as NumPy cuts it, perhaps to nothing; all of the array for None."""
    parts = (part.indices(n)[:2] for part, n in zip(box or (slice(None),) * 3, shape))
    return _box(slice(start, max(start, stop)) for start, stop in parts)


def given(box: AnyBox, shape: Sequence[int]) -> Box:
    """A box as a script names it, cut to a scan of this shape (I, J, K), with both ends of each axis.

    Ends are counted from the first voxel: one below 0 lies outside the scan, as one beyond its last voxel does.

    Raises
    ------
    InputError
        When it is no box, skips voxels, is empty, or lies outside.

    Examples
    --------
    >>> given([(2, 30), (None, 5), slice(3, None)], (20, 20, 10))
    (slice(2, 20, None), slice(0, 5, None), slice(3, 10, None))
    """
    parts = list(box) if isinstance(box, (Sequence, np.ndarray)) else []
    if len(parts) != 3:
        raise _no_box(box)
    found = _box(slice(*_ends(part, n)) for part, n in zip(parts, shape, strict=True))
    if any(part.stop <= part.start for part in found):
        raise InputError(
            "box", f"it lies outside the scan of {tuple(shape)} voxels, or is empty", "Draw a box on the scan"
        )
    return found


def drawn(box: Box, shape: Sequence[int], scan: str) -> Box:
    """A box as a person names it, its open ends filled in; refused unless all of it lies in the scan.

    Raises
    ------
    InputError
        With the scan's name, the box, and what would fit.
    """
    ends = [(part.start or 0, n if part.stop is None else part.stop) for part, n in zip(box, shape)]
    if any(not 0 <= start < stop <= n for (start, stop), n in zip(ends, shape)):
        text = ",".join(f"{start}:{stop}" for start, stop in ends)
        raise InputError(
            scan,
            f"the box {text} does not lie in the scan",
            f"Choose one within {','.join(f'0:{n}' for n in shape)}",
        )
    return from_pairs(ends)


def from_pairs(pairs: Iterable[Sequence[int]]) -> Box:
    """Three (start, stop) pairs, as files hold them, as a box."""
    return _box(slice(int(start), int(stop)) for start, stop in pairs)


def as_pairs(box: Box) -> list[list[int]]:
    """A box as three [start, stop] pairs, for JSON."""
    return [[part.start, part.stop] for part in box]


def size_text(box: Box, spacing_mm: Sequence[float]) -> str:
    """The size of a box for a person: "96 × 96 × 40 mm".

    Examples
    --------
    >>> size_text((slice(0, 96), slice(0, 96), slice(2, 12)), (1.0, 1.0, 4.0))
    '96 × 96 × 40 mm'
    """
    return " × ".join(f"{(part.stop - part.start) * mm:.0f}" for part, mm in zip(box, spacing_mm)) + " mm"


def _box(parts: Iterable[slice]) -> Box:
    i, j, k = parts
    return i, j, k


def _ends(part: Any, n: int) -> tuple[int, int]:
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


def _no_box(found: object) -> InputError:
    return InputError("box", f"{found!r:.60} is no box", "Give a slice or a pair (start, stop) for each of three axes")
