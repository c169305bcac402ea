"""Output heads: activations, stacked along one axis for blending, and split again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.models import EVERY_MAP, ModelOutput, asking
from napari_boundaryseg.models.blocks import CHANNELS_LAST, LINEAR


@dataclass
class Heads:
    """Runs a network and stacks its heads: probabilities, and what is asked of contours, edges, spatial attention.

    Parameters
    ----------
    network : nn.Module
    flip_axes : tuple of int
        Spatial axes (0 = z) over whose mirror image the answer is averaged.
    asked : collection of str
        Of `models.EVERY_MAP`; attention is up-sampled to the window.
    attention_kind : str
        Of the last answer: see `models.Attention`.
    """

    network: nn.Module
    flip_axes: tuple[int, ...] = ()
    asked: Collection[str] = EVERY_MAP
    attention_kind: str = ""
    sizes: dict[str, int] = field(default_factory=dict)
    channel_weights: dict[str, list[Tensor]] = field(default_factory=dict)

    def __call__(self, x: Tensor) -> Tensor:
        """(B, C, *sp) to (B, N, *sp), every value 0..1, a gain 0..2."""
        x = x.contiguous(memory_format=CHANNELS_LAST[x.ndim - 2])
        mirrored = [x.flip(axis + 2) for axis in self.flip_axes]
        with asking(self.network, self.asked):
            output = self.network(torch.cat([x, *mirrored]) if mirrored else x)
        answer, *others = self._stack(output).split(len(x))
        for axis, other in zip(self.flip_axes, others, strict=True):
            answer = answer + other.flip(axis + 2)
        return answer.div_(1 + len(others)) if others else answer

    def _stack(self, output: ModelOutput) -> Tensor:
        parts = {"classes": torch.softmax(output.logits.float(), 1)}
        for name, kind in (("hard", "contours"), ("soft", "contours"), ("edges", "edges")):
            logits = getattr(output, name)
            if logits is not None and kind in self.asked:
                parts[name] = torch.sigmoid(logits.float())
        levels = output.attention if "attention" in self.asked else {}
        for level, gate in levels.items():
            size = output.logits.shape[2:]
            parts[level] = F.interpolate(gate.spatial.float(), size=size, mode=LINEAR[len(size)], align_corners=False)
            self.attention_kind = gate.kind
        for level, gate in levels.items():
            if gate.channel is not None:
                self.channel_weights.setdefault(level, []).append(gate.channel.float().mean(0).cpu())
        self.sizes = {name: part.shape[1] for name, part in parts.items()}
        return torch.cat(list(parts.values()), dim=1) if len(parts) > 1 else parts["classes"]

    def split(self, stacked: Tensor) -> dict[str, Tensor]:
        """(N, *sp) to one (n, *sp) tensor per head, by name."""
        return dict(zip(self.sizes, stacked.split(list(self.sizes.values())), strict=True))

    def mean_channel_weights(self) -> dict[str, tuple[float, ...]]:
        """For each attention level the mean weight of every feature channel."""
        return {level: tuple(torch.stack(seen).mean(0).tolist()) for level, seen in self.channel_weights.items()}
