"""Item of a queue: a place to look at, of one or several arcs that lie together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.review.arcs.arc import Arc


@dataclass(frozen=True, eq=False)
class Item:
    """One place of a border to look at; nothing in it tells why it was chosen.

    Parameters
    ----------
    arcs : tuple of Arc
        Of one organ: the one to centre the view on, then its neighbours.
    """

    arcs: tuple[Arc, ...]

    @property
    def organ(self) -> int:
        """The integer of its label."""
        return self.arcs[0].organ

    @property
    def slices(self) -> tuple[int, int]:
        """First and last slice that it extends over, from 0."""
        found = [arc.slice for arc in self.arcs]
        return min(found), max(found)

    @property
    def centre(self) -> np.ndarray:
        """(3,) voxel indices to centre the view on."""
        return self.arcs[0].centre

    @property
    def length_mm(self) -> float:
        """Of all its arcs."""
        return sum(arc.length_mm for arc in self.arcs)
