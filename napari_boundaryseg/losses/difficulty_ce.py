"""Cross-entropy that counts more where the border is hard to find (HMEDN)."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.reduce import valid_mean
from napari_boundaryseg.models import ModelOutput


def weighted_entropy(logits: Tensor, labels: Tensor, difficulty: Tensor, valid: Tensor | None = None) -> Tensor:
    """Mean over voxels of difficulty times cross-entropy: divided by their number, not by the sum of the weights.

    Parameters
    ----------
    logits : (B, C, *sp) tensor
    labels : (B, *sp) int64 tensor
    difficulty : (B, 1, *sp) tensor
        From 1 on; see `napari_boundaryseg.data.boundaries.difficulty_map`.
    valid : (B, 1, *sp) bool tensor, optional
    """
    entropy = F.cross_entropy(logits.float(), labels, reduction="none")[:, None]
    return valid_mean(difficulty.float() * entropy, valid)


@register("difficulty-ce")
def difficulty_ce(output: ModelOutput, target: Target, deep_weights: tuple[float, ...] = (0.4,)) -> Tensor:
    """Difficulty-weighted cross-entropy of the segmentation and of its side outputs.

    Parameters
    ----------
    output : ModelOutput
    target : Target
        With its difficulty map, which a recipe that names this loss makes for each case.
    deep_weights : tuple of float
        Weights of the side outputs, finest first.

    Returns
    -------
    Tensor
        Scalar, float32. Source: HMEDN equations 4 and 5.
    """
    if target.difficulty is None:
        raise InputError("difficulty-ce", "the batch has no difficulty map", "Name this loss in the recipe")
    total = weighted_entropy(output.logits, target.labels, target.difficulty, target.valid)
    for weight, logits in zip(deep_weights, output.deep, strict=False):
        total = total + weight * weighted_entropy(logits, target.labels, target.difficulty, target.valid)
    return total
