"""Training cases of models that are given a box: every draw sees another box, as loose as persons draw them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from napari_boundaryseg.data.boxes import Box, loosened
from napari_boundaryseg.engine.preprocessing.intensities import normalised
from napari_boundaryseg.engine.preprocessing.network_grid import resized
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation
from napari_boundaryseg.engine.training.data.augment import random_affine, sample
from napari_boundaryseg.engine.training.data.cases import TrainingCase, counted, some_voxels
from napari_boundaryseg.engine.training.data.targets import resampled
from napari_boundaryseg.models.slicewise import with_neighbours


def boxed(case: TrainingCase, recipe: Recipe, rng: np.random.Generator) -> TrainingCase:
    """What the network would be given in a random box round the organs of a loose case.

    The body is turned, scaled and mirrored first, and the box drawn then: it is full of tissue, and its sides are
    parallel to the network's axes, as they are when a scan is predicted. The box keeps a margin of its own on each of
    its six sides; intensities are normalised inside it.

    Parameters
    ----------
    case : TrainingCase
        Prepared with ``loose``: its image holds the scan's own intensities.
    recipe : Recipe
        With ``box_margin_mm``.
    rng : Generator

    Returns
    -------
    TrainingCase
        Of the box alone, at the recipe's size where it has one.
    """
    matrix, cut = _turned_box(case, recipe, rng)
    own: tuple[int, int, int] = tuple(part.stop - part.start for part in cut)
    size = recipe.preprocessing.size_vox or own
    channels = sample(case.image, _points(case, matrix, cut, own), "bilinear", "border").numpy()
    image = np.stack([normalised(channel, recipe.preprocessing, index) for index, channel in enumerate(channels)])
    image = resized(image, size, "linear") if size != own else image
    points = _points(case, matrix, cut, size)
    labels = sample(case.labels[None], points, "nearest")[0].to(case.labels.dtype).numpy()
    valid = counted(case, points)
    z, y, x = (n * s / m for n, s, m in zip(own, case.spacing_mm, size, strict=True))
    return replace(
        case,
        image=with_neighbours(torch.from_numpy(image), recipe.slices, recipe.plane),
        labels=torch.from_numpy(labels),
        maps=resampled(case.maps, points),
        spacing_mm=(z, y, x),
        voxels=some_voxels(labels, len(recipe.scheme.ids), valid.numpy()),
        valid=None if valid.all() else valid,
        loose=False,
    )


def without_turns(settings: Augmentation) -> Augmentation:
    """What is left to change of a case that was turned, scaled and mirrored before its box was drawn."""
    return settings.model_copy(update={"rotate_deg": 0.0, "scale": 0.0, "flip_axes": ()})


def _turned_box(case: TrainingCase, recipe: Recipe, rng: np.random.Generator) -> tuple[np.ndarray, Box]:
    """A random turn about the case's middle, in voxels, and a random box round the turned organs."""
    spacing = np.asarray(case.spacing_mm)
    matrix = random_affine(recipe.augmentation, rng, recipe.across) * spacing[None, :] / spacing[:, None]
    middle = (np.array(case.labels.shape) - 1) / 2
    labelled = np.argwhere(case.labels.numpy() > 0)
    if case.extent is not None:
        axis, first, stop = case.extent
        labelled = labelled[(labelled[:, axis] >= first) & (labelled[:, axis] < stop)]
    organs = (labelled - middle) @ np.linalg.inv(matrix).T + middle
    i, j, k = (
        slice(math.floor(low + 1e-6), math.ceil(high - 1e-6) + 1)
        for low, high in zip(organs.min(0), organs.max(0), strict=True)
    )
    x, y, z = recipe.box_margins_mm or ((0.0, 0.0),) * 3
    return matrix, loosened((i, j, k), case.labels.shape, case.spacing_mm, (z, y, x), rng)


def _points(case: TrainingCase, matrix: np.ndarray, cut: Box, size: tuple[int, int, int]) -> Tensor:
    """So many points, evenly through a box in the turned body: (z, y, x, 3), in voxels of the case."""
    middle = [(n - 1) / 2 for n in case.labels.shape]
    columns = torch.from_numpy(matrix.T.copy()).float()
    points = torch.tensor(middle)
    for axis, (part, n) in enumerate(zip(cut, size, strict=True)):
        places = part.start + (torch.arange(n) + 0.5) * ((part.stop - part.start) / n) - 0.5 - middle[axis]
        points = points + places.reshape([n if other == axis else 1 for other in range(3)] + [1]) * columns[axis]
    return points
