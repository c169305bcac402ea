"""Reductions: how much each voxel and each class counts in a mean."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from napari_boundaryseg.errors import InputError


def valid_mean(values: Tensor, valid: Tensor | None) -> Tensor:
    """Mean of (B, C, *sp) values over the voxels where (B, 1 or C, *sp) ``valid`` holds; 0 where none does."""
    if valid is None:
        return values.mean()
    mask = valid.to(values.dtype).expand_as(values)
    return (values * mask).sum() / mask.sum().clamp_min(1.0)


def channel_means(values: Tensor, valid: Tensor | None) -> Tensor:
    """(C,) means of (B, C, *sp) values over the voxels where (B, 1 or C, *sp) ``valid`` holds; 0 where none does."""
    axes = (0, *range(2, values.ndim))
    if valid is None:
        return values.mean(axes)
    mask = valid.to(values.dtype).expand_as(values)
    return (values * mask).sum(axes) / mask.sum(axes).clamp_min(1.0)


def per_class(logits: Tensor, weights: Sequence[float] | None) -> Tensor:
    """(C,) weights of the classes of (B, C, *sp) logits: the given ones, or 1 for each."""
    classes = logits.shape[1]
    if weights is None:
        return logits.new_ones(classes)
    if len(weights) != classes:
        raise InputError(
            "class_weights",
            f"there are {len(weights)} for {classes} classes",
            "Give one for each class, the background first",
        )
    return logits.new_tensor(weights)
