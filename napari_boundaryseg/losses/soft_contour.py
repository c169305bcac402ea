"""Cross-entropy with soft targets on the contour heat map of organs whose border is blurry, and that map."""

from __future__ import annotations

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.data.contour_targets import TRUNCATE, contour_targets
from napari_boundaryseg.losses import Target, register, target_maps
from napari_boundaryseg.losses.reduce import valid_mean
from napari_boundaryseg.losses.target_maps import GridLabels
from napari_boundaryseg.models import ModelOutput


@target_maps.register(
    "soft", interpolation="bilinear", reach=lambda targets: TRUNCATE * targets.sigma_mm, channels="blurry"
)
def soft_contours(truth: GridLabels) -> np.ndarray:
    """(n_blurry, z, y, x) float16: the soft contour of each organ with a blurry border, 0..1."""
    _, soft = contour_targets(truth.classes, (), truth.blurry, truth.settings, truth.spacing_mm, truth.across)
    return soft.astype(np.float16)


@register("soft-contour", needs=("soft",))
def soft_contour(output: ModelOutput, target: Target) -> Tensor:
    """-[t log p + (1 - t) log(1 - p)] with p = σ(soft logit), the mean; its floor is the target's entropy, not 0.

    Source: equation 6 of the SGM paper in its sane reading. 0 where there is no such head or no blurry organ.

    References
    ----------
    Nie and Shen, Semantic-guided encoder feature learning for blurry boundary delineation, 2019.
    """
    truth = target.maps.get("soft")
    if output.soft is None or truth is None:
        return output.logits.float().sum() * 0.0
    loss = F.binary_cross_entropy_with_logits(output.soft.float(), truth.float(), reduction="none")
    return valid_mean(loss, target.known_of("soft"))
