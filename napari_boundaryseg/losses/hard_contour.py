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


_SURE = 1e-6


def meant_by(values: np.ndarray, gamma: float = 2.0) -> np.ndarray:
    """The probability that a head meant which was taught by the focal loss; its sigmoid itself overstates small ones.

    Where a boundary passes with probability π, the focal loss is least not at σ = π but where π A = (1 - π) B, with
    A = (1 - σ)^γ / σ - γ (1 - σ)^(γ - 1) ln σ and B = σ^γ / (1 - σ) - γ σ^(γ - 1) ln(1 - σ): a σ of 0.15 means 0.01.

    Parameters
    ----------
    values : float array, 0..1
        The head after its sigmoid.
    gamma : float
        Of the loss; with 0, cross-entropy, a probability is learned as it is.

    Returns
    -------
    float32 array of the same shape, 0..1; none overtakes another.

    References
    ----------
    The derivative of the loss of Lin et al., "Focal loss for dense object detection", 2017, set to 0.

    Examples
    --------
    >>> meant_by(np.array([0.154, 0.306, 0.5, 0.694])).round(2)
    array([0.01, 0.1 , 0.5 , 0.9 ], dtype=float32)
    """
    p = np.clip(values, _SURE, 1 - _SURE).astype(np.float32)
    q = 1 - p
    here = q**gamma / p - gamma * q ** (gamma - 1) * np.log(p)
    not_here = p**gamma / q - gamma * p ** (gamma - 1) * np.log(q)
    return np.asarray(not_here / (here + not_here), np.float32)


@register("hard-contour", needs=("hard",), links={"hard": meant_by})
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
