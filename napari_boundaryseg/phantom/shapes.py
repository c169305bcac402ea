"""Solids with a signed distance, and the canvas that they are painted on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from napari_boundaryseg.data.boxes import Box

Point = tuple[float, float, float]

_STRIDE = 4


class Solid(Protocol):
    """A body in patient space (RAS+ mm)."""

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner of a box around it, in mm."""

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """About the distance to its surface in mm, negative inside; same shape as ``x``."""


@dataclass(frozen=True)
class Ellipsoid:
    """An ellipsoid, turned about the z axis."""

    centre: Point
    radii: Point
    turn_deg: float = 0.0

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner of a box around it, in mm."""
        reach = np.array(self.radii)
        if self.turn_deg:
            reach[:2] = reach[:2].max()
        return np.array(self.centre) - reach, np.array(self.centre) + reach

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """About the distance to its surface in mm, negative inside."""
        x, y, z = (a - np.float32(c) for a, c in zip((x, y, z), self.centre))
        if self.turn_deg:
            cos, sin = (np.float32(f(np.radians(self.turn_deg))) for f in (np.cos, np.sin))
            x, y = cos * x + sin * y, cos * y - sin * x
        a, b, c = (np.float32(1 / r) for r in self.radii)
        x, y, z = x * a, y * b, z * c
        rho = np.maximum(np.sqrt(x * x + y * y + z * z), np.float32(1e-3))
        x, y, z = x * a, y * b, z * c
        slope = np.maximum(np.sqrt(x * x + y * y + z * z), np.float32(1e-3 / min(self.radii)))
        return rho * (rho - 1) / slope


@dataclass(frozen=True)
class Capsule:
    """A rod with round ends, from ``a`` to ``b``; its radius goes from ``radius`` to ``end_radius``."""

    a: Point
    b: Point
    radius: float
    end_radius: float | None = None

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest corner of a box around it, in mm."""
        ends, reach = np.array([self.a, self.b]), max(self.radius, self.end_radius or 0)
        return ends.min(axis=0) - reach, ends.max(axis=0) + reach

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """About the distance to its surface in mm, negative inside."""
        x, y, z = (p - np.float32(q) for p, q in zip((x, y, z), self.a))
        d = (np.array(self.b) - np.array(self.a)).astype(np.float32)
        along = np.clip((x * d[0] + y * d[1] + z * d[2]) / float(d @ d), 0, 1)
        x, y, z = x - along * d[0], y - along * d[1], z - along * d[2]
        grow = (self.radius if self.end_radius is None else self.end_radius) - self.radius
        return np.sqrt(x * x + y * y + z * z) - np.float32(self.radius) - along * np.float32(grow)


class Canvas:
    """An integer map on a (deformed) grid, painted solid by solid: the later one wins.

    Parameters
    ----------
    x, y, z : (I, J, K) float32 arrays
        Where each voxel lies in the undeformed patient, in mm.
    """

    def __init__(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> None:
        self.x, self.y, self.z = x, y, z
        self.map = np.zeros(x.shape, np.uint8)
        self._coarse = [a[::_STRIDE, ::_STRIDE, ::_STRIDE] for a in (x, y, z)]
        first = [a[:2, :2, :2].astype(float) for a in (x, y, z)]
        self._reach = _STRIDE * max(float(np.ptp(a)) for a in first) + 2

    def box(self, low: Sequence[float] | np.ndarray, high: Sequence[float] | np.ndarray) -> Box:
        """The part of the grid that holds everything between two corners, in mm."""
        inside = np.ones(self._coarse[0].shape, bool)
        for a, lo, hi in zip(self._coarse, low, high):
            inside &= (a >= lo - self._reach) & (a <= hi + self._reach)
        where = np.nonzero(inside)
        if not where[0].size:
            return (slice(0, 0),) * 3
        i, j, k = (slice(max(int(w.min()) - 1, 0) * _STRIDE, (int(w.max()) + 2) * _STRIDE) for w in where)
        return i, j, k

    def at(self, box: Box) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Coordinates of a part of the grid, in mm."""
        return self.x[box], self.y[box], self.z[box]

    def distance(self, solid: Solid, margin_mm: float = 0) -> tuple[Box, np.ndarray]:
        """A box around a solid, and the signed distance within it, in mm."""
        low, high = solid.bounds()
        box = self.box(low - margin_mm, high + margin_mm)
        return box, solid.distance(*self.at(box))

    def paint(self, solid: Solid, value: int, over: Sequence[int] = (), depth_mm: float = 0) -> None:
        """Give ``value`` to all voxels at least ``depth_mm`` inside, or only to those that now are ``over``."""
        box, distance = self.distance(solid, -depth_mm)
        self.fill(box, distance < -depth_mm, value, over)

    def fill(self, box: Box, where: np.ndarray, value: int | np.ndarray, over: Sequence[int] = ()) -> None:
        """Give ``value`` to the voxels of a box where a mask holds, or only to those that now are ``over``."""
        part = self.map[box]
        if over:
            allowed = np.zeros(256, bool)
            allowed[list(over)] = True
            where = where & allowed[part]
        part[where] = value[where] if isinstance(value, np.ndarray) else value
