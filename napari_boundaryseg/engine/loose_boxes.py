"""Training cases of models that are given a box: every draw sees another box, as loose as persons draw them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from napari_boundaryseg.data.boxes import loosely_around
from napari_boundaryseg.engine.normalise import normalised
from napari_boundaryseg.engine.preprocess import resized
from napari_boundaryseg.engine.recipe import Recipe
from napari_boundaryseg.engine.training_cases import TrainingCase, some_voxels
from napari_boundaryseg.models.slicewise import with_neighbours


def boxed(case: TrainingCase, recipe: Recipe, rng: np.random.Generator) -> TrainingCase:
    """What the network would be given in a random box round the organs of a loose case.

    The box keeps a margin of its own on each of its six sides; intensities are normalised inside it, as they are when
    a scan is predicted in a box.

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
    cut = loosely_around(case.labels.numpy() > 0, case.spacing_mm, recipe.box_margin_mm or (0.0, 0.0), rng)
    channels = case.image[(slice(None), *cut)].numpy()
    image = np.stack([normalised(channel, recipe.preprocessing, index) for index, channel in enumerate(channels)])
    labels, hard, soft = case.labels[cut].numpy(), case.hard[(slice(None), *cut)], case.soft[(slice(None), *cut)]
    difficulty = None if case.difficulty is None else case.difficulty[(slice(None), *cut)]
    spacing = case.spacing_mm
    size = recipe.preprocessing.size_vox
    if size is not None:
        z, y, x = (n * s / m for n, s, m in zip(labels.shape, spacing, size, strict=True))
        spacing = z, y, x
        image, labels = resized(image, size, "linear"), resized(labels[None], size, "nearest")[0].astype(np.uint8)
        hard, soft = _like(hard, size, "nearest"), _like(soft, size, "linear")
        difficulty = None if difficulty is None else _like(difficulty, size, "linear")
    return replace(
        case, image=with_neighbours(torch.from_numpy(image), recipe.slices, recipe.plane),
        labels=torch.from_numpy(labels), hard=hard, soft=soft, difficulty=difficulty, spacing_mm=spacing,
        voxels=some_voxels(labels, len(recipe.scheme.ids)), loose=False,
    )


def _like(maps: torch.Tensor, size: tuple[int, int, int], mode: str) -> torch.Tensor:
    """Maps at another size in their own type; there may be none."""
    if not len(maps):
        return torch.zeros((0, *size), dtype=maps.dtype)
    return torch.from_numpy(resized(maps.float().numpy(), size, mode)).to(maps.dtype)
