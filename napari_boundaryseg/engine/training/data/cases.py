"""Scans ready for training: on the network's grid, with their targets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from napari_boundaryseg.data.boxes import AnyBox, around
from napari_boundaryseg.data.formats.channels import difference
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan, part_of
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
    unlabelled : tuple of str
        The organs of the recipe that the scheme of its labels does not have: they may be anywhere in its background.
    valid : (z, y, x) bool tensor, optional
        Where it is known what a voxel is; everywhere by default. Of a case with unlabelled organs, in the others.
    loose : bool
        The image holds the scan's own intensities with wide margins; `random_boxes.boxed` makes a case of it.
    """

    image: Tensor
    labels: Tensor
    maps: Maps
    spacing_mm: tuple[float, float, float]
    voxels: list[np.ndarray]
    name: str = ""
    unlabelled: tuple[str, ...] = ()
    valid: Tensor | None = None
    loose: bool = False


def prepare(volume: Volume, labels: LabelMap, recipe: Recipe, box: AnyBox | None = None) -> TrainingCase:
    """Bring one labelled scan to the network's grid and make its target maps.

    Of the scan, that part is taken which the model would be given to segment it: see
    `engine.preprocessing.field_of_view.part_of`. Where the scheme of the labels lacks an organ of the recipe, it is not
    taught as background: of such a case only the voxels of its organs count.

    Raises
    ------
    InputError
        When the labels lie on another grid than the scan, or the scan is blank or holds voxels that are not numbers.
    """
    check_pair(volume, labels)
    scan = PreparedScan.of(volume, recipe)
    scan = scan.within(part_of(scan, labels, box))
    return _case(scan, scan.image(), labels)


def prepare_loosely(volume: Volume, labels: LabelMap, recipe: Recipe) -> TrainingCase:
    """Keep a labelled scan beyond the widest margin of the recipe's boxes, for random boxes to be drawn from it."""
    check_pair(volume, labels)
    unsized = recipe.model_copy(update={"preprocessing": recipe.preprocessing.model_copy(update={"size_vox": None})})
    most = max((margins[1] for margins in recipe.box_margins_mm or ()), default=0.0)
    widest = around(labels.array > 0, labels.spacing_mm, ROOM * most)
    scan = PreparedScan.of(volume, unsized).within(widest)
    return _case(scan, torch.from_numpy(scan.grid.intensities()), labels, loose=True)


def _case(scan: PreparedScan, image: Tensor, labels: LabelMap, *, loose: bool = False) -> TrainingCase:
    """An image on the network's grid, with its labels and their target maps."""
    recipe, grid = scan.recipe, scan.grid
    classes = grid.labels(labels.with_scheme(recipe.scheme))
    known = recipe.scheme.ids if labels.scheme.unnamed else labels.scheme.ids
    unlabelled = tuple(organ.name for organ in recipe.scheme.organs if organ.id not in known)
    return TrainingCase(
        image=image.contiguous(),
        labels=torch.from_numpy(np.ascontiguousarray(classes)),
        unlabelled=unlabelled,
        valid=torch.from_numpy(classes > 0) if unlabelled else None,
        maps=targets.made(classes, recipe, grid.spacing_zyx),
        spacing_mm=grid.spacing_zyx,
        voxels=some_voxels(classes, len(recipe.scheme.ids)),
        name=scan.volume.name,
        loose=loose,
    )


def counted(case: TrainingCase, points: Tensor) -> Tensor:
    """Which of (z', y', x', 3) points, in voxels of a case, lie in one that counts: (z', y', x') bool."""
    inside = torch.ones(points.shape[:-1], dtype=torch.bool)
    for axis, n in enumerate(case.labels.shape):
        inside &= (points[..., axis] >= -0.5) & (points[..., axis] < n - 0.5)
    return inside if case.valid is None else inside & (sample(case.valid[None], points, "nearest")[0] > 0)


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


def some_voxels(classes: np.ndarray, organs: int) -> list[np.ndarray]:
    """For each organ that is present, up to about 2000 of its voxels, spread over it."""
    chosen = []
    for index in range(1, organs + 1):
        where = np.argwhere(classes == index)
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
        volume, labels, box = scan
        progress(0.0, f"Preparing {volume.name}")
        loose = loosely and box is None and bool(labels.array.any())
        make = partial(prepare_loosely if loose else partial(prepare, box=box), volume, labels, recipe)
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
