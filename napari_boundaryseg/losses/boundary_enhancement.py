"""Boundary-enhancement loss: the smoothed Laplacians of prediction and truth must agree.

Yang et al., a short paper of MIDL 2020, arXiv 2005.14355.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.losses import Target, register
from napari_boundaryseg.losses.squared_dice import organ_masks, organ_probabilities
from napari_boundaryseg.models import ModelOutput

_POOL = {2: F.avg_pool2d, 3: F.avg_pool3d}


def smoothed_laplacian(maps: Tensor, passes: int = 3) -> Tensor:
    """Box-smooth (B, C, *sp) some times, then take the discrete Laplacian, without padding.

    Each axis loses ``passes + 1`` voxels at both ends. A map with an axis too short for that is continued with its
    border's values instead and keeps its size. A volume of one slice is a plane: the filters are two-dimensional.
    """
    maps = _as_plane(maps)
    margin = passes + 1
    if min(maps.shape[2:]) < 2 * margin + 1:
        maps = F.pad(maps, (margin, margin) * (maps.ndim - 2), mode="replicate")
    for _ in range(passes):
        maps = _POOL[maps.ndim - 2](maps, 3, stride=1)
    inner = _inside(maps, None, 0)
    total = -2.0 * (maps.ndim - 2) * inner
    for axis in range(2, maps.ndim):
        total = total + _inside(maps, axis, -1) + _inside(maps, axis, 1)
    return total


def _as_plane(maps: Tensor) -> Tensor:
    """(B, C, *sp) without the axis across a single slice, which may be any of the three."""
    across = [axis for axis in range(2, maps.ndim) if maps.shape[axis] == 1]
    return maps.squeeze(across[0]) if maps.ndim == 5 and across else maps


def _inside(x: Tensor, moved: int | None, by: int) -> Tensor:
    """Without the outermost voxels; along one axis the window is moved."""
    for axis in range(2, x.ndim):
        x = x.narrow(axis, 1 + (by if axis == moved else 0), x.shape[axis] - 2)
    return x


@register("boundary-enhancement")
def boundary_enhancement(output: ModelOutput, target: Target, passes: int = 3) -> Tensor:
    """Mean over voxels of the squared difference of the smoothed Laplacians, summed over the organs.

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
    probabilities = organ_probabilities(output.logits)
    difference = probabilities - organ_masks(target.labels, output.logits.shape[1])
    if target.valid is not None:
        difference = difference * target.valid
    return (smoothed_laplacian(difference, passes) ** 2).sum(1).mean()
