"""Scans ready for training: on the network's grid, with their targets."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch
from scipy import ndimage
from torch import Tensor

from napari_boundaryseg.data.boxes import AnyBox, around
from napari_boundaryseg.data.formats.channels import difference
from napari_boundaryseg.data.slices.continued import continued
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan, part_of
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.training.data import targets
from napari_boundaryseg.engine.training.data.augment import sample
from napari_boundaryseg.engine.training.data.targets import Maps
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, silent

Pair = tuple[Volume, LabelMap] | LabelledScan
Make = Callable[[], "TrainingCase"]
Hold = Callable[[LabelledScan, bool, Make], "TrainingCase"]
"""A scan, whether its case is loose, and what makes the case, to a case that is held as long as it is needed."""

ROOM = 1.5
"""Of the widest margin: a box that is drawn round a turned organ reaches further."""


@dataclass(frozen=True, eq=False)
class TrainingCase:
    """One scan on the network's grid.

    Parameters
    ----------
    image : (C, z, y, x) float32 tensor, normalised
    labels : (z, y, x) uint8 or int16 tensor of class indices
    maps : dict of (N, z, y, x) tensors
        The target maps that the recipe's losses need; see `engine.training.data.targets`.
    spacing_mm : tuple of float
        Along z, y, x.
    voxels : list of (n, 3) int arrays
        For each organ that is present, up to 2000 of its voxels: where patches may be centred.
    name : str
    valid : (1 or organs, z, y, x) bool tensor, optional
        Where it is known of each organ whether a voxel is of it; everywhere by default. See `losses.Target`.
    loose : bool
        The image holds the scan's own intensities with wide margins; `random_boxes.boxed` makes a case of it.
    extent : tuple of int, optional
        An axis of (z, y, x), and the planes (from, to) between which the organs lie, where `labels` goes on beyond.
    """

    image: Tensor
    labels: Tensor
    maps: Maps
    spacing_mm: tuple[float, float, float]
    voxels: list[np.ndarray]
    name: str = ""
    valid: Tensor | None = None
    loose: bool = False
    extent: tuple[int, int, int] | None = None


def prepare(
    volume: Volume, labels: LabelMap, recipe: Recipe, box: AnyBox | None = None, looked: LookedAt | None = None
) -> TrainingCase:
    """Bring one labelled scan to the network's grid and make its target maps.

    Of the scan, that part is taken which the model would be given to segment it: see
    `engine.preprocessing.field_of_view.part_of`. Where the scheme of the labels lacks an organ of the recipe, it is not
    taught as background, and nor is what lies on slices that nobody has looked at: see `known_voxels`.

    Raises
    ------
    InputError
        When the labels lie on another grid than the scan, or the scan is blank or holds voxels that are not numbers.
    """
    check_pair(volume, labels)
    scan = PreparedScan.of(volume, recipe)
    scan = scan.within(part_of(scan, labels, box))
    return _case(scan, scan.image(), labels, looked)


def prepare_loosely(volume: Volume, labels: LabelMap, recipe: Recipe, looked: LookedAt | None = None) -> TrainingCase:
    """Keep a labelled scan beyond the widest margin of the recipe's boxes, for random boxes to be drawn from it."""
    check_pair(volume, labels)
    unsized = recipe.model_copy(update={"preprocessing": recipe.preprocessing.model_copy(update={"size_vox": None})})
    most = max((margins[1] for margins in recipe.box_margins_mm or ()), default=0.0)
    widest = around(labels.array > 0, labels.spacing_mm, ROOM * most)
    scan = PreparedScan.of(volume, unsized).within(widest)
    return _case(scan, torch.from_numpy(scan.grid.intensities()), labels, looked, loose=True)


def _case(
    scan: PreparedScan, image: Tensor, labels: LabelMap, looked: LookedAt | None, *, loose: bool = False
) -> TrainingCase:
    """An image on the network's grid, with its labels and their target maps."""
    recipe, grid = scan.recipe, scan.grid
    named = recipe.scheme.ids if labels.scheme.unnamed else labels.scheme.ids
    labels = labels.with_scheme(recipe.scheme)
    classes = grid.labels(labels if looked is None else continued(labels, looked))
    valid = known_voxels(grid, labels, looked, set(recipe.scheme.ids) - set(named))
    return TrainingCase(
        image=image.contiguous(),
        labels=torch.from_numpy(np.ascontiguousarray(classes)),
        valid=None if valid is None else torch.from_numpy(valid),
        maps=targets.made(classes, recipe, grid.spacing_zyx),
        spacing_mm=grid.spacing_zyx,
        voxels=some_voxels(classes, len(recipe.scheme.ids), valid),
        name=scan.volume.name,
        loose=loose,
        extent=None if looked is None or not loose else _extent(grid, labels, looked.axis),
    )


def known_voxels(
    grid: NetworkGrid, labels: LabelMap, looked: LookedAt | None, unlabelled: Collection[int] = ()
) -> np.ndarray | None:
    """Where on a network's grid each organ is known: (1 or organs, z, y, x) bool, None where all are everywhere.

    Where the grid is coarser across the slices than the scan, a plane shows the nearest slice that was looked at, so
    that none falls between two planes.
    """
    ids, shape = labels.scheme.ids, labels.geometry.shape
    if looked is None:
        rows, axis = np.ones((len(ids), shape[0]), bool), 0
    else:
        looked.check(labels)
        rows, axis = looked.known(shape[looked.axis], ids), looked.axis
        reach = math.ceil((grid.planes_of(axis)[1] - 1) / 2 - 1e-6)
        rows = ndimage.binary_dilation(rows, np.ones((1, 2 * reach + 1), bool))
    rows[np.isin(ids, list(unlabelled))] = False
    if rows.all():
        return None
    rows = rows[:1] if (rows == rows[0]).all() else rows
    planes = rows.reshape(len(rows), *[-1 if one == axis else 1 for one in range(3)])
    return grid.masks(np.broadcast_to(planes, (len(rows), *shape)))


def _extent(grid: NetworkGrid, labels: LabelMap, axis: int) -> tuple[int, int, int]:
    """See `TrainingCase`: as far as anything is drawn, known or not."""
    along, _ = grid.planes_of(axis)
    drawn = np.flatnonzero(grid.labels(labels).any(tuple({0, 1, 2} - {along})))
    return along, int(drawn[0]), int(drawn[-1]) + 1


def counted(case: TrainingCase, points: Tensor) -> Tensor:
    """Where (z', y', x', 3) points, in voxels of a case, lie in ones that count: (1 or organs, z', y', x') bool."""
    inside = torch.ones((1, *points.shape[:-1]), dtype=torch.bool)
    for axis, n in enumerate(case.labels.shape):
        inside &= (points[..., axis] >= -0.5) & (points[..., axis] < n - 0.5)
    return inside if case.valid is None else inside & (sample(case.valid, points, "nearest") > 0)


def check_pair(volume: Volume, labels: LabelMap) -> None:
    """Refuse what a network would learn nothing true from, whoever calls.

    Raises
    ------
    InputError
        When the labels lie on another grid than the scan, a channel is the same everywhere, or voxels are no numbers.
    """
    if not labels.geometry.same_as(volume.geometry):
        raise InputError(
            volume.name,
            f"its labels lie on another grid: {difference(labels.geometry, volume.geometry)}",
            "Use labels that were drawn on this scan",
        )
    for name, channel in zip(volume.channels, volume.array, strict=True):
        where = f" in {name}" if len(volume.channels) > 1 else ""
        if not np.isfinite(channel).all():
            raise InputError(volume.name, f"some voxels are not numbers{where}", "Correct the scan, or leave it out")
        if channel.size and (channel == channel.flat[0]).all():
            raise InputError(volume.name, f"the image is the same everywhere{where}", "Leave this scan out")


def some_voxels(classes: np.ndarray, organs: int, valid: np.ndarray | None = None) -> list[np.ndarray]:
    """For each organ that is present and known, up to about 2000 of its voxels, spread over it."""
    chosen = []
    for index in range(1, organs + 1):
        there = classes == index
        where = np.argwhere(there if valid is None else there & valid[min(index, len(valid)) - 1])
        if len(where):
            chosen.append(where[:: max(1, len(where) // 2000)])
    return chosen


def in_memory(scan: LabelledScan, loose: bool, make: Make) -> TrainingCase:
    """Hold a case in memory: see `Hold`."""
    return make()


def prepare_all(
    cases: Iterable[Pair],
    recipe: Recipe,
    progress: Progress = silent,
    *,
    loosely: bool = False,
    hold: Hold = in_memory,
) -> list[TrainingCase]:
    """Prepare labelled scans one after the other; `loosely` those that have no box of their own."""
    prepared = []
    for case in cases:
        scan = LabelledScan(*case)
        volume, labels, box, looked = scan
        progress(0.0, f"Preparing {volume.name}")
        loose = loosely and box is None and bool(labels.array.any())
        make = partial(prepare_loosely if loose else partial(prepare, box=box), volume, labels, recipe, looked=looked)
        prepared.append(hold(scan, loose, make))
    return prepared


class Source(Protocol):
    """Where training cases come from."""

    def at(self, step: int) -> Sequence[TrainingCase]:
        """The cases that a step may draw its patches from."""


class RealCases:
    """Labelled scans, all prepared once and held."""

    def __init__(
        self, cases: Iterable[Pair], recipe: Recipe, *, progress: Progress = silent, hold: Hold = in_memory
    ) -> None:
        self._cases = prepare_all(cases, recipe, progress, loosely=recipe.box_margin_mm is not None, hold=hold)
        if not any(case.voxels for case in self._cases):
            raise InputError("training cases", "none of them holds a labelled voxel", "Label at least one organ")

    def at(self, step: int) -> Sequence[TrainingCase]:
        """All of them, whatever the step."""
        return self._cases
