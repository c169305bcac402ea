"""Edge-consistency loss: predicted organs must have their edges where the truth has them (EG-CNN)."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.sobel import EDGE, magnitude
from napari_boundaryseg.losses.squared_dice import merged, organ_masks
from napari_boundaryseg.models import ModelOutput

Region = Literal["truth", "union"]


def gumbel_softmax(logits: Tensor, temperature: float, noise: Tensor | None = None) -> Tensor:
    """softmax((logits + noise) / temperature) over axis 1: a sample that gradients pass through.

    Parameters
    ----------
    logits : (B, C, ...) tensor
        Or log probabilities, which give the same.
    temperature : float
        Near 0 it is one-hot at the largest of logits + noise, for large values uniform.
    noise : tensor of the same shape, optional
        Gumbel noise -log(-log U); none for a result without chance.
    """
    return torch.softmax((logits if noise is None else logits + noise) / temperature, 1)


def gumbel_noise(like: Tensor) -> Tensor:
    """Fresh standard Gumbel noise."""
    return -torch.log(torch.empty_like(like).exponential_().clamp_min(1e-20))


def edge_difference(
    probabilities: Tensor, truth: Tensor, region: Region = "truth", valid: Tensor | None = None
) -> Tensor:
    """Mean absolute difference of the gradient magnitudes on the edges.

    Parameters
    ----------
    probabilities, truth : (B, organs, *sp) tensors
    region : str
        ``"truth"``: on the edges of the truth. ``"union"``: the mean of that and of the same on the edges of the
        prediction, which also sees false borders far away.
    valid : (B, 1 or organs, *sp) bool tensor, optional
    """
    found, wanted = magnitude(probabilities, valid), magnitude(truth, valid)
    difference = (found - wanted).abs()
    result = _mean_where(difference, wanted >= EDGE, valid)
    if region == "union":
        result = (result + _mean_where(difference, found.detach() >= EDGE, valid)) / 2
    return result


def _mean_where(values: Tensor, where: Tensor, valid: Tensor | None) -> Tensor:
    mask = (where if valid is None else where & valid).to(values.dtype)
    return (values * mask).sum() / mask.sum().clamp_min(1.0)


@register("consistency")
def consistency(
    output: ModelOutput, target: Target, temperature: float = 0.5, noise: bool = True, region: Region = "truth"
) -> Tensor:
    """Difference between the edges of the main stream's organs and those of the truth.

    Parameters
    ----------
    output : ModelOutput
    target : Target
    temperature : float
        Of the Gumbel softmax.
    noise : bool
        Whether a sample is drawn; without it the loss has no chance in it.
    region : str
        See `edge_difference`.

    Returns
    -------
    Tensor
        Scalar, float32. Source: EG-CNN equations 7 and 8.

    References
    ----------
    Hatamizadeh, Terzopoulos and Myronenko, Edge-gated CNNs for volumetric semantic segmentation of medical images,
    2020.
    """
    logits = (output.logits if output.main is None else output.main).float()
    if logits.shape[1] == 1:  # one sigmoid channel is a softmax over (0, logit)
        logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
    sampled = gumbel_softmax(logits, temperature, gumbel_noise(logits) if noise else None)
    truth = organ_masks(target.labels, logits.shape[1], target.regions)
    return edge_difference(merged(sampled[:, 1:], target.regions), truth, region, target.regions_known)
