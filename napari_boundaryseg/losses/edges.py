"""Edge-stream losses: Dice and balanced cross-entropy against the Sobel edges of the truth."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.sobel import edge_masks
from napari_boundaryseg.losses.squared_dice import squared_dice
from napari_boundaryseg.models import ModelOutput

Normalise = Literal["balanced", "mean", "sum"]


def balanced_cross_entropy(
    logits: Tensor, truth: Tensor, normalise: Normalise = "balanced", valid: Tensor | None = None
) -> Tensor:
    """-β Σ_edge log p - (1 - β) Σ_other log(1 - p), with β the share of voxels that are no edge.

    Parameters
    ----------
    logits, truth : (B, 1, *sp) tensors
        Edge logits; 1 on edges.
    normalise : str
        ``"balanced"``: divided by 2 N β (1 - β), which is half the sum of the two means; ``"mean"``: divided by N;
        ``"sum"``: as printed.
    valid : (B, 1, *sp) bool tensor, optional

    Returns
    -------
    Tensor
        Scalar; 0 where no voxel is an edge or all are. Source: EG-CNN equation 6.
    """
    truth = truth.float()
    counts = truth.new_ones(truth.shape) if valid is None else valid.to(truth.dtype)
    n, edges = counts.sum(), (truth * counts).sum()
    beta = (n - edges) / n.clamp_min(1.0)
    scale = {"balanced": 2 * n * beta * (1 - beta), "mean": n, "sum": n.new_ones(())}[normalise]
    entropy = F.binary_cross_entropy_with_logits(logits.float(), truth, reduction="none")
    summed = (counts * entropy * (beta * truth + (1 - beta) * (1 - truth))).sum()
    present = ((edges > 0) & (edges < n)).to(summed.dtype)
    return present * summed / scale.clamp_min(1e-6)


def _truth(output: ModelOutput, target: Target) -> Tensor:
    return edge_masks(target.labels, max(2, output.logits.shape[1]), target.all_known).any(1, keepdim=True).float()


@register("edge-bce")
def edge_bce(output: ModelOutput, target: Target, normalise: Normalise = "balanced") -> Tensor:
    """Balanced cross-entropy of the edge stream; 0 where the network has none. See `balanced_cross_entropy`.

    References
    ----------
    Hatamizadeh, Terzopoulos and Myronenko, End-to-end boundary aware networks for medical image segmentation, 2019.
    """
    if output.edges is None:
        return output.logits.float().sum() * 0.0
    return balanced_cross_entropy(output.edges, _truth(output, target), normalise, target.all_known)


@register("edge-dice")
def edge_dice(output: ModelOutput, target: Target) -> Tensor:
    """Dice loss of the edge stream, with squared denominators; 0 where the network has none.

    References
    ----------
    Hatamizadeh, Terzopoulos and Myronenko, Edge-gated CNNs for volumetric semantic segmentation of medical images,
    2020.
    """
    if output.edges is None:
        return output.logits.float().sum() * 0.0
    return squared_dice(output.edges.float().sigmoid(), _truth(output, target), target.all_known)
