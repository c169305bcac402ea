"""Following of a queue: which of its places are no longer as they were shown, as the labels change."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.review.arcs.arc import Arc
from napari_boundaryseg.review.arcs.cutting import in_slice
from napari_boundaryseg.review.arcs.item import Item
from napari_boundaryseg.review.arcs.review import MOST_OF, SAME_PLACE

_FINE_MM = 1e6
"""A line as one arc: its length does not matter here."""


class Followed:
    """The items of a queue, and the slices of labels on which they were last looked for.

    Parameters
    ----------
    items : sequence of Item

    Examples
    --------
    >>> from napari_boundaryseg.review.arcs.cutting import cut
    >>> disc = (np.hypot(*np.mgrid[-20:21, -20:21]) < 12)[:, :, None].astype(np.uint8)
    >>> followed = Followed([Item((arc,)) for arc in cut(disc, [1], (1.0, 1.0, 3.0), 2, 15.0)])
    >>> len(followed.items), followed.moved(disc)
    (5, frozenset())
    >>> smaller = disc.copy()
    >>> smaller[:14] = 0
    >>> len(followed.moved(smaller)) in (1, 2), followed.moved(disc)
    (True, frozenset())
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self.items = tuple(items)
        self._places: dict[tuple[int, int, int], list[tuple[int, Arc]]] = {}
        for n, item in enumerate(self.items):
            for arc in item.arcs:
                self._places.setdefault((arc.organ, arc.axis, arc.slice), []).append((n, arc))
        self._seen: dict[tuple[int, int, int], tuple[bytes, frozenset[int]]] = {}

    def moved(self, labels: np.ndarray) -> frozenset[int]:
        """Places in the queue of the items of which any arc is no longer on the border of its organ.

        Only slices that have changed since the last call are looked at again.

        Parameters
        ----------
        labels : (I, J, K) array of int
        """
        found: set[int] = set()
        for place, arcs in self._places.items():
            organ, axis, n = place
            mask = labels.take(n, axis) == organ
            packed = np.packbits(mask).tobytes()
            if place not in self._seen or self._seen[place][0] != packed:
                self._seen[place] = packed, frozenset(_moved(mask, arcs))
            found |= self._seen[place][1]
        return frozenset(found)


def _moved(mask: np.ndarray, arcs: Sequence[tuple[int, Arc]]) -> set[int]:
    from scipy.spatial import cKDTree

    first = arcs[0][1]
    now = list(in_slice(mask, first.organ, first.axis, first.slice, first.spacing_mm, _FINE_MM))
    if not now:
        return {n for n, _ in arcs}
    tree = cKDTree(np.concatenate([arc.points_mm for arc in now]))
    near = SAME_PLACE * float(first.plane_mm.min())
    return {n for n, arc in arcs if (tree.query(arc.points_mm)[0] <= near).mean() < MOST_OF}
