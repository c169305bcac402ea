"""Contour regression: squared error of contour maps (HMEDN)."""

from __future__ import annotations

import torch
from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.reduce import channel_means
from napari_boundaryseg.models import ModelOutput


@register("contour-regression", needs=("hard", "soft"))
def contour_regression(output: ModelOutput, target: Target) -> Tensor:
    """Sum over contour channels, mean over voxels of (σ(logit) - target)²; 0 where the network has no contour.

    An edge map by itself is one contour of all organs together: its target is the largest of theirs.
    Source: HMEDN equation 2.

    References
    ----------
    Zhou, Nie, Adeli et al., High-resolution encoder-decoder networks for low-contrast medical image segmentation, IEEE
    Transactions on Image Processing 29, 2020.
    """
    total = output.logits.float().sum() * 0.0
    heads = {"hard": (output.hard, target.maps.get("hard")), "soft": (output.soft, target.maps.get("soft"))}
    if output.hard is None and output.soft is None:
        heads = {"edges": (output.edges, _union(target))}
    for name, (logits, truth) in heads.items():
        if logits is not None and truth is not None:
            error = (logits.float().sigmoid() - truth.float()) ** 2
            total = total + channel_means(error, target.known_of(name)).sum()
    return total


def _union(target: Target) -> Tensor | None:
    """(B, 1, *sp): wherever any organ has its contour."""
    contours = [target.maps[name].float() for name in ("hard", "soft") if name in target.maps]
    return torch.cat(contours, dim=1).amax(1, keepdim=True) if contours else None
