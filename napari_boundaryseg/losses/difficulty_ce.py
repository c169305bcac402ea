"""Difficulty-guided cross-entropy: voxels count more where the border is hard to find (HMEDN)."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.data.boundaries import outline
from napari_boundaryseg.data.contour_targets import TRUNCATE, slicewise_difficulty
from napari_boundaryseg.losses import Target, register, target_maps
from napari_boundaryseg.losses.reduce import per_class, valid_mean
from napari_boundaryseg.losses.target_maps import GridLabels, MapSettings
from napari_boundaryseg.losses.unknown import one_class
from napari_boundaryseg.models import ModelOutput


def _reach(targets: MapSettings) -> float | None:
    """By the largest sum a map is scaled over the whole scan."""
    return TRUNCATE * targets.difficulty_sigma_mm if targets.difficulty_scale == "plane" else None


@target_maps.register("difficulty", interpolation="bilinear", least=1.0, reach=_reach)
def difficulty(truth: GridLabels) -> np.ndarray:
    """(1, z, y, x) float16: how hard the border is to find there, from 1 on."""
    settings = truth.settings
    edges = [outline(mask, settings.boundary, truth.across) for mask in truth.masks()]
    sigma_vox = [settings.difficulty_sigma_mm / step for step in truth.spacing_mm]
    found = slicewise_difficulty(
        edges,
        sigma_vox,
        truth.across,
        gain=settings.difficulty_gains or settings.difficulty_gain,
        normalise=settings.difficulty_scale,
        weight=settings.boundary_weight,
    )
    return found[None].astype(np.float16)


def weighted_entropy(
    logits: Tensor,
    labels: Tensor,
    difficulty: Tensor,
    valid: Tensor | None = None,
    class_weights: tuple[float, ...] | None = None,
) -> Tensor:
    """Mean over voxels of difficulty times cross-entropy: divided by their number, not by the sum of the weights.

    Parameters
    ----------
    logits : (B, C, *sp) tensor
    labels : (B, *sp) int64 tensor
    difficulty : (B, 1, *sp) tensor
        From 1 on; see `napari_boundaryseg.data.contour_targets.difficulty_map`.
    valid : (B, 1, *sp) bool tensor, optional
    class_weights : tuple of float, optional
        By which each voxel's cross-entropy is multiplied, according to its label.
    """
    logits = logits.float()
    entropy = F.cross_entropy(logits, labels, weight=per_class(logits, class_weights), reduction="none")[:, None]
    return valid_mean(difficulty.float() * entropy, valid)


@register("difficulty-ce", needs=("difficulty",))
def difficulty_ce(
    output: ModelOutput,
    target: Target,
    class_weights: tuple[float, ...] | None = None,
    deep_weights: tuple[float, ...] = (0.4,),
) -> Tensor:
    """Difficulty-weighted cross-entropy of the segmentation and of its side outputs.

    Parameters
    ----------
    output : ModelOutput
    target : Target
        With its difficulty map.
    class_weights : tuple of float, optional
        One weight per class, background first; the paper takes the inverse of each class's share of the voxels. With
        them and a recipe whose ``targets.difficulty_gain`` is 0 this is the class-weighted loss of equation 3.
    deep_weights : tuple of float
        Weights of the side outputs, finest first.

    Returns
    -------
    Tensor
        Scalar, float32. Source: HMEDN equations 3 to 5.

    References
    ----------
    Zhou, Nie, Adeli et al., High-resolution encoder-decoder networks for low-contrast medical image segmentation, IEEE
    Transactions on Image Processing 29, 2020.
    """
    total = output.logits.new_zeros((), dtype=torch.float32)
    for weight, logits in zip((1.0, *deep_weights), (output.logits, *output.deep), strict=False):
        told = one_class(logits.float(), target.labels, target.valid)
        value = weighted_entropy(*told, target.needed("difficulty"), target.any_known, class_weights)
        total = total + weight * value
    return total
