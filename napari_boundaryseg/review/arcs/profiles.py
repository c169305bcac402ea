"""Profiles across a border: what a map holds along the normals of an arc."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from napari_boundaryseg.review.arcs.arc import Arc, plane_of


def offsets_mm(reach_mm: float, spacing_mm: Sequence[float], axis: int) -> np.ndarray:
    """Where along a normal a profile is read: every half pixel, as far to both sides, 0 in the middle.

    Examples
    --------
    >>> offsets_mm(1.0, (1.0, 1.0, 3.0), 2).tolist()
    [-1.0, -0.5, 0.0, 0.5, 1.0]
    """
    step = min(spacing_mm[other] for other in plane_of(axis)) / 2
    n = max(1, round(reach_mm / step))
    return np.arange(-n, n + 1) * step


def places(arc: Arc, offsets: np.ndarray) -> np.ndarray:
    """Rows and columns of a slice, (2, n, offsets): below 0 mm inside the organ, above outside."""
    moved = arc.normals[:, None, :] * offsets[None, :, None] / arc.plane_mm
    return np.moveaxis(arc.in_slice[:, None, :] + moved, -1, 0)


def read(plane: np.ndarray, at: np.ndarray) -> np.ndarray:
    """A slice's values at places, (2, ...), between pixels by linear interpolation; beyond its edge as there."""
    from scipy.ndimage import map_coordinates

    return np.asarray(map_coordinates(np.asarray(plane, np.float32), at, order=1, mode="nearest"))


def by_slice(arcs: Iterable[Arc]) -> dict[int, list[int]]:
    """Each slice with arcs, and which of them they are."""
    found: dict[int, list[int]] = {}
    for n, arc in enumerate(arcs):
        found.setdefault(arc.slice, []).append(n)
    return found
