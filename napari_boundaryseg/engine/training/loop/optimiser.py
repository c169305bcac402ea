"""Optimiser and exponential moving average of the weights."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from napari_boundaryseg.engine.recipes.settings import Optimiser

ORDER = "order"
"""Of a group's weights among all that are trained: a stopped training knows them by these, however they are grouped."""


def optimiser_of(settings: Optimiser, network: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser over all weights that are trained; norms and biases do not decay."""
    weights = [weight for weight in network.parameters() if weight.requires_grad]
    kernels, others = ([n for n, w in enumerate(weights) if (w.ndim > 1) == is_kernel] for is_kernel in (True, False))
    given: list[dict[str, Any]] = [
        {"params": [weights[n] for n in found], ORDER: found, "weight_decay": decay}
        for found, decay in ((kernels, settings.weight_decay), (others, 0.0))
        if found
    ]
    if settings.name == "sgd":
        return torch.optim.SGD(given, settings.lr, momentum=0.9)
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(given, settings.lr)


def averaged_over(settings: Optimiser, network: nn.Module) -> AveragedModel | None:
    """A copy of the network whose weights are the exponential moving average of its own; None where none is wanted."""
    if not settings.ema_decay:
        return None
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(settings.ema_decay), use_buffers=True)
