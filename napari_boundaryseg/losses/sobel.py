"""Sobel edges of probabilities and masks, on torch tensors and with gradients."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

EDGE = 0.5
"""Magnitude from which a voxel counts as edge: both sides of the border (see `data.boundaries`)."""


def magnitude(maps: Tensor) -> Tensor:
    """Gradient magnitude of (B, C, *sp), each channel by itself: 1 beside a unit step, borders repeated.

    The kernels are [-1, 0, 1] along one axis and [1, 2, 1] along the others, divided by 16 in 3-D and 4 in 2-D; the
    same as `napari_boundaryseg.data.boundaries.sobel_edges`.
    """
    dims = maps.ndim - 2
    padded = F.pad(maps if maps.dtype == torch.float64 else maps.float(), (1, 1) * dims, mode="replicate")
    total = torch.zeros((), dtype=padded.dtype, device=padded.device)
    for along in range(dims):
        part = padded
        for axis in range(dims):
            part = _slope(part, axis + 2) if axis == along else _smooth(part, axis + 2)
        total = total + (part / 4 ** (dims - 1)) ** 2
    # The derivative of a root is infinite at 0.
    return torch.sqrt(total + 1e-12)


def edge_masks(labels: Tensor, classes: int) -> Tensor:
    """Which voxels lie at the border of each organ: (B, *sp) class indices to (B, classes - 1, *sp) bool."""
    onehot = F.one_hot(labels, classes).movedim(-1, 1)[:, 1:]
    return magnitude(onehot) >= EDGE


def _slope(x: Tensor, axis: int) -> Tensor:
    n = x.shape[axis] - 2
    return x.narrow(axis, 2, n) - x.narrow(axis, 0, n)


def _smooth(x: Tensor, axis: int) -> Tensor:
    n = x.shape[axis] - 2
    return x.narrow(axis, 0, n) + 2 * x.narrow(axis, 1, n) + x.narrow(axis, 2, n)
