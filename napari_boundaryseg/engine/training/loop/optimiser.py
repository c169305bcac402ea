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


class Anchor:
    """Pulls weights that are trained back to where they began, as decoupled weight decay pulls them to nought.

    Parameters
    ----------
    strength : float
        Times the learning rate: the part of the way back that each step goes; 0 for none.
    network : nn.Module
        With the weights that the training begins with.

    References
    ----------
    Li, Grandvalet and Davoine, Explicit inductive bias for transfer learning with convolutional networks, ICML 2018
    (L2-SP); Loshchilov and Hutter, Decoupled weight decay regularization, ICLR 2019.
    """

    def __init__(self, strength: float, network: nn.Module) -> None:
        weights = [weight for weight in network.parameters() if weight.requires_grad] if strength else []
        self._strength = strength
        self._held = [(weight, weight.detach().clone()) for weight in weights]

    @torch.no_grad()
    def pull(self, lr: float) -> None:
        """Go back a part of the way, after a step of the optimiser."""
        for weight, start in self._held:
            weight.lerp_(start, min(1.0, lr * self._strength))


def averaged_over(settings: Optimiser, network: nn.Module) -> AveragedModel | None:
    """A copy of the network whose weights are the exponential moving average of its own; None where none is wanted."""
    if not settings.ema_decay:
        return None
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(settings.ema_decay), use_buffers=True)
