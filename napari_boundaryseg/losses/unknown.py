"""Unknown organs: at a voxel of which nobody said whether it is theirs, they are one class with the background."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def one_class(logits: Tensor, labels: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
    """Logits and labels in which, voxel by voxel, the background and all organs that are not known are one class.

    Its probability is the sum of theirs, so that a voxel that is not of the known organs teaches just this: not which
    of the other classes it is. The known ones keep theirs.

    Parameters
    ----------
    logits : (B, C, *sp) tensor
        The background first.
    labels : (B, *sp) int64 tensor
    valid : (B, 1 or C - 1, *sp) bool tensor, optional
        See `losses.Target`; with one channel nothing is merged.

    Returns
    -------
    logits, labels
        Of the same shapes.

    References
    ----------
    Fang and Yan, Multi-organ segmentation over partially labeled datasets with multi-scale feature abstraction, IEEE
    Transactions on Medical Imaging 39, 2020: the target adaptive loss. Shi et al., Marginal loss and exclusion loss for
    partially supervised multi-organ segmentation, Medical Image Analysis 70, 2021.

    Examples
    --------
    >>> logits = torch.log(torch.tensor([[[0.2], [0.5], [0.3]]]))
    >>> known = torch.tensor([[[True], [False]]])
    >>> merged, label = one_class(logits, torch.tensor([[2]]), known)
    >>> torch.softmax(merged, 1).flatten().round(decimals=3).tolist(), label.tolist()
    ([0.5, 0.5, 0.0], [[0]])
    """
    if valid is None or valid.shape[1] == 1:
        return logits, labels
    organs = torch.arange(1, logits.shape[1], device=labels.device).reshape(1, -1, *[1] * (labels.ndim - 1))
    of_unknown = ((labels[:, None] == organs) & ~valid).any(1)
    unknown = torch.cat([torch.ones_like(valid[:, :1]), ~valid], 1)
    rest = logits.masked_fill(~unknown, -math.inf).logsumexp(1, keepdim=True)
    return torch.cat([rest, logits[:, 1:].masked_fill(~valid, -math.inf)], 1), labels.masked_fill(of_unknown, 0)
