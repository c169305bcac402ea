"""Wire: the lines of a polygon along edges, each found once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.editing.tools.livewire import bent

Point = tuple[float, ...]
"""z, y, x, in mm."""
MOST = 500
"""Lines that are remembered."""


class Wire:
    """Remembers lines on one slice, until its edges are others."""

    def __init__(self) -> None:
        self._edges: np.ndarray | None = None
        self._known: dict[tuple[Point, Point, float], list[Point]] = {}

    def way(
        self, a: Point, b: Point, axis: int, edges: np.ndarray, spacing_mm: Sequence[float], pull: float
    ) -> list[Point]:
        """The line from one point of a slice to another, both among its points.

        Parameters
        ----------
        a, b : three floats
            In mm.
        axis : int
            Across the slice.
        edges : (R, C) array
            Of the slice, 0 to 1.
        spacing_mm : three floats
        pull : float
            See `bent`.
        """
        if edges is not self._edges or len(self._known) > MOST:
            self._edges, self._known = edges, {}
        asked = (a, b, pull)
        if asked not in self._known:
            rows, columns = (one for one in range(3) if one != axis)
            start, end = ((point[rows], point[columns]) for point in (a, b))
            found = bent(start, end, edges, (float(spacing_mm[rows]), float(spacing_mm[columns])), pull)
            flat = np.insert(np.asarray(found[1:-1]).reshape(-1, 2), axis, a[axis], axis=1)
            self._known[asked] = [a, *map(tuple, flat.tolist()), b]
        return self._known[asked]
