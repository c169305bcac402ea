"""The network of nnU-Net, PlainConvUNet, of this project's blocks: the very weights fit, under the very names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from napari_boundaryseg.models import EVERY_MAP, ModelOutput
from napari_boundaryseg.models.blocks import POINTWISE, ChannelNorm

Norm = Callable[[int], nn.Module]


def by_group(channels: int) -> nn.Module:
    """Instance norm as the project's networks have it: a group for each channel, fast where channels are last."""
    return ChannelNorm(channels, channels)


def by_instance(channels: int) -> nn.Module:
    """As nnU-Net has it."""
    return nn.InstanceNorm3d(channels, affine=True)


class _Layer(nn.Module):
    """Convolution, norm, leaky ReLU. nnU-Net's files hold each weight under two names, and so does this."""

    def __init__(self, i: int, o: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv3d(i, o, 3, stride, 1), norm(o)
        self.all_modules = nn.Sequential(self.conv, self.norm, nn.LeakyReLU(inplace=True))

    def forward(self, x: Tensor) -> Tensor:
        """(B, i, *sp) to (B, o, *sp / stride)."""
        found: Tensor = self.all_modules(x)
        return found


class _Stage(nn.Module):
    """Two layers."""

    def __init__(self, i: int, o: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.convs = nn.Sequential(_Layer(i, o, stride, norm), _Layer(o, o, 1, norm))

    def forward(self, x: Tensor) -> Tensor:
        """(B, i, *sp) to (B, o, *sp / stride)."""
        found: Tensor = self.convs(x)
        return found


class _Encoder(nn.Module):
    def __init__(self, widths: Sequence[int], norm: Norm) -> None:
        super().__init__()
        pairs = pairwise((1, *widths))
        self.stages = nn.Sequential(*[nn.Sequential(_Stage(i, o, 1 + (n > 0), norm)) for n, (i, o) in enumerate(pairs)])


class _Decoder(nn.Module):
    def __init__(self, encoder: _Encoder, widths: Sequence[int], classes: int, norm: Norm) -> None:
        super().__init__()
        self.encoder = encoder
        pairs = list(pairwise(reversed(widths)))
        self.stages = nn.ModuleList(_Stage(2 * o, o, 1, norm) for _, o in pairs)
        self.transpconvs = nn.ModuleList(nn.ConvTranspose3d(i, o, 2, 2) for i, o in pairs)
        self.seg_layers = nn.ModuleList(POINTWISE[3](o, classes, 1) for _, o in pairs)


class PlainConvUNet(nn.Module):
    """(B, 1, *sp) to logits, each side of `sp` a multiple of 2 to the number of levels less one.

    Parameters
    ----------
    widths : sequence of int
        Features of each level, the finest first.
    classes : int
    norm : callable
        Channels to a layer.
    """

    asked = EVERY_MAP

    def __init__(self, widths: Sequence[int], classes: int, norm: Norm = by_group) -> None:
        super().__init__()
        self.encoder = _Encoder(widths, norm)
        self.decoder = _Decoder(self.encoder, widths, classes, norm)

    def forward(self, x: Tensor) -> ModelOutput:
        """To its output."""
        skips: list[Tensor] = []
        for stage in self.encoder.stages:
            x = stage(x)
            skips.append(x)
        skips.pop()
        for up, stage in zip(self.decoder.transpconvs, self.decoder.stages, strict=True):
            x = stage(torch.cat((up(x), skips.pop()), 1))
        return ModelOutput(logits=self.decoder.seg_layers[-1](x))
