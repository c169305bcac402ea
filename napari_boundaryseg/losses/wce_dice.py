"""Weighted cross-entropy plus weighted soft Dice, deeply supervised: what teaches the segmentation."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.reduce import per_class
from napari_boundaryseg.losses.unknown import one_class
from napari_boundaryseg.models import ModelOutput


def cross_entropy(logits: Tensor, labels: Tensor, weights: Tensor, valid: Tensor | None = None) -> Tensor:
    """Class-weighted cross-entropy, the weighted mean over valid voxels.

    Parameters
    ----------
    logits : (B, C, *sp) tensor
    labels : (B, *sp) int64 tensor
    weights : (C,) tensor
    valid : (B, 1, *sp) bool tensor or None
    """
    if valid is not None:
        labels = labels.masked_fill(~valid[:, 0], -100)
        if not valid.any():
            return logits.sum() * 0.0
    return F.cross_entropy(logits.float(), labels, weight=weights, ignore_index=-100)


def dice(probabilities: Tensor, onehot: Tensor, weights: Tensor, valid: Tensor | None = None) -> Tensor:
    """Weighted mean of 1 - soft Dice over the classes that occur, pooled over the batch.

    Plain denominators (SGM, author's code): 2 Σpy / (Σp + Σy + 2e-6). A class that is absent from the truth is
    left out: with ε only in the denominator it would cost 1 however right the network is.
    """
    if valid is not None:
        probabilities, onehot = probabilities * valid, onehot * valid
    axes = (0, *range(2, probabilities.ndim))
    overlap = (probabilities * onehot).sum(axes)
    total = probabilities.sum(axes) + onehot.sum(axes)
    weights = weights * (onehot.sum(axes) > 0)
    return (weights * (1 - 2 * overlap / (total + 2e-6))).sum() / weights.sum().clamp_min(1e-6)


def segmentation(logits: Tensor, target: Target, class_weights: tuple[float, ...] | None) -> Tensor:
    """Cross-entropy plus Dice for one set of logits, in float32."""
    logits, labels = one_class(logits.float(), target.labels, target.valid)
    weights, counts = per_class(logits, class_weights), target.any_known
    onehot = F.one_hot(labels, logits.shape[1]).movedim(-1, 1).to(logits.dtype)
    return cross_entropy(logits, labels, weights, counts) + dice(torch.softmax(logits, 1), onehot, weights, counts)


@register("wce-dice")
def wce_dice(
    output: ModelOutput,
    target: Target,
    class_weights: tuple[float, ...] | None = None,
    deep_weights: tuple[float, ...] = (0.4, 0.2),
) -> Tensor:
    """Weighted cross-entropy and Dice of the segmentation and of its deeply supervised side outputs.

    Parameters
    ----------
    output : ModelOutput
    target : Target
    class_weights : tuple of float, optional
        One weight per class, background first; (1, 4, 8, 6) in the authors' pelvic scripts. Equal by default.
    deep_weights : tuple of float
        Weights of the side outputs, finest first.

    Returns
    -------
    Tensor
        Scalar, float32. Source: SGM, specification §3.

    References
    ----------
    Nie and Shen, Semantic-guided encoder feature learning for blurry boundary delineation, 2019.
    """
    total = segmentation(output.logits, target, class_weights)
    for weight, logits in zip(deep_weights, output.deep, strict=False):
        total = total + weight * segmentation(logits, target, class_weights)
    return total
