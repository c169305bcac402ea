"""Corrected slices: what a person drew on some slices of a scan, and where it lies on a network's grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_boundaryseg.data.boxes import Box, around, union
from napari_boundaryseg.data.formats.channels import difference
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.relabel import to_scheme
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.errors import InputError

FEWEST = 2
"""With one slice there is none to be left out, so that nobody could say how many steps help."""


@dataclass(frozen=True, eq=False)
class CorrectedSlices:
    """Slices that are as a person wants them; nothing is known of the others.

    Parameters
    ----------
    labels : LabelMap
        Background on all other slices.
    slices : tuple of int
        Across ``axis``, ascending.
    axis : int
        Of the scan's own (I, J, K) array.
    """

    labels: LabelMap
    slices: tuple[int, ...]
    axis: int

    @classmethod
    def of(
        cls, volume: Volume, labels: LabelMap, slices: Sequence[int], axis: int, scheme: LabelScheme
    ) -> CorrectedSlices:
        """Corrected slices of a label map, in the integers of a model's scheme.

        Raises
        ------
        InputError
            For labels on another grid or of organs that the model does not know, an axis or a slice that the scan does
            not have, and fewer than two slices.
        """
        if not labels.geometry.same_as(volume.geometry):
            raise InputError(
                volume.name,
                f"its labels lie on another grid: {difference(labels.geometry, volume.geometry)}",
                "Use the labels that were corrected on this scan",
            )
        if axis not in (0, 1, 2):
            raise InputError("axis", f"it is {axis}", "Choose 0, 1 or 2: an axis of the scan's array")
        chosen, n = sorted({int(one) for one in slices}), volume.geometry.shape[axis]
        outside = [one for one in chosen if not 0 <= one < n]
        if outside:
            raise InputError("slices", f"one lies outside the scan, which has {n} of them", "Choose others")
        if len(chosen) < FEWEST:
            raise InputError(
                "slices",
                f"{len(chosen) or 'none'} is corrected, and each is left out once to see whether adapting helps",
                "Correct two slices at least; three that are spread over the organ are better",
            )
        kept = np.zeros_like(labels.array)
        place = _on(chosen, axis)
        kept[place] = labels.array[place]
        believed = replace(labels, array=kept)
        believed = believed.with_scheme(scheme) if labels.scheme.unnamed else to_scheme(believed, scheme)
        return cls(believed, tuple(chosen), axis)

    def without(self, n: int) -> CorrectedSlices:
        """The others."""
        kept = self.labels.array.copy()
        kept[_on([n], self.axis)] = 0
        return replace(self, labels=replace(self.labels, array=kept), slices=tuple(m for m in self.slices if m != n))

    def drawn(self, n: int) -> np.ndarray:
        """What a person drew on one slice: (R, C) integers."""
        return np.take(self.labels.array, n, self.axis)

    def grown(self, box: Box) -> Box:
        """A box, grown to what is drawn outside it."""
        drawn = around(self.labels.array > 0, self.labels.spacing_mm)
        grown = box if drawn is None else union([box, drawn])
        return grown or box

    def within(self, box: Box) -> CorrectedSlices:
        """Those in a box; one beside it on which nothing is drawn has nothing to teach there.

        Raises
        ------
        InputError
            When something is drawn on one beside it, or fewer are left than it takes.
        """
        part = box[self.axis]
        inside = tuple(n for n in self.slices if part.start <= n < part.stop)
        if any(self.drawn(n).any() for n in set(self.slices) - set(inside)):
            raise InputError("slices", "one lies outside the box that the model is given", "Widen the box")
        if len(inside) < FEWEST:
            raise InputError("slices", "fewer than two lie in the box that the model is given", "Correct more of them")
        return replace(self, slices=inside)

    def on(self, grid: NetworkGrid) -> tuple[np.ndarray, np.ndarray]:
        """Class indices on a network's grid, and which of its voxels lie on these slices; (z, y, x) both.

        Where the grid is coarser across the slices than the scan, a plane of it shows the nearest of them.
        """
        places = np.arange(self.labels.array.shape[self.axis])
        gaps = np.abs(np.subtract.outer(places, np.asarray(self.slices)))
        near = np.flatnonzero(gaps.min(1) <= _reach(grid, self.axis))
        spread, known = np.zeros_like(self.labels.array), np.zeros(self.labels.array.shape, bool)
        place = _on(near.tolist(), self.axis)
        spread[place] = np.take(self.labels.array, np.asarray(self.slices)[gaps[near].argmin(1)], self.axis)
        known[place] = True
        classes = grid.labels(replace(self.labels, array=spread))
        return classes, grid.labels(LabelMap(known, self.labels.geometry, name=self.labels.name)) > 0


def _on(slices: Sequence[int], axis: int) -> tuple[slice | list[int], ...]:
    return tuple(list(slices) if one == axis else slice(None) for one in range(3))


def _reach(grid: NetworkGrid, axis: int) -> int:
    """How many slices on each side a plane of the grid stands for, so that none falls between two planes."""
    return math.ceil((grid.planes_of(axis)[1] - 1) / 2 - 1e-6)
