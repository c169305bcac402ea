"""Interpolation of an organ between the slices on which it is known: the mean of linear and cubic signed distances."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from napari_boundaryseg.data.shapes.slice_distance import slice_distance

FAR_MM = 20.0
"""How far from its border a shape has a say."""


def interpolated(drawn: Mapping[int, np.ndarray], spacing_mm: Sequence[float]) -> dict[int, np.ndarray]:
    """The organ on every slice between the first and the last known one; the known ones stay as they are.

    Parts that overlap from one known slice to the next are one body, and each body is interpolated by itself. One that
    the next known slice does not have ends between the two, rounded.

    Parameters
    ----------
    drawn : mapping of int to (R, C) bool array
        The known slices; an empty one says that the organ is not there.
    spacing_mm : three floats
        Between slices, rows and columns.

    Returns
    -------
    dict of int to (R, C) bool array
        The slices between known ones. Two neighbours have none between them.

    Examples
    --------
    >>> square = np.zeros((7, 7), bool)
    >>> square[1:6, 1:6] = True
    >>> [int(mask.sum()) for mask in interpolated({0: square, 3: square}, (2.0, 1.0, 1.0)).values()]
    [25, 25]
    """
    from scipy.ndimage import find_objects, label

    known = sorted(drawn)
    wanted = [n for a, b in pairwise(known) for n in range(a + 1, b)]
    if not wanted:
        return {}
    stack = np.stack([np.asarray(drawn[n], bool) for n in known])
    bodies, _ = label(stack)  # slices that follow each other in the stack touch
    found = np.zeros((len(wanted), *stack.shape[1:]), bool)
    for body, (_, *sides) in enumerate(find_objects(bodies), 1):
        rows, columns = (
            slice(max(side.start - math.ceil(FAR_MM / mm) - 1, 0), side.stop + math.ceil(FAR_MM / mm) + 1)
            for side, mm in zip(sides, spacing_mm[1:], strict=True)
        )
        found[:, rows, columns] |= _one(bodies[:, rows, columns] == body, known, wanted, spacing_mm)
    return dict(zip(wanted, found, strict=True))


def _one(masks: np.ndarray, known: list[int], wanted: list[int], spacing_mm: Sequence[float]) -> np.ndarray:
    """One body on the wanted slices."""
    there = np.flatnonzero(masks.any(axis=(1, 2)))
    first, last = int(there[0]), int(there[-1])
    places = np.array(known, float)[first : last + 1]
    distance = slice_distance(masks[first : last + 1], spacing_mm[1:], FAR_MM)
    found = np.zeros((len(wanted), *masks.shape[1:]), bool)
    inside = [n for n, at in enumerate(wanted) if places[0] < at < places[-1]]
    if inside:
        at = np.array([wanted[n] for n in inside], float)
        found[inside] = _between(distance, places, at) > 0
    for end, beyond in ((first, first - 1), (last, last + 1)):
        if 0 <= beyond < len(known):
            near, far = known[end], known[beyond]
            for n, at_slice in enumerate(wanted):
                if min(near, far) < at_slice < max(near, far):
                    found[n] = _cap(distance[end - first], abs(at_slice - near) / abs(far - near)) > 0
    return found


def _between(distance: np.ndarray, places: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The mean of linear and cubic interpolation; of two known slices the linear one."""
    from scipy.interpolate import CubicSpline

    upper = np.clip(np.searchsorted(places, at), 1, len(places) - 1)
    share = ((at - places[upper - 1]) / (places[upper] - places[upper - 1])).astype(np.float32)[:, None, None]
    linear = (1 - share) * distance[upper - 1] + share * distance[upper]
    return linear if len(places) < 3 else (linear + CubicSpline(places, distance, axis=0)(at)) / 2


def _cap(distance: np.ndarray, part: float) -> np.ndarray:
    """The end of a body, this part of the way to where it is gone: rounded as a ball's."""
    deepest = float(distance.max())
    return distance - deepest * (1 - np.sqrt(1 - part**2))


def beyond_drawn_ends(there: np.ndarray, drawn: Iterable[int]) -> list[int]:
    """Slices without any of the start that lie farther out than one which a person drew, or emptied: it ends there.

    Examples
    --------
    >>> beyond_drawn_ends(np.array([0, 0, 0, 0, 1, 1, 0, 0], bool), [2, 5])
    [0, 1]
    """
    organ = np.flatnonzero(there)
    if not len(organ):
        return []
    low = max((n for n in drawn if n < organ[0]), default=-1)
    high = min((n for n in drawn if n > organ[-1]), default=len(there))
    return [n for n in range(len(there)) if n < low or n > high]
