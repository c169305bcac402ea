"""Squared error of regressed contours (HMEDN)."""

from __future__ import annotations

from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.reduce import valid_mean
from napari_boundaryseg.models import ModelOutput


@register("contour-regression")
def contour_regression(output: ModelOutput, target: Target) -> Tensor:
    """Sum over contour channels, mean over voxels of (σ(logit) - target)²; 0 where the network has no contour head.

    Source: HMEDN equation 2.
    """
    total = output.logits.float().sum() * 0.0
    for logits, truth in ((output.hard, target.hard), (output.soft, target.soft)):
        if logits is not None and truth is not None:
            error = (logits.float().sigmoid() - truth.float()) ** 2
            total = total + valid_mean(error.sum(1, keepdim=True), target.valid)
    return total
