"""View of one scan through a model's windows: only those that show the organs on the corrected slices."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.inference.assembling.decision import decided
from napari_boundaryseg.engine.inference.windows import Zyx, pad_to, starts
from napari_boundaryseg.engine.preprocessing.box_distances import with_sides
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.training.adapting.corrected_slices import CorrectedSlices
from napari_boundaryseg.errors import InputError

OVERLAP = 0.25
"""Of neighbouring windows, where one does not hold the organs."""

Place = tuple[int, int, int]
"""Where a window begins, (z, y, x) voxels of the padded grid."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What one window teaches.

    Parameters
    ----------
    image : (C, z, y, x) float tensor
    labels : (z, y, x) int64 tensor of class indices
    counted : (1, z, y, x) bool tensor
        Voxels of corrected slices.
    elsewhere : (1, z, y, x) bool tensor
        All others of the scan.
    """

    image: Tensor
    labels: Tensor
    counted: Tensor
    elsewhere: Tensor


@dataclass(frozen=True, eq=False)
class View:
    """A scan on the network's grid, padded to a window.

    Parameters
    ----------
    scan : PreparedScan
    image : (C, z, y, x) float tensor, padded
    inside : three slices
        Where the scan lies in it.
    window : tuple of int
        The model's own. Of a network for slices as many of them as in a batch of its training.
    found : LabelMap
        The model's own answer, on the scan's grid.
    """

    scan: PreparedScan
    image: Tensor
    inside: tuple[slice, ...]
    window: Zyx
    found: LabelMap

    @classmethod
    def of(cls, scan: PreparedScan, found: LabelMap) -> View:
        """The view of a scan in which a model found these labels."""
        recipe, size = scan.recipe, list(scan.recipe.window_vox)
        if recipe.across is not None:
            size[recipe.across] = min(max(size[recipe.across], recipe.batch), scan.grid.shape[recipe.across])
        window = (size[0], size[1], size[2])
        image = with_sides(scan.image(), scan.grid.spacing_zyx, recipe.sides_mm)
        return cls(scan, *pad_to(image, window), window, found)

    def places(self, learnt: CorrectedSlices, every: CorrectedSlices) -> list[Place]:
        """Where windows are that hold every organ on these slices: as drawn on those that are learnt, and as found.

        Raises
        ------
        InputError
            Where there is none.
        """
        grid = self.scan.grid
        shown = (learnt.on(grid)[0] > 0) | (replace(every, labels=self.found).on(grid)[0] > 0)
        if not shown.any():
            raise InputError(
                "slices", "no organ is on the corrected ones, drawn or found", "Correct slices through the organs"
            )
        along = []
        for axis, (at, n) in enumerate(zip(self.inside, self.image.shape[1:], strict=True)):
            where = np.flatnonzero(shown.any(axis=tuple(one for one in range(3) if one != axis))) + at.start
            along.append(_beginnings(int(where[0]), int(where[-1]) + 1, self.window[axis], n))
        return [(z, y, x) for z, y, x in itertools.product(*along)]

    def lessons(self, corrected: CorrectedSlices, places: Iterable[Place]) -> dict[Place, Lesson]:
        """What the windows teach that a corrected slice goes through."""
        classes, on_slices = corrected.on(self.scan.grid)
        labels = self._padded(torch.from_numpy(classes.astype(np.int64)))
        counted = self._padded(torch.from_numpy(on_slices))
        elsewhere = self._padded(torch.from_numpy(~on_slices))
        found = {}
        for place in places:
            part = self._part(place)
            if counted[part].any():
                found[place] = Lesson(self.cut(place), labels[part], counted[(None, *part)], elsewhere[(None, *part)])
        return found

    def cut(self, place: Place) -> Tensor:
        """The window's image, (C, z, y, x)."""
        return self.image[(slice(None), *self._part(place))]

    def showing(self, places: Iterable[Place], corrected: CorrectedSlices) -> list[Place]:
        """Those of some windows that corrected slices go through."""
        on_slices = self._padded(torch.from_numpy(corrected.on(self.scan.grid)[1]))
        return [place for place in places if on_slices[self._part(place)].any()]

    def slices_of(self, answers: Mapping[Place, Tensor], axis: int, slices: Sequence[int]) -> np.ndarray:
        """The integers on some slices of the scan, (n, R, C), by what windows answer; background beside them.

        Parameters
        ----------
        answers : mapping
            To (classes, z, y, x) probabilities.
        axis : int
        slices : sequence of int
            Of the scan's own array.
        """
        grid, recipe = self.scan.grid, self.scan.recipe
        whole = np.zeros((len(slices), *np.delete(self.found.array.shape, axis)), np.uint16)
        if not answers:
            return whole
        total = torch.zeros(len(recipe.scheme.ids) + 1, *self.image.shape[1:])
        seen = torch.zeros(self.image.shape[1:])
        for place, answer in answers.items():
            total[(slice(None), *self._part(place))] += answer
            seen[self._part(place)] += 1
        total = total / seen.clamp_min(1)
        total[0] += (seen == 0).float()
        on_scan = grid.back(total[(slice(None), *self.inside)].numpy())
        inside = tuple(part for one, part in enumerate(grid.box) if one != axis)
        for plane, n in zip(whole, slices, strict=True):
            classes = decided(np.take(on_scan, n - grid.box[axis].start, axis + 1), recipe.nested)
            plane[inside] = np.array([0, *recipe.scheme.ids])[classes]
        return whole

    def _part(self, place: Place) -> tuple[slice, ...]:
        return tuple(slice(start, start + n) for start, n in zip(place, self.window, strict=True))

    def _padded(self, one: Tensor) -> Tensor:
        whole = torch.zeros(self.image.shape[1:], dtype=one.dtype)
        whole[self.inside] = one
        return whole


def _beginnings(first: int, end: int, window: int, n: int) -> list[int]:
    """Where windows begin that hold ``first`` to ``end`` of ``n`` voxels: one in the middle, or overlapping ones."""
    if end - first <= window:
        return [max(0, min((first + end - window) // 2, n - window))]
    return [first + start for start in starts(end - first, window, OVERLAP)]
