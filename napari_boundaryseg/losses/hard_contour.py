"""Focal loss on the boundary voxels of organs whose border is clear, and the map of these."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.data.contour_targets import contour_targets
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.losses import Target, register, target_maps
from napari_boundaryseg.losses.reduce import valid_mean
from napari_boundaryseg.losses.target_maps import GridLabels
from napari_boundaryseg.models import ModelOutput

Normalise = Literal["boundary", "mean", "sum"]


@target_maps.register("hard", interpolation="nearest", reach=lambda targets: 0.0, channels="clear")
def hard_contours(truth: GridLabels) -> np.ndarray:
    """(n_clear, z, y, x) uint8: 1 on the boundary of each organ with a clear border."""
    return contour_targets(truth.classes, truth.clear, (), truth.settings, truth.spacing_mm, truth.across)[0]


def focal(logits: Tensor, truth: Tensor, gamma: float = 2.0) -> Tensor:
    """-(1 - p_t)^γ log p_t per voxel, with p_t = σ(logit) where the truth is 1 and 1 - σ(logit) elsewhere.

    Source: equation 5 of the SGM paper in its sane reading (as printed it has no logarithm and rewards being wrong).
    """
    signed = logits.float() * (2 * truth.float() - 1)
    # By logarithms: a power below 1 of 1 - p has no finite slope where p is rounded to 1.
    return -(gamma * F.logsigmoid(-signed)).exp() * F.logsigmoid(signed)


_SURE = 1e-6
FEWEST = 1e-3
"""Of all voxels, how many boundary voxels the loss is divided by at least."""


def meant_by(values: np.ndarray, gamma: float = 2.0, normalise: Normalise = "boundary") -> np.ndarray:
    """The probability that a head meant which was taught by the focal loss; its sigmoid itself overstates small ones.

    Where a boundary passes with probability π, the focal loss is least not at σ = π but where π A = (1 - π) B, with
    A = (1 - σ)^γ / σ - γ (1 - σ)^(γ - 1) ln σ and B = σ^γ / (1 - σ) - γ σ^(γ - 1) ln(1 - σ): a σ of 0.15 means 0.01.

    Parameters
    ----------
    values : float array, 0..1
        The head after its sigmoid.
    gamma : float
        Of the loss; with 0, cross-entropy, a probability is learned as it is.
    normalise : str
        Of the loss; a factor, which changes nothing of what is learned.

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
def hard_contour(output: ModelOutput, target: Target, gamma: float = 2.0, normalise: Normalise = "boundary") -> Tensor:
    """Focal loss of the hard-contour head; 0 where the network has no such head or no organ a clear border.

    Parameters
    ----------
    output : ModelOutput
    target : Target
    gamma : float
        From 0 on: how much less a voxel counts that is nearly right.
    normalise : str
        What the sum over voxels and organs is divided by. ``"boundary"``: the number of boundary voxels, at least a
        thousandth of all, so that patches without a border do not outweigh the others; ``"mean"``: the number of all,
        of which a hundredth or less are boundary; ``"sum"``: nothing, as printed.

    Raises
    ------
    InputError
        When gamma is negative.

    References
    ----------
    Nie and Shen, Semantic-guided encoder feature learning for blurry boundary delineation, 2019.
    """
    if gamma < 0:
        raise InputError("gamma", f"it is {gamma:g}, and a focal loss has none below 0", "Take 2, as the paper does")
    truth = target.maps.get("hard")
    if output.hard is None or truth is None:
        return output.logits.float().sum() * 0.0
    values, known = focal(output.hard, truth, gamma), target.known_of("hard")
    if normalise == "mean":
        return valid_mean(values, known)
    counts = torch.ones_like(values) if known is None else known.to(values.dtype).expand_as(values)
    least = (FEWEST * counts.sum()).clamp_min(1.0)
    divisor = {"boundary": torch.maximum((truth.float() * counts).sum(), least), "sum": counts.new_ones(())}[normalise]
    return (values * counts).sum() / divisor
