"""Which voxels lie near a mask, where near is another distance in each of the six directions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.boxes import Box

Pair = tuple[float, float]
"""Towards lower and towards higher indices of an axis."""
Costs = tuple[list[float], list[float]]
"""Of one, two, ... steps towards lower and towards higher indices of an axis."""
TINY = 1e-5
"""A distance that is the reach but for rounding is the reach."""


def within(
    mask: np.ndarray, spacing_mm: Sequence[float], reach_mm: Sequence[Pair], part: Box | None = None
) -> np.ndarray:
    """The voxels whose middle lies within reach of the middle of one of a mask.

    What is within reach of a single voxel is an ellipsoid with its own half axis in each of the six directions: an
    eighth of a plain ellipsoid in each octant.

    Parameters
    ----------
    mask : (I, J, K) bool array
    spacing_mm : three floats
    reach_mm : three pairs
        Of each axis towards lower and towards higher indices; with 0 nothing is reached in that direction.
    part : three slices
        Where the answer is wanted; everywhere by default. The mask is read no farther from it than the reach.

    Returns
    -------
    bool array
        As large as the part.

    Examples
    --------
    >>> mask = np.arange(9)[None, None] == 4
    >>> within(mask, (1.0, 1.0, 2.0), [(5, 5), (5, 5), (2, 6)])[0, 0].astype(int)
    array([0, 0, 0, 1, 1, 1, 1, 1, 0])
    """
    costs = [(_costs(mm, low), _costs(mm, high)) for mm, (low, high) in zip(spacing_mm, reach_mm, strict=True)]
    return _least(mask, costs, part) <= 1 + TINY


def closer(mask: np.ndarray, spacing_mm: Sequence[float], gap_mm: float, part: Box | None = None) -> np.ndarray:
    """The voxels between which and a mask less than a gap is free, measured from face to face; see `within`.

    Examples
    --------
    >>> closer(np.arange(7)[None, None] == 0, (1.0, 1.0, 1.0), 2.0)[0, 0].astype(int)
    array([1, 1, 1, 0, 0, 0, 0])
    """
    costs = [(one, one) for one in (_costs(mm, gap_mm, mm) for mm in spacing_mm)]
    return _least(mask, costs, part) < 1 - TINY


def _costs(mm: float, reach_mm: float, free_mm: float = 0.0) -> list[float]:
    """Squares of 1, 2, ... steps, as part of the reach, up to it; the first so many mm cost nothing."""
    if reach_mm <= 0:
        return []
    most = math.floor((reach_mm + free_mm) / mm + TINY)
    return [((step * mm - free_mm) / reach_mm) ** 2 for step in range(1, most + 1)]


def _least(mask: np.ndarray, costs: Sequence[Costs], part: Box | None) -> np.ndarray:
    """The least cost of a way from the mask to each voxel of a part, along one axis after the other."""
    wide, inner = [], []
    for n, one, (low, high) in zip(mask.shape, part or (slice(None),) * 3, costs, strict=True):
        start, stop, _ = one.indices(n)
        wide.append(slice(max(0, start - len(high)), stop + len(low)))
        inner.append(slice(start - wide[-1].start, stop - wide[-1].start))
    found = np.full([one.stop - one.start for one in inner], np.inf, np.float32)
    for n, plane in enumerate(_across(np.ascontiguousarray(mask[tuple(wide)]), costs[0])[inner[0]]):
        if plane.min() <= 1 + TINY:
            rows = _spread(plane, costs[1], inner[1])
            found[n] = _spread(np.ascontiguousarray(rows.T), costs[2], inner[2]).T
    return found


def _across(mask: np.ndarray, costs: Costs) -> np.ndarray:
    """The least cost along the first axis alone, from a mask."""
    found = np.full(mask.shape, np.inf, np.float32)
    for steps, order in zip(costs, (-1, 1), strict=True):
        cost = np.array([0.0, *steps, np.inf], np.float32)
        since = np.full(mask.shape[1:], len(steps) + 1)
        for plane, into in zip(mask[::order], found[::order], strict=True):
            since = np.where(plane, 0, since + 1)
            np.minimum(into, cost.take(since, mode="clip"), out=into)
    return found


def _spread(plane: np.ndarray, costs: Costs, part: slice) -> np.ndarray:
    """The least cost with steps along the first axis of a plane, in a part of it."""
    best = plane[part].copy()
    for steps, sign in zip(costs, (-1, 1), strict=True):
        for step, cost in enumerate(steps, start=1):
            start, stop = max(part.start, sign * step), min(part.stop, len(plane) + sign * step)
            if start < stop:
                into = best[start - part.start : stop - part.start]
                np.minimum(into, plane[start - sign * step : stop - sign * step] + cost, out=into)
    return best
