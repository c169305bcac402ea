"""Optimiser and exponential moving average of the weights."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from napari_boundaryseg.engine.recipes.settings import Optimiser


def optimiser_of(settings: Optimiser, network: nn.Module) -> torch.optim.Optimizer:
    """The recipe's optimiser over all weights that are trained."""
    parameters = [weight for weight in network.parameters() if weight.requires_grad]
    if settings.name == "sgd":
        return torch.optim.SGD(parameters, settings.lr, momentum=0.9, weight_decay=settings.weight_decay)
    kind = torch.optim.AdamW if settings.name == "adamw" else torch.optim.Adam
    return kind(parameters, settings.lr, weight_decay=settings.weight_decay)


def averaged_over(settings: Optimiser, network: nn.Module) -> AveragedModel | None:
    """A copy of the network whose weights are the exponential moving average of its own; None where none is wanted."""
    if not settings.ema_decay:
        return None
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(settings.ema_decay), use_buffers=True)
