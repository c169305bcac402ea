"""The high-resolution pathway of HMEDN: dilated residual blocks that keep the size of one encoder stage.

Zhou, Nie, Adeli, Yin, Lian and Shen, "High-resolution encoder-decoder networks for low-contrast medical image
segmentation", IEEE Transactions on Image Processing 29 (2020).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.blocks import POINTWISE, ConvNormRelu

Dilations = tuple[tuple[int, int], ...]

PATHWAY_DILATIONS = ((3, 5), (2, 4), (1, 2), (1, 2))
"""The arguments of `schedule` at full resolution, at half of it, and so on; the paper does not print them."""


def schedule(blocks: int, first: int, second: int) -> Dilations:
    """The dilations of both convolutions of each block.

    Nine blocks give receptive fields of 133 voxels for (3, 5) and 97 for (2, 4), six blocks 85 for (3, 5).

    Parameters
    ----------
    blocks : int
        A multiple of 3.
    first, second : int
        The smaller and the larger dilation.
    """
    if blocks < 3 or blocks % 3:
        raise InputError("blocks", f"it is {blocks}", "Choose a multiple of 3")
    return ((first, first),) * 3 + ((first, second),) * (blocks - 3)


class ResidualDilatedBlock(nn.Module):
    """x + two dilated convolutions of it: (B, c, *sp) to (B, c, *sp).

    Parameters
    ----------
    seen : int
        Channels that the first convolution reads; more than ``channels`` where earlier maps are added to it.
    signed : bool
        No ReLU after the second convolution. With it, as in the authors' own figure, a block can only add to x.
    """

    def __init__(
        self, channels: int, dilations: tuple[int, int], *, seen: int | None = None, signed: bool = False, **kw: Any
    ) -> None:
        super().__init__()
        first, second = dilations
        self.convs = nn.Sequential(
            ConvNormRelu(seen or channels, channels, 3, dilation=first, **kw),
            ConvNormRelu(channels, channels, 3, dilation=second, signed=signed, **kw),
        )

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """(B, c, *sp), and what the first convolution reads instead of it, to (B, c, *sp)."""
        return x + self.convs(x if seen is None else seen)


class HighResolutionPathway(nn.Module):
    """Nine residual dilated blocks at one stage's size, all of them collected at the end.

    It can be put between encoder and decoder of any network: its output joins the skip of that stage.

    Parameters
    ----------
    in_channels, width : int
        Channels of the stage, and of the pathway.
    dilations : tuple of pairs
        See `schedule`.
    dense : bool
        The first convolution of each block reads all maps before it, and a 3-wide convolution collects them
        (the paper's size in 3-D); otherwise blocks form a chain and a 1-wide one collects (2-D, and light in 3-D).
    signed : bool
        See `ResidualDilatedBlock`.
    """

    def __init__(
        self,
        in_channels: int,
        width: int,
        dilations: Dilations,
        *,
        dims: int,
        norm_kind: str,
        dense: bool = False,
        signed: bool = False,
    ) -> None:
        super().__init__()
        kw: dict[str, Any] = {"dims": dims, "norm_kind": norm_kind}
        self.dense, self.width = dense, width
        self.entry = nn.Identity() if in_channels == width else ConvNormRelu(in_channels, width, 1, **kw)
        self.blocks = nn.ModuleList(
            [
                ResidualDilatedBlock(width, pair, seen=width * (j + 1) if dense else None, signed=signed, **kw)
                for j, pair in enumerate(dilations)
            ]
        )
        self.collect = ConvNormRelu(width * (len(dilations) + 1), width, 3 if dense else 1, **kw)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, *sp) to (B, width, *sp)."""
        maps = [self.entry(x)]
        for block in self.blocks:
            maps.append(block(maps[-1], torch.cat(maps, dim=1) if self.dense else None))
        return self.collect(torch.cat(maps, dim=1))


class DilatedNet(nn.Module):
    """DilNet: a stem, residual dilated blocks at full resolution, and a head; see `dilnet.dilnet`."""

    def __init__(
        self, in_channels: int, width: int, classes: int, dilations: Dilations, *, dims: int, norm_kind: str
    ) -> None:
        super().__init__()
        kw: dict[str, Any] = {"dims": dims, "norm_kind": norm_kind}
        self.stem = ConvNormRelu(in_channels, width, 1, **kw)
        self.body = HighResolutionPathway(width, width, dilations, **kw)
        self.segment = POINTWISE[dims](width, classes, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, *sp) to (B, classes, *sp)."""
        return self.segment(self.body(self.stem(x)))
