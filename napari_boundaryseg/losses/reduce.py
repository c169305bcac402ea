"""Means over the voxels that count."""

from __future__ import annotations

from torch import Tensor


def valid_mean(values: Tensor, valid: Tensor | None) -> Tensor:
    """Mean of (B, C, *sp) values over the voxels where (B, 1, *sp) ``valid`` holds; 0 where none does."""
    if valid is None:
        return values.mean()
    mask = valid.to(values.dtype).expand_as(values)
    return (values * mask).sum() / mask.sum().clamp_min(1.0)
