"""Distances between the borders of two masks in one slice, stricter than any measure in space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from napari_boundaryseg.data.shapes.border_lines import border_lines, part_of

MOST_MM = 20.0
"""Of a distance; also what each point counts where the other mask has no border in the slice."""


class Off(NamedTuple):
    """Points along both borders: how many, how many within the tolerance of the other, and the sum of the distances."""

    points: int
    within: int
    total_mm: float

    def __add__(self, other: object) -> Off:
        if not isinstance(other, Off):
            return NotImplemented
        return Off(self.points + other.points, self.within + other.within, self.total_mm + other.total_mm)

    @property
    def mean_mm(self) -> float:
        """Mean distance."""
        return self.total_mm / self.points if self.points else 0.0

    @property
    def surface_dice(self) -> float:
        """In the slice."""
        return self.within / self.points if self.points else 1.0


NOTHING = Off(0, 0, 0.0)


def rings_of(mask: np.ndarray, spacing_mm: Sequence[float]) -> list[np.ndarray]:
    """Points in mm every half pixel along each closed line of the border of a slice, (P, 2) each."""
    part = part_of(mask)
    if part is None:
        return []
    corner, step = (part[0].start, part[1].start), min(spacing_mm) / 2
    return [_every((line + corner) * spacing_mm, step) for line in border_lines(mask[part], spacing_mm)]


def points_of(mask: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """The points of all lines, (P, 2)."""
    rings = rings_of(mask, spacing_mm)
    return np.concatenate(rings) if rings else np.zeros((0, 2))


def _every(line: np.ndarray, step: float) -> np.ndarray:
    way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.arange(0, way[-1], step)
    return np.stack([np.interp(at, way, line[:, axis]) for axis in (0, 1)], axis=1)


def off(found: np.ndarray, wanted: np.ndarray, spacing_mm: Sequence[float], tolerance_mm: float) -> Off:
    """How far two masks of a slice are apart, in both directions."""
    a, b = (points_of(mask, spacing_mm) for mask in (found, wanted))
    if not len(a) or not len(b):
        n = len(a) + len(b)
        return Off(n, 0, n * MOST_MM)
    distances = np.concatenate([cKDTree(b).query(a)[0], cKDTree(a).query(b)[0]])
    return Off(len(distances), int((distances <= tolerance_mm).sum()), float(np.minimum(distances, MOST_MM).sum()))


def over(found: np.ndarray, wanted: np.ndarray, spacing_mm: Sequence[float], tolerance_mm: float) -> Off:
    """The same over some slices, (N, R, C) each."""
    return sum((off(a, b, spacing_mm, tolerance_mm) for a, b in zip(found, wanted, strict=True)), NOTHING)


def interval(values: np.ndarray, cases: list[str], draws: int = 4000) -> tuple[float, float]:
    """95 % of bootstrapped means; the organs of a case are drawn together."""
    rng = np.random.default_rng(0)
    own = [values[[case == name for case in cases]] for name in sorted(set(cases))]
    picks = rng.integers(len(own), size=(draws, len(own)))
    low, high = np.percentile([np.concatenate([own[n] for n in row]).mean() for row in picks], [2.5, 97.5])
    return float(low), float(high)
