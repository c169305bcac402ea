"""Building blocks of the networks, for 2 and 3 spatial dimensions."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError

CONV = {2: nn.Conv2d, 3: nn.Conv3d}
UP_CONV = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
MAX_POOL = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
CHANNELS_LAST = {2: torch.channels_last, 3: torch.channels_last_3d}
"""Memory layout in which these narrow convolutions and group norms run about 1.8 times faster on a CPU."""
LINEAR = {2: "bilinear", 3: "trilinear"}
_BATCH_NORM = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}


class _Pointwise:
    """A convolution of kernel 1 as a matrix product over the channels, on a CPU.

    PyTorch's own way on one thread copies the maps to another layout and back.
    """

    weight: Tensor
    bias: Tensor | None

    def forward(self, input: Tensor) -> Tensor:
        """(B, i, *sp) to (B, o, *sp)."""
        if input.device.type != "cpu":
            return super().forward(input)  # type: ignore[misc]
        return F.linear(input.movedim(1, -1), self.weight.flatten(1), self.bias).movedim(-1, 1)


class _Pointwise2d(_Pointwise, nn.Conv2d):
    pass


class _Pointwise3d(_Pointwise, nn.Conv3d):
    pass


POINTWISE = {2: _Pointwise2d, 3: _Pointwise3d}
"""Convolutions of kernel 1."""


class ChannelNorm(nn.GroupNorm):
    """Group norm with a group for each channel; maps of a single voxel, where that leaves nothing, are one group."""

    def forward(self, input: Tensor) -> Tensor:
        """(B, c, *sp) to (B, c, *sp)."""
        groups = self.num_groups if input[0, 0].numel() > 1 else 1
        return F.group_norm(input, groups, self.weight, self.bias, self.eps)


def norm(kind: str, dims: int, channels: int) -> nn.Module:
    """Batch norm; or for small batches group norm with groups of 8 channels, or of as few more as divide them.

    ``"channel"`` is group norm with a group for each channel, for stages so narrow that a group of 8 would be all.
    """
    if kind == "batch":
        return _BATCH_NORM[dims](channels)
    if kind == "group":
        return nn.GroupNorm(_groups(channels), channels)
    if kind == "channel":
        return ChannelNorm(channels, channels)
    raise InputError(kind, "there is no such normalisation", "Choose 'batch' or 'group'")


def _groups(channels: int) -> int:
    groups = max(1, channels // 8)
    while channels % groups:
        groups -= 1
    return groups


class ConvNormRelu(nn.Sequential):
    """Convolution, normalisation, ReLU: (B, i, *sp) to (B, o, *sp); ``signed`` leaves the ReLU out."""

    def __init__(
        self, i: int, o: int, kernel: int, *, dims: int, norm_kind: str, dilation: int = 1, signed: bool = False
    ) -> None:
        padding = dilation * (kernel // 2)
        super().__init__(
            (POINTWISE if kernel == 1 else CONV)[dims](i, o, kernel, padding=padding, dilation=dilation),
            norm(norm_kind, dims, o),
            nn.Identity() if signed else nn.ReLU(inplace=True),
        )


class Bottleneck(nn.Module):
    """Residual bottleneck (1, 3, 1): (B, i, *sp) to (B, o, *sp).

    The shortcut is a 1x1 convolution with normalisation where ``project`` is set or the widths differ.
    """

    def __init__(self, i: int, o: int, *, dims: int, norm_kind: str, dilation: int = 1, project: bool = False) -> None:
        super().__init__()
        half = o // 2
        self.reduce = ConvNormRelu(i, half, 1, dims=dims, norm_kind=norm_kind)
        self.conv = ConvNormRelu(half, half, 3, dims=dims, norm_kind=norm_kind, dilation=dilation)
        self.expand = nn.Sequential(POINTWISE[dims](half, o, 1), norm(norm_kind, dims, o))
        self.shortcut: nn.Module = nn.Identity()
        if project or i != o:
            self.shortcut = nn.Sequential(POINTWISE[dims](i, o, 1), norm(norm_kind, dims, o))

    def forward(self, x: Tensor) -> Tensor:
        """(B, i, *sp) to (B, o, *sp)."""
        return F.relu_(added(self.expand(self.conv(self.reduce(x))), self.shortcut(x)))


class Up(nn.Sequential):
    """Twice the size by a transposed convolution: (B, i, *sp) to (B, o, *2sp)."""

    def __init__(self, i: int, o: int, *, dims: int, norm_kind: str) -> None:
        super().__init__(UP_CONV[dims](i, o, 4, stride=2, padding=1), norm(norm_kind, dims, o), nn.ReLU(inplace=True))


def added(new: Tensor, other: Tensor) -> Tensor:
    """The sum; without gradients in the memory of ``new``, which nothing else may hold."""
    return new + other if torch.is_grad_enabled() else new.add_(other)


def resize_to(x: Tensor, like: Tensor) -> Tensor:
    """Linear interpolation to the spatial size of ``like``; nothing where the sizes are equal."""
    if x.shape[2:] == like.shape[2:]:
        return x
    return F.interpolate(x, size=like.shape[2:], mode=LINEAR[x.ndim - 2], align_corners=False)


def averaged_to(x: Tensor, like: Tensor) -> Tensor:
    """Means over equal shares of the map, as many as ``like`` has voxels: every voxel counts, unlike in `resize_to`."""
    return x if x.shape[2:] == like.shape[2:] else F.interpolate(x, size=like.shape[2:], mode="area")


def initialise(network: nn.Module) -> None:
    """Xavier weights and zero biases, as in the SGM paper."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.ConvTranspose3d, nn.Linear)):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
