"""Cross-entropy with soft targets on the contour heat map of organs whose border is blurry."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.reduce import valid_mean
from napari_boundaryseg.models import ModelOutput


@register("soft-contour")
def soft_contour(output: ModelOutput, target: Target) -> Tensor:
    """-[t log p + (1 - t) log(1 - p)] with p = σ(soft logit), the mean; its floor is the target's entropy, not 0.

    Source: equation 6 of the SGM paper in its sane reading. 0 where there is no such head or no blurry organ.
    """
    if output.soft is None or target.soft is None:
        return output.logits.float().sum() * 0.0
    loss = F.binary_cross_entropy_with_logits(output.soft.float(), target.soft.float(), reduction="none")
    return valid_mean(loss, target.valid)
