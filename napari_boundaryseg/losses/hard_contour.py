"""Focal loss on the boundary voxels of organs whose border is clear."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.reduce import valid_mean
from napari_boundaryseg.models import ModelOutput


def focal(logits: Tensor, truth: Tensor, gamma: float = 2.0) -> Tensor:
    """-(1 - p_t)^γ log p_t per voxel, with p_t = σ(logit) where the truth is 1 and 1 - σ(logit) elsewhere.

    Source: equation 5 of the SGM paper in its sane reading (as printed it has no logarithm and rewards being wrong).
    """
    signed = logits.float() * (2 * truth.float() - 1)
    log_p = F.logsigmoid(signed)
    return -((1 - log_p.exp()) ** gamma) * log_p


@register("hard-contour")
def hard_contour(output: ModelOutput, target: Target, gamma: float = 2.0) -> Tensor:
    """Mean focal loss of the hard-contour head; 0 where the network has no such head or no organ a clear border."""
    if output.hard is None or target.hard is None:
        return output.logits.float().sum() * 0.0
    return valid_mean(focal(output.hard, target.hard, gamma), target.valid)
