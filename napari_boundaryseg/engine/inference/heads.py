"""Output heads over windows: averaged over mirror images, and split again after blending."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor, nn

from napari_boundaryseg.engine.inference.backends.stacked import Backend, Stacked
from napari_boundaryseg.models import EVERY_MAP
from napari_boundaryseg.models.blocks import CHANNELS_LAST


class Heads:
    """Runs a network and stacks its heads: probabilities, and what is asked of contours, edges, spatial attention.

    Parameters
    ----------
    network : nn.Module
    flip_axes : tuple of int
        Spatial axes (0 = z) over whose mirror image the answer is averaged.
    asked : collection of str
        Of `models.EVERY_MAP`; attention is up-sampled to the window.
    backend : Backend, optional
        What computes this network, asked for the same maps; PyTorch by default.
    """

    def __init__(
        self,
        network: nn.Module,
        flip_axes: tuple[int, ...] = (),
        asked: Collection[str] = EVERY_MAP,
        backend: Backend | None = None,
    ) -> None:
        self._flip_axes = flip_axes
        self._backend: Backend = backend or Stacked(network, asked)
        self.channel_weights: dict[str, list[Tensor]] = {}
        """Level of attention to the weights of its channels, window by window."""

    @property
    def backend(self) -> str:
        """What computes: ``"torch"`` or ``"openvino"``."""
        return self._backend.name

    @property
    def attention_kind(self) -> str:
        """Of the last answer: see `models.Attention`."""
        return self._backend.attention_kind

    def __call__(self, x: Tensor) -> Tensor:
        """(B, C, *sp) to (B, N, *sp), every value 0..1, a gain 0..2."""
        x = x.contiguous(memory_format=CHANNELS_LAST[x.ndim - 2])
        mirrored = [x.flip(axis + 2) for axis in self._flip_axes]
        stacked, *weights = self._backend(torch.cat([x, *mirrored]) if mirrored else x)
        for level, one in zip(self._backend.levels, weights, strict=True):
            self.channel_weights.setdefault(level, []).append(one.mean(0))
        answer, *others = stacked.split(len(x))
        for axis, other in zip(self._flip_axes, others, strict=True):
            answer = answer + other.flip(axis + 2)
        return answer.div_(1 + len(others)) if others else answer

    def split(self, stacked: Tensor) -> dict[str, Tensor]:
        """(N, *sp) to one (n, *sp) tensor per head, by name."""
        sizes = self._backend.sizes
        return dict(zip(sizes, stacked.split(list(sizes.values())), strict=True))

    def mean_channel_weights(self) -> dict[str, tuple[float, ...]]:
        """For each attention level the mean weight of every feature channel."""
        return {level: tuple(torch.stack(seen).mean(0).tolist()) for level, seen in self.channel_weights.items()}
