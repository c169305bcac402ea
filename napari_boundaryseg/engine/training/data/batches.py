"""Training cases to batches of patches with their targets."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from napari_boundaryseg.engine.preprocessing.box_distances import distances_to_sides
from napari_boundaryseg.engine.recipes.recipe import Augmentation, Recipe
from napari_boundaryseg.engine.training.data.augment import change_intensities, sample, sampling_points
from napari_boundaryseg.engine.training.data.cases import TrainingCase, counted
from napari_boundaryseg.engine.training.data.random_boxes import boxed, without_turns
from napari_boundaryseg.engine.training.data.targets import Maps, contoured, drawn, made_anew
from napari_boundaryseg.losses import Target


def batch_at(cases: Sequence[TrainingCase], recipe: Recipe, seed: int, step: int) -> tuple[Tensor, Target]:
    """The batch of one step: it depends on the cases, the seed and the step alone.

    Returns
    -------
    image : (B, C, z, y, x) float32 tensor
    target : Target
    """
    rng = np.random.default_rng([seed, step])
    patches = [draw(cases[int(rng.integers(len(cases)))], recipe, rng) for _ in range(recipe.batch)]
    images, labels, maps, valid = zip(*patches, strict=True)
    stacked = {name: torch.stack([one[name] for one in maps]) for name in maps[0]}
    counts = None if all(map(torch.all, valid)) else _stacked(valid)
    target = Target(torch.stack(labels), stacked, counts, recipe.nested, contoured(recipe))
    return torch.stack(images), target


def _stacked(valid: Sequence[Tensor]) -> Tensor:
    """(B, 1 or organs, z, y, x): with a channel for each organ as soon as one patch has them."""
    most = max(map(len, valid))
    return torch.stack([one.expand(most, *one.shape[1:]) for one in valid])


def draw(case: TrainingCase, recipe: Recipe, rng: np.random.Generator) -> tuple[Tensor, Tensor, Maps, Tensor]:
    """One augmented patch of a case: image, class indices, target maps, and (1 or organs, z, y, x) bool.

    The last says where each organ counts: in the scan, and where somebody has looked at it.
    """
    loose, augmentation = case.loose, recipe.augmentation
    if loose:
        case, augmentation = boxed(case, recipe, rng), without_turns(augmentation)
    centre = _centre(case, recipe, rng)
    points = sampling_points(recipe.patch_vox, centre, case.spacing_mm, augmentation, rng, recipe.across)
    # Of a whole box, what a bend takes from beyond its sides is not empty.
    outside = "border" if loose and tuple(case.labels.shape) == recipe.patch_vox else "zeros"
    image = sample(case.image, points, "bilinear", outside)
    if recipe.slices > 1 and "zyx"[recipe.across or 0] in augmentation.flip_axes and rng.random() < 0.5:
        image = image.unflatten(0, (-1, recipe.slices)).flip(1).flatten(0, 1)
    empty = (image == 0).all(0) if recipe.preprocessing.nonzero else None
    image = change_intensities(image, case.spacing_mm, augmentation, rng)
    if empty is not None:  # beyond the head there is nothing, as where it is predicted
        image = image.masked_fill(empty, 0)
    if recipe.sides_mm:
        sides = distances_to_sides(points, case.labels.shape, case.spacing_mm, recipe.sides_mm)
        image = torch.cat([image, sides])
    labels = sample(case.labels[None], points, "nearest")[0].long()
    maps = made_anew(case.maps, case.labels, points, recipe, case.spacing_mm) if warps(augmentation, case) else None
    return image, labels, drawn(case.maps, points) if maps is None else maps, counted(case, points)


def warps(augmentation: Augmentation, case: TrainingCase) -> bool:
    """Whether patches are more than moved and mirrored, on a grid that stays the case's own."""
    cube = not augmentation.permute_axes or len({*case.spacing_mm}) == 1
    return bool(augmentation.rotate_deg or augmentation.scale or augmentation.elastic_mm) and cube


def _centre(case: TrainingCase, recipe: Recipe, rng: np.random.Generator) -> np.ndarray:
    """Near a random organ, or any place, such that the patch stays inside the scan where it can.

    The patch's voxels are voxels of the case: without geometric augmentation it is a plain crop.
    """
    shape, patch = np.array(case.labels.shape), np.array(recipe.patch_vox)
    if case.voxels and rng.random() < recipe.foreground:
        organ = case.voxels[int(rng.integers(len(case.voxels)))]
        centre = organ[int(rng.integers(len(organ)))] + rng.uniform(-0.25, 0.25, 3) * patch
    else:
        centre = rng.uniform(0, 1, 3) * (shape - 1)
    middle = (patch - 1) / 2
    first = np.clip(np.round(centre - middle), 0, np.maximum(shape - patch, 0))
    return np.where(shape <= patch, (shape - patch) // 2, first) + middle
