"""Structure as the rules see it: one organ or region, cut out, with the slices it was drawn on first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from napari_boundaryseg.data.boxes import Box


@dataclass(frozen=True, eq=False)
class Structure:
    """One organ or region in the box round it.

    Parameters
    ----------
    name : str
    tolerance_mm : float
    mask : (S, R, C) bool array
        Slices first; tight, so that its first and last slice, row and column hold something.
    others : (S, R, C) bool array
        Where other organs are.
    box : three slices
        Where it lies in the scan's own array (I, J, K).
    axis : int
        Which of I, J, K is S.
    spacing_mm : tuple of float
        Along S, R, C.
    voxel_ml : float
    at_ends : tuple of (bool, bool)
        Along S, R, C: whether the scan ends where the box does.
    region : bool
        Whether it is a union of organs.
    """

    name: str
    tolerance_mm: float
    mask: np.ndarray
    others: np.ndarray
    box: Box
    axis: int
    spacing_mm: tuple[float, float, float]
    voxel_ml: float
    at_ends: tuple[tuple[bool, bool], ...]
    region: bool = False

    @property
    def is_cut(self) -> bool:
        """Whether it reaches an end of the scan."""
        return any(map(any, self.at_ends))

    @cached_property
    def n_voxels(self) -> int:
        """How many voxels it has."""
        return int(np.count_nonzero(self.mask))

    @property
    def ml(self) -> float:
        """Its volume."""
        return self.n_voxels * self.voxel_ml

    @property
    def pixel_mm2(self) -> float:
        """The area of one pixel of a slice."""
        return self.spacing_mm[1] * self.spacing_mm[2]

    @cached_property
    def areas_px(self) -> np.ndarray:
        """(S,) pixels on each slice."""
        return np.count_nonzero(self.mask, axis=(1, 2))

    @cached_property
    def perimeters_mm(self) -> np.ndarray:
        """(S,) length of the border on each slice: sides of pixels, times pi / 4, which is right on average."""
        return np.pi / 4 * (self._sides(1) * self.spacing_mm[2] + self._sides(2) * self.spacing_mm[1])

    @cached_property
    def perimeters_px(self) -> np.ndarray:
        """(S,) sides of pixels on the border of each slice."""
        return self._sides(1) + self._sides(2)

    def _sides(self, axis: int) -> np.ndarray:
        mask = np.moveaxis(self.mask, axis, 1)
        inner = np.count_nonzero(mask[:, 1:] != mask[:, :-1], axis=(1, 2))
        ends = np.count_nonzero(mask[:, [0, -1]], axis=(1, 2))
        return np.asarray(inner + ends)

    @cached_property
    def gaps(self) -> tuple[tuple[int, int], ...]:
        """Empty slices between slices that are not: the first and the last of each run."""
        filled = np.flatnonzero(self.areas_px)
        steps = np.flatnonzero(np.diff(filled) > 1)
        return tuple((int(filled[n]) + 1, int(filled[n + 1]) - 1) for n in steps)

    @cached_property
    def bridged(self) -> np.ndarray:
        """(S, R, C) bool: the mask, with empty slices filled.

        By what the slices before and after share, or by both where they share nothing.
        """
        if not self.gaps:
            return self.mask
        bridged = self.mask.copy()
        for first, last in self.gaps:
            below, above = self.mask[first - 1], self.mask[last + 1]
            both = below & above
            bridged[first : last + 1] = both if both.any() else below | above
        return bridged

    def voxel(self, s: float, r: float, c: float) -> tuple[int, int, int]:
        """A voxel (i, j, k) of the scan's own array, from one of the mask."""
        found = np.empty(3, int)
        rest = [axis for axis in range(3) if axis != self.axis]
        found[[self.axis, *rest]] = np.rint([s, r, c])
        i, j, k = (int(n) + part.start for n, part in zip(found, self.box, strict=True))
        return i, j, k

    def middle_of(self, s: int, mask: np.ndarray | None = None) -> tuple[int, int, int]:
        """The voxel of a slice of the mask, or of another mask of its size, that is closest to its middle."""
        pixels = np.argwhere(self.mask[s] if mask is None else mask)
        closest = pixels[np.square((pixels - pixels.mean(axis=0)) * self.spacing_mm[1:]).sum(axis=1).argmin()]
        return self.voxel(s, *closest)
