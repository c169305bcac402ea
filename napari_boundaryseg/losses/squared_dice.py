"""Soft Dice with squared denominators, as in V-Net, EG-CNN, BA-Net and the boundary-enhancement paper."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.models import ModelOutput


def squared_dice(probabilities: Tensor, truth: Tensor, valid: Tensor | None = None) -> Tensor:
    """1 - 2 Σ p y / (Σ p² + Σ y² + 1e-5), the mean over those cases and channels that hold the structure.

    A channel without the structure is left out: its overlap is 0 whatever the network says, so it would add a
    constant and teach nothing.

    Parameters
    ----------
    probabilities, truth : (B, C, *sp) tensors
    valid : (B, 1 or C, *sp) bool tensor, optional
    """
    probabilities, truth = probabilities.float(), truth.float()
    if valid is not None:
        probabilities, truth = probabilities * valid, truth * valid
    axes = tuple(range(2, probabilities.ndim))
    overlap = (probabilities * truth).sum(axes)
    total = (probabilities**2).sum(axes) + (truth**2).sum(axes)
    present = (truth.sum(axes) > 0).float()
    return (present * (1 - 2 * overlap / (total + 1e-5))).sum() / present.sum().clamp_min(1.0)


Regions = Sequence[Sequence[int]]
"""Class indices of each: see `losses.Target`."""


def organ_probabilities(logits: Tensor, regions: Regions = ()) -> Tensor:
    """Softmax without the background, or the sigmoid of a single channel: (B, organs or regions, *sp)."""
    logits = logits.float()
    return merged(torch.softmax(logits, 1)[:, 1:] if logits.shape[1] > 1 else logits.sigmoid(), regions)


def organ_masks(labels: Tensor, channels: int, regions: Regions = ()) -> Tensor:
    """(B, *sp) class indices to (B, organs or regions, *sp), for as many channels as the logits have."""
    return merged(F.one_hot(labels, max(2, channels)).movedim(-1, 1)[:, 1:].float(), regions)


def merged(organs: Tensor, regions: Regions) -> Tensor:
    """One channel for each region, the sum of its organs; the organs themselves where there are no regions.

    Examples
    --------
    >>> merged(torch.tensor([[0.2, 0.5, 0.1]]), ((1, 2, 3), (1, 3))).round(decimals=1)
    tensor([[0.8000, 0.3000]])
    """
    if not regions:
        return organs
    return torch.stack([organs[:, [n - 1 for n in inside]].sum(1) for inside in regions], dim=1)


@register("dice-squared")
def dice_squared(
    output: ModelOutput, target: Target, main_weight: float = 0.5, deep_weights: tuple[float, ...] = (0.4, 0.2)
) -> Tensor:
    """Squared-denominator Dice of the segmentation, of the main stream and of the side outputs.

    Parameters
    ----------
    output : ModelOutput
    target : Target
    main_weight : float
        Weight of the main stream's own logits, where the network has them (EG-CNN).
    deep_weights : tuple of float
        Weights of the side outputs, finest first.

    Returns
    -------
    Tensor
        Scalar, float32. Source: EG-CNN equation 4.

    References
    ----------
    Hatamizadeh, Terzopoulos and Myronenko, Edge-gated CNNs for volumetric semantic segmentation of medical images,
    2020.
    """
    regions = target.regions
    truth, known = organ_masks(target.labels, output.logits.shape[1], regions), target.regions_known
    total = squared_dice(organ_probabilities(output.logits, regions), truth, known)
    if output.main is not None:
        total = total + main_weight * squared_dice(organ_probabilities(output.main, regions), truth, known)
    for weight, logits in zip(deep_weights, output.deep, strict=False):
        total = total + weight * squared_dice(organ_probabilities(logits, regions), truth, known)
    return total
