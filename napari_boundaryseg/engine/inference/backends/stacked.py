"""A network whose heads come as one tensor of values between 0 and 1: what a backend runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.models import EVERY_MAP, ModelOutput, asking
from napari_boundaryseg.models.blocks import LINEAR


class Backend(Protocol):
    """Computes the windows of one network, asked for the same maps each time."""

    name: str
    attention_kind: str
    """Of the last answer: see `models.Attention`."""
    sizes: dict[str, int]
    """Head to its number of maps, in the order in which they are stacked."""
    levels: list[str]
    """The levels of attention that weigh channels."""

    def __call__(self, x: Tensor) -> Sequence[Tensor]:
        """(B, C, *sp) to (B, N, *sp) of values 0..1, and (B, c) weights of channels for each of `levels`."""


class Stacked(nn.Module):
    """PyTorch's own: probabilities, and what is asked of contours, edges and spatial attention.

    Parameters
    ----------
    network : nn.Module
    asked : collection of str
        Of `models.EVERY_MAP`; attention is up-sampled to the window.
    """

    name = "torch"

    def __init__(self, network: nn.Module, asked: Collection[str] = EVERY_MAP) -> None:
        super().__init__()
        self.network, self.asked_maps = network, frozenset(asked)
        self.attention_kind, self.levels = "", list[str]()
        self.sizes: dict[str, int] = {}

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """As a `Backend` does."""
        with asking(self.network, self.asked_maps):
            output: ModelOutput = self.network(x)
        parts = {"classes": torch.softmax(output.logits.float(), 1)}
        for name, kind in (("hard", "contours"), ("soft", "contours"), ("edges", "edges")):
            logits = getattr(output, name)
            if logits is not None and kind in self.asked_maps:
                parts[name] = torch.sigmoid(logits.float())
        gates = output.attention if "attention" in self.asked_maps else {}
        for level, gate in gates.items():
            size = output.logits.shape[2:]
            parts[level] = F.interpolate(gate.spatial.float(), size=size, mode=LINEAR[len(size)], align_corners=False)
            self.attention_kind = gate.kind
        weights = {level: gate.channel.float() for level, gate in gates.items() if gate.channel is not None}
        self.sizes, self.levels = {name: part.shape[1] for name, part in parts.items()}, list(weights)
        stacked = torch.cat(list(parts.values()), dim=1) if len(parts) > 1 else parts["classes"]
        return stacked, *weights.values()
