"""Focal loss on the boundary voxels of organs whose border is clear, and the map of these."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.data.contour_targets import contour_targets
from napari_boundaryseg.losses import Target, register, target_maps
from napari_boundaryseg.losses.reduce import valid_mean
from napari_boundaryseg.losses.target_maps import GridLabels
from napari_boundaryseg.models import ModelOutput


@target_maps.register("hard", interpolation="nearest")
def hard_contours(truth: GridLabels) -> np.ndarray:
    """(n_clear, z, y, x) uint8: 1 on the boundary of each organ with a clear border."""
    return contour_targets(truth.classes, truth.clear, (), truth.settings, truth.spacing_mm, truth.across)[0]


def focal(logits: Tensor, truth: Tensor, gamma: float = 2.0) -> Tensor:
    """-(1 - p_t)^γ log p_t per voxel, with p_t = σ(logit) where the truth is 1 and 1 - σ(logit) elsewhere.

    Source: equation 5 of the SGM paper in its sane reading (as printed it has no logarithm and rewards being wrong).
    """
    signed = logits.float() * (2 * truth.float() - 1)
    log_p = F.logsigmoid(signed)
    return -((1 - log_p.exp()) ** gamma) * log_p


@register("hard-contour", needs=("hard",))
def hard_contour(output: ModelOutput, target: Target, gamma: float = 2.0) -> Tensor:
    """Mean focal loss of the hard-contour head; 0 where the network has no such head or no organ a clear border.

    References
    ----------
    Nie and Shen, Semantic-guided encoder feature learning for blurry boundary delineation, 2019.
    """
    truth = target.maps.get("hard")
    if output.hard is None or truth is None:
        return output.logits.float().sum() * 0.0
    return valid_mean(focal(output.hard, truth, gamma), target.valid)
