"""Sobel edges of probabilities and masks, on torch tensors and with gradients."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.losses.neighbours import neighbours

EDGE = 0.5
"""Magnitude from which a voxel counts as edge: both sides of the border (see `data.boundaries`)."""


def magnitude(maps: Tensor, valid: Tensor | None = None) -> Tensor:
    """Gradient magnitude of (B, C, *sp), each channel by itself: 1 beside a unit step, borders repeated.

    The kernels are [-1, 0, 1] along one axis and [1, 2, 1] along the others, divided by 16 in 3-D and 4 in 2-D; the
    same as `napari_boundaryseg.data.boundaries.sobel_edges`. The border of what is valid is repeated like that of the
    patch; beyond it the result means nothing.
    """
    dims = maps.ndim - 2
    maps = maps if maps.dtype == torch.float64 else maps.float()
    slopes: list[Tensor] = []
    for axis in range(2, maps.ndim):
        slopes = [_smooth(one, *neighbours(one, axis, valid)) for one in slopes]
        before, after = neighbours(maps, axis, valid)
        slopes.append(after - before)
        maps = _smooth(maps, before, after)
    total = sum(((one / 4 ** (dims - 1)) ** 2 for one in slopes), torch.zeros_like(maps))
    # The derivative of a root is infinite at 0.
    return torch.sqrt(total + 1e-12)


def edge_masks(labels: Tensor, classes: int, valid: Tensor | None = None) -> Tensor:
    """Which voxels lie at the border of each organ: (B, *sp) class indices to (B, classes - 1, *sp) bool."""
    onehot = F.one_hot(labels, classes).movedim(-1, 1)[:, 1:]
    return magnitude(onehot, valid) >= EDGE


def _smooth(maps: Tensor, before: Tensor, after: Tensor) -> Tensor:
    return before + 2 * maps + after
