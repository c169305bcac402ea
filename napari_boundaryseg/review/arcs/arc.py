"""Arc of a border: a piece of one organ's outline in one slice, a few millimetres long."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

PLACES = 2
"""Decimals of a voxel by which an arc is known and stored."""
TANGENT_MM = 1.0
"""Half of the way over which the direction of an outline is taken, so that the steps of voxels do not count."""


@dataclass(frozen=True, eq=False)
class Arc:
    """A piece of an outline.

    Parameters
    ----------
    organ : int
        The integer of its label.
    axis : int
        Across the slices: 0, 1 or 2.
    slice : int
        Index along that axis, from 0.
    points : (n, 3) float64 array, read-only
        Voxel indices I, J, K, in order along the outline, equally far apart in mm; the organ is on the right, where
        rows go down and columns to the right.
    spacing_mm : three floats
    length_mm : float

    Examples
    --------
    >>> points = np.array([[4.0, 1.0, 2.0], [4.0, 2.0, 2.0], [4.0, 3.0, 2.0]])
    >>> arc = Arc(1, 2, 2, points, (0.5, 2.0, 3.0), 6.0)
    >>> arc.points_mm[0].tolist(), arc.centre.tolist(), arc.centre_mm.tolist()
    ([2.0, 2.0, 6.0], [4.0, 2.0, 2.0], [2.0, 4.0, 6.0])
    >>> arc.normals[0].tolist()
    [-1.0, 0.0]
    """

    organ: int
    axis: int
    slice: int
    points: np.ndarray
    spacing_mm: tuple[float, float, float]
    length_mm: float

    def __post_init__(self) -> None:
        self.points.flags.writeable = False

    @property
    def points_mm(self) -> np.ndarray:
        """(n, 3) mm along I, J, K from the middle of the first voxel."""
        return self.points * self.spacing_mm

    @property
    def centre(self) -> np.ndarray:
        """(3,) voxel indices: the point halfway along, which lies on the outline."""
        return np.asarray(self.points[len(self.points) // 2])

    @property
    def centre_mm(self) -> np.ndarray:
        """(3,) mm along I, J, K."""
        return self.centre * self.spacing_mm

    @property
    def in_slice(self) -> np.ndarray:
        """(n, 2) voxel indices: rows and columns of the slice."""
        return np.delete(self.points, self.axis, axis=1)

    @property
    def plane_mm(self) -> np.ndarray:
        """(2,) mm between rows and between columns of the slice."""
        return np.array([self.spacing_mm[axis] for axis in plane_of(self.axis)])

    @property
    def normals(self) -> np.ndarray:
        """(n, 2) unit normals in the slice, along rows and columns in mm, out of the organ."""
        mm = self.in_slice * self.plane_mm
        step = self.length_mm / len(mm)
        at, more = np.arange(len(mm)), max(1, round(TANGENT_MM / step))
        along = mm[np.minimum(at + more, len(mm) - 1)] - mm[np.maximum(at - more, 0)]
        across = np.stack([-along[:, 1], along[:, 0]], axis=1)
        return np.asarray(across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9))

    @cached_property
    def key(self) -> str:
        """Its identity: the same for the same piece of the same organ, whatever changed elsewhere."""
        place = np.rint(self.in_slice * 10**PLACES).astype("<i8")
        text = f"{self.organ} {self.axis} {self.slice} ".encode()
        return hashlib.blake2b(text + place.tobytes(), digest_size=8).hexdigest()


def plane_of(axis: int) -> tuple[int, int]:
    """The axes of the rows and of the columns of slices across an axis."""
    rows, columns = (other for other in range(3) if other != axis)
    return rows, columns
