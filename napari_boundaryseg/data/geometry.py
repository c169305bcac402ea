"""Affines: spacing, orientation, obliquity, and the way to the display grid and back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from nibabel.orientations import (
    aff2axcodes,
    apply_orientation,
    axcodes2ornt,
    inv_ornt_aff,
    io_orientation,
    ornt_transform,
)

DISPLAY_AXES = "LPS"
"""What the display indices i, j, k grow towards. With napari's axes (x to the right, y down) an axial slice then
has the patient's right on the left and anterior on top: the radiological convention, without touching the camera."""


def spacing_mm(affine: np.ndarray) -> tuple[float, float, float]:
    """Voxel size along the array's axes, in mm.

    Examples
    --------
    >>> import numpy as np
    >>> spacing_mm(np.diag([-0.5, 0.5, 3.0, 1.0]))
    (0.5, 0.5, 3.0)
    """
    i, j, k = np.linalg.norm(np.asarray(affine, float)[:3, :3], axis=0)
    return float(i), float(j), float(k)


def orientation(affine: np.ndarray) -> str:
    """The direction that each array axis grows towards, as three letters, for example ``"RAS"``.

    Examples
    --------
    >>> import numpy as np
    >>> orientation(np.diag([-0.5, -0.5, 3.0, 1.0]))
    'LPS'
    """
    return "".join(aff2axcodes(affine))


def obliquity_deg(affine: np.ndarray) -> float:
    """The largest angle between an array axis and the patient axis closest to it, in degrees."""
    directions = np.asarray(affine, float)[:3, :3] / spacing_mm(affine)
    cosines = np.abs(directions).max(axis=0)
    return float(np.degrees(np.arccos(np.clip(cosines, 0, 1))).max())


def shear_deg(affine: np.ndarray) -> float:
    """How far the three array axes are from being at right angles to each other, in degrees."""
    directions = np.asarray(affine, float)[:3, :3] / spacing_mm(affine)
    products = np.abs(directions.T @ directions - np.eye(3))
    return float(np.degrees(np.arcsin(np.clip(products.max(), 0, 1))))


THICKER = 1.25
"""An array axis whose voxels are so many times longer than along both others is the one across the slices."""


def slice_axis(affine: np.ndarray) -> int:
    """The array axis across the slices of a scan: 0, 1 or 2, however the scan is stored.

    The axis along which voxels are clearly the longest, for slices are thicker than their pixels are wide; where there
    is none, the axis closest to the patient's long axis, so that slices are axial.

    Examples
    --------
    >>> import numpy as np
    >>> slice_axis(np.diag([0.8, 0.8, 3.0, 1.0])), slice_axis(np.diag([3.0, 0.8, 0.8, 1.0])), slice_axis(np.eye(4))
    (2, 0, 2)
    """
    lengths = np.array(spacing_mm(affine))
    *_, second, longest = np.sort(lengths)
    if longest > THICKER * second:
        return int(lengths.argmax())
    directions = np.asarray(affine, float)[:3, :3] / lengths
    directions = (directions * np.where(directions[2] < 0, -1, 1)).round(6)
    # Two axes at the same angle to the long axis: the one that then points to the front, then to the right.
    return max(range(3), key=lambda axis: (directions[2, axis], directions[1, axis], directions[0, axis]))


def corner_distance_mm(shape: tuple[int, ...], a: np.ndarray, b: np.ndarray) -> float:
    """The largest distance, in mm, between where two affines put the corners of one array.

    Along an axis of one voxel it is the next voxel that counts: its size is compared too.
    """
    corners = np.array(np.meshgrid(*[(0, max(n - 1, 1)) for n in shape[:3]], indexing="ij")).reshape(3, -1)
    homogeneous = np.vstack([corners, np.ones(corners.shape[1])])
    return float(np.linalg.norm(((a - b) @ homogeneous)[:3], axis=0).max())


@dataclass(frozen=True, eq=False)
class AxisMap:
    """An exact way between a file's array axes and axes that grow towards given patient directions.

    Only permutes and flips: nothing is interpolated, and `from_axes` undoes `to_axes` bit by bit.

    Parameters
    ----------
    affine : (4, 4) array
        The file's voxel-to-mm matrix, RAS+.
    shape : tuple of int
        (I, J, K) of the file's array.
    axes : str
        Where the new axes grow towards, for example ``"RAS"`` or ``"LPS"``.
    """

    affine: np.ndarray
    shape: tuple[int, int, int]
    axes: str = DISPLAY_AXES

    @property
    def there(self) -> np.ndarray:
        """For each axis of the file, the new axis and the direction, as in nibabel."""
        return ornt_transform(io_orientation(self.affine), axcodes2ornt(self.axes))

    @property
    def back(self) -> np.ndarray:
        """For each new axis, the axis of the file and the direction."""
        return ornt_transform(axcodes2ornt(self.axes), io_orientation(self.affine))

    @property
    def new_affine(self) -> np.ndarray:
        """Voxel-to-mm matrix of the array that `to_axes` returns, before any transposition."""
        return self.affine @ inv_ornt_aff(self.there, self.shape)

    @property
    def new_shape(self) -> tuple[int, int, int]:
        """Shape of the array that `to_axes` returns."""
        a, b, c = apply_orientation(np.empty(self.shape, bool), self.there).shape
        return a, b, c

    @property
    def new_spacing_mm(self) -> tuple[float, float, float]:
        """Voxel size of the array that `to_axes` returns, in mm."""
        return spacing_mm(self.new_affine)

    def to_axes(self, array: np.ndarray) -> np.ndarray:
        """Permute and flip the last three axes of ``array``: a view, (..., I', J', K')."""
        return self._apply(array, self.there)

    def from_axes(self, array: np.ndarray) -> np.ndarray:
        """Undo `to_axes`: a view, (..., I, J, K)."""
        return self._apply(array, self.back)

    @staticmethod
    def _apply(array: np.ndarray, ornt: np.ndarray) -> np.ndarray:
        lead = array.ndim - 3
        moved = np.moveaxis(array, range(lead), range(3, array.ndim)) if lead else array
        turned = apply_orientation(moved, ornt)
        return np.moveaxis(turned, range(3, array.ndim), range(lead)) if lead else turned


@dataclass(frozen=True, eq=False)
class DisplayGrid:
    """The display grid of one scan: axes (z, y, x) that grow towards S, P, L.

    `to_display` and `from_display` undo each other exactly.
    """

    affine: np.ndarray
    shape: tuple[int, int, int]

    @property
    def _map(self) -> AxisMap:
        return AxisMap(self.affine, self.shape, DISPLAY_AXES)

    @property
    def affine_xyz(self) -> np.ndarray:
        """Voxel indices x, y, z of the display arrays to mm, RAS+, (4, 4)."""
        return self._map.new_affine

    @property
    def scale_mm(self) -> tuple[float, float, float]:
        """Voxel size along z, y, x, in mm."""
        x, y, z = self._map.new_spacing_mm
        return z, y, x

    @property
    def display_shape(self) -> tuple[int, int, int]:
        """(K, J, I) of the display arrays."""
        x, y, z = self._map.new_shape
        return z, y, x

    def to_display(self, array: np.ndarray) -> np.ndarray:
        """(..., I, J, K) in file order to (..., z, y, x): a view."""
        turned = self._map.to_axes(array)
        return np.swapaxes(turned, -1, -3)

    def from_display(self, array: np.ndarray) -> np.ndarray:
        """(..., z, y, x) back to (..., I, J, K) in file order: a view."""
        return self._map.from_axes(np.swapaxes(array, -1, -3))

    def slice_from_display(self, axis: int, n: int) -> tuple[int, int]:
        """Axis and number, in the file's own array, of a slice across an axis of the display arrays."""
        own, direction = self._map.back[2 - axis]
        return int(own), n if direction > 0 else self.display_shape[axis] - 1 - n

    def points_to_display(self, points: np.ndarray) -> np.ndarray:
        """Voxel indices (..., 3) along I, J, K of the file's own array as indices along z, y, x.

        Examples
        --------
        >>> grid = DisplayGrid(np.diag([1.0, 1.0, 3.0, 1.0]), (10, 20, 5))
        >>> grid.points_to_display(np.array([0, 19, 2])).tolist()
        [2.0, 0.0, 9.0]
        """
        points, there = np.asarray(points, float), self._map.there
        moved = np.empty_like(points)
        for own, (axis, direction) in enumerate(there):
            moved[..., int(axis)] = points[..., own] if direction > 0 else self.shape[own] - 1 - points[..., own]
        return moved[..., ::-1]

    def axis_to_display(self, axis: int) -> int:
        """The axis z, y or x, as 0, 1 or 2, that an axis of the file's own array is shown along."""
        return 2 - int(self._map.there[axis][0])

    def box_from_display(self, box: tuple[slice, ...]) -> tuple[slice, slice, slice]:
        """A box of slices on the display grid, as a box on the file's own array."""
        return _moved(box[::-1], self._map.new_shape, self._map.back)

    def box_to_display(self, box: tuple[slice, ...]) -> tuple[slice, slice, slice]:
        """A box of slices on the file's own array, as a box on the display grid."""
        x, y, z = _moved(box, self.shape, self._map.there)
        return z, y, x


def _moved(box: tuple[slice, ...], shape: tuple[int, ...], ornt: np.ndarray) -> tuple[slice, slice, slice]:
    parts = [slice(0, 0)] * 3
    for part, n, (axis, direction) in zip(box, shape, ornt, strict=True):
        start, stop, _ = part.indices(n)
        if start >= stop:
            raise ValueError("The box is empty.")
        parts[int(axis)] = slice(start, stop) if direction > 0 else slice(n - stop, n - start)
    i, j, k = parts
    return i, j, k
