"""Means over the voxels that count."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def valid_mean(values: Tensor, valid: Tensor | None) -> Tensor:
    """Mean of (B, C, *sp) values over the voxels where (B, 1, *sp) ``valid`` holds; 0 where none does."""
    if valid is None:
        return values.mean()
    mask = valid.to(values.dtype).expand_as(values)
    return (values * mask).sum() / mask.sum().clamp_min(1.0)


def valid_around(valid: Tensor | None) -> Tensor | None:
    """Where a voxel and all its neighbours count: for values that are made from a voxel's neighbourhood."""
    if valid is None:
        return None
    pool = {2: F.max_pool2d, 3: F.max_pool3d}[valid.ndim - 2]
    return pool((~valid).float(), 3, stride=1, padding=1) == 0
