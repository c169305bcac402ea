"""Joining of arcs: those that are bad and lie together are one place to look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from napari_boundaryseg.review.arcs.arc import Arc

ALSO_BAD = 0.2
"""Neighbours join an item where they are among the worst arcs of their organ: those with this part of its length."""


def joined(arcs: Sequence[Arc], scores: Sequence[float] | np.ndarray) -> list[tuple[int, ...]]:
    """Which arcs are one place, worst places first.

    An arc takes in the neighbours that are also bad: of its organ, on the same slice and on one slice after the other,
    whose centres lie no farther from its own than it is long.

    Parameters
    ----------
    arcs : sequence of Arc
    scores : sequence of float
        Higher is worse.

    Returns
    -------
    list of tuples of int
        Each arc once, the worst of a place first.

    Examples
    --------
    >>> piece = np.array([[5.0, 4.0, 0.0], [5.0, 5.0, 0.0], [5.0, 6.0, 0.0]])
    >>> arcs = [Arc(1, 2, n, piece + [0, 0, n], (1.0, 1.0, 2.0), 3.0) for n in range(10)]
    >>> joined(arcs, [0.9, 0.8, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])[:2]
    [(0, 1), (9,)]
    """
    values = np.asarray(scores, float)
    order = np.argsort(-values, kind="stable")
    bad = _also_bad(arcs, values)
    places: dict[tuple[int, int], list[int]] = {}
    for n in order.tolist():
        places.setdefault((arcs[n].organ, arcs[n].slice), []).append(n)
    centres = np.array([arc.centre_mm for arc in arcs])
    free = np.ones(len(arcs), bool)

    def joins(first: int, n: int) -> bool:
        away = np.delete(centres[n] - centres[first], arcs[first].axis)
        return bool(free[n] and bad[n] and np.linalg.norm(away) <= arcs[first].length_mm)

    found = []
    for first in order.tolist():
        if not free[first]:
            continue
        free[first] = False
        place = [first]
        if bad[first]:
            place += _together(arcs[first], places, partial(joins, first))
            free[place] = False
        found.append((first, *sorted(place[1:], key=lambda n: (-values[n], n))))
    return found


def _also_bad(arcs: Sequence[Arc], values: np.ndarray) -> np.ndarray:
    """The worst arcs of each organ, with a part of the length of its border."""
    bad = np.zeros(len(arcs), bool)
    lengths = np.array([arc.length_mm for arc in arcs])
    organs = np.array([arc.organ for arc in arcs])
    for organ in np.unique(organs):
        own = np.flatnonzero(organs == organ)
        own = own[np.argsort(-values[own], kind="stable")]
        before = np.cumsum(lengths[own]) - lengths[own]
        bad[own[before < ALSO_BAD * lengths[own].sum()]] = True
    return bad


def _together(arc: Arc, places: dict[tuple[int, int], list[int]], joins: Callable[[int], bool]) -> list[int]:
    """What lies near on its own slice, and on the slices after and before it as long as there is something."""
    found = [n for n in places[arc.organ, arc.slice] if joins(n)]
    thickness = arc.spacing_mm[arc.axis]
    most = max(1, int(arc.length_mm / thickness))
    for way in (1, -1):
        for step in range(1, most + 1):
            more = [n for n in places.get((arc.organ, arc.slice + way * step), ()) if joins(n)]
            if not more:
                break
            found += more
    return found
