"""Neighbours of voxels along an axis, for filters that see only valid voxels and repeat the border of these."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def neighbours(maps: Tensor, axis: int, valid: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The voxel before and the voxel after each one along an axis; itself where there is none, or none that is valid.

    Parameters
    ----------
    maps : (B, C, *sp) tensor
    axis : int
        From 2 on.
    valid : (B, 1 or C, *sp) bool tensor, optional

    Examples
    --------
    >>> row = torch.tensor([[[1.0, 2.0, 3.0]]])
    >>> [one.flatten().tolist() for one in neighbours(row, 2)]
    [[1.0, 1.0, 2.0], [2.0, 3.0, 3.0]]
    >>> [one.flatten().tolist() for one in neighbours(row, 2, torch.tensor([[[True, True, False]]]))]
    [[1.0, 1.0, 2.0], [2.0, 2.0, 3.0]]
    """
    before, after = _shifted(maps, axis)
    if valid is None:
        return before, after
    counts_before, counts_after = _shifted(valid, axis)
    return torch.where(counts_before, before, maps), torch.where(counts_after, after, maps)


def valid_within(valid: Tensor, reach: int) -> Tensor:
    """Where all voxels up to so many away along each axis are valid: (B, C, *sp) bool to the same.

    Beyond the patch none is. A channel of a case without any such voxel keeps all that are valid: it is too thin, and
    filters repeat its border. Across a single slice nothing is asked: it is a plane.

    Examples
    --------
    >>> valid_within(torch.ones(1, 1, 1, 5, dtype=torch.bool), 1).int().tolist()
    [[[[0, 1, 1, 1, 0]]]]
    >>> valid_within(torch.ones(1, 1, 3, 5, dtype=torch.bool), 2).int().sum()
    tensor(15)
    """
    inner = valid
    for axis in range(2, valid.ndim):
        if valid.shape[axis] == 1:
            continue
        n, rows = valid.shape[axis], inner.movedim(axis, -1)
        rows = F.pad(rows, (reach, reach), value=False).cumsum(-1)
        rows = F.pad(rows, (1, 0))
        inner = (rows[..., 2 * reach + 1 :] - rows[..., :n] == 2 * reach + 1).movedim(-1, axis)
    some = inner.flatten(2).any(2).reshape(*valid.shape[:2], *[1] * (valid.ndim - 2))
    return torch.where(some, inner, valid)


def _shifted(maps: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    n = maps.shape[axis]
    first, last = maps.narrow(axis, 0, 1), maps.narrow(axis, n - 1, 1)
    return (
        torch.cat([first, maps.narrow(axis, 0, n - 1)], axis),
        torch.cat([maps.narrow(axis, 1, n - 1), last], axis),
    )
