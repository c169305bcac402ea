"""Boundary-enhancement loss: the smoothed Laplacians of prediction and truth must agree.

Yang et al., a short paper of MIDL 2020, arXiv 2005.14355.
"""

from __future__ import annotations

import torch
from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.neighbours import neighbours, valid_within
from napari_boundaryseg.losses.reduce import channel_means
from napari_boundaryseg.losses.squared_dice import organ_masks, organ_probabilities
from napari_boundaryseg.models import ModelOutput


def smoothed_laplacian(maps: Tensor, passes: int = 3, valid: Tensor | None = None) -> Tensor:
    """Box-smooth (B, C, *sp) some times, then take the discrete Laplacian; the border of what is valid is repeated."""
    for _ in range(passes):
        for axis in range(2, maps.ndim):
            before, after = neighbours(maps, axis, valid)
            maps = (before + maps + after) / 3
    total = torch.zeros_like(maps)
    for axis in range(2, maps.ndim):
        before, after = neighbours(maps, axis, valid)
        total = total + (before - 2 * maps + after)
    return total


@register("boundary-enhancement")
def boundary_enhancement(output: ModelOutput, target: Target, passes: int = 3) -> Tensor:
    """Mean over voxels of the squared difference of the smoothed Laplacians, summed over the organs.

    Only voxels count that the filters see whole: ``passes + 1`` away from the patch's border and from what is not
    valid. A case too thin for that counts with all its valid voxels, its border repeated.

    Parameters
    ----------
    output : ModelOutput
    target : Target
    passes : int
        Box filters before the Laplacian; 3 in the paper.

    Returns
    -------
    Tensor
        Scalar, float32; the paper adds it 1000 times to a Dice loss. By itself it teaches nothing: every constant
        prediction scores the same.

    References
    ----------
    Yang, Roth, Wang et al., Enhancing foreground boundaries for medical image segmentation, MIDL 2020, a short paper
    (arXiv 2005.14355).
    """
    probabilities = organ_probabilities(output.logits, target.regions)
    difference = probabilities - organ_masks(target.labels, output.logits.shape[1], target.regions)
    known = target.regions_known
    errors = smoothed_laplacian(difference, passes, known) ** 2
    valid = torch.ones_like(errors[:, :1], dtype=torch.bool) if known is None else known
    return channel_means(errors, valid_within(valid, passes + 1)).sum()
