"""Dense encoder-decoder with side channels, high-resolution pathway and contour head: DstNet, HRDN and HMEDN.

Zhou, Nie, Adeli, Yin, Lian and Shen, "High-resolution encoder-decoder networks for low-contrast medical image
segmentation", IEEE Transactions on Image Processing 29 (2020).
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import EVERY_MAP, ModelOutput
from napari_boundaryseg.models.blocks import MAX_POOL, POINTWISE, ConvNormRelu, initialise, resize_to
from napari_boundaryseg.models.hr_pathway import PATHWAY_DILATIONS, HighResolutionPathway, schedule

Norm = Literal["batch", "group"]
NORMS = {"batch": "batch", "group": "channel"}
"""Dense stages grow by a quarter of the width, 2 to 8 channels: in larger groups these networks hardly learn."""


def check_width(width: int) -> None:
    """Refuse a width of which a dense stage has no quarter.

    Raises
    ------
    InputError
    """
    if width < 4 or width % 4:
        raise InputError("width", f"it is {width}", "Choose a multiple of 4, for example 16 or 32")


class DenseStage(nn.Module):
    """Three narrow convolutions that each read all before them, then one that reads everything: i to o channels."""

    def __init__(self, i: int, o: int, *, dropout: float = 0.0, **kw: Any) -> None:
        super().__init__()
        grow = o // 4
        self.grow = nn.ModuleList([ConvNormRelu(i + n * grow, grow, 3, **kw) for n in range(3)])
        self.merge = ConvNormRelu(i + 3 * grow, o, 1, **kw)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """(B, i, *sp) to (B, o, *sp)."""
        for conv in self.grow:
            x = torch.cat([x, conv(x)], dim=1)
        return self.dropout(self.merge(x))


class DistillingNet(nn.Module):
    """Encoder-decoder of dense stages with side channels, a high-resolution pathway and a contour head.

    Without the pathway it is DstNet, without the contour head HRDN; see `hmedn` for the arguments.
    """

    encoder_modules = ("stem", "encoder")
    head_modules = ("segment", "pathway_head", "contour")
    asked = EVERY_MAP

    def __init__(
        self,
        *,
        dims: int,
        in_channels: int,
        classes: int,
        clear: int,
        blurry: int,
        widths: tuple[int, ...],
        stage: int,
        pathway_width: int,
        dense: bool,
        dropout: float,
        norm_kind: str,
        signed: bool,
        union: bool,
    ) -> None:
        super().__init__()
        kw: dict[str, Any] = {"dims": dims, "norm_kind": norm_kind}
        first, deepest = widths[0], len(widths) - 1
        self.stage, self.clear, self.union = stage, clear, union
        self.stem = ConvNormRelu(in_channels, first, 3, **kw)
        self.encoder = nn.ModuleList(
            [DenseStage(i, o, dropout=dropout, **kw) for i, o in zip((first, *widths), widths, strict=False)]
        )
        self.pool = MAX_POOL[dims](2, stride=2, ceil_mode=True)
        joined = [pathway_width if stage == i + 1 else 0 for i in range(deepest)]
        self.reduce = nn.ModuleList([ConvNormRelu(widths[i + 1], widths[i], 1, **kw) for i in range(deepest)])
        self.decoder = nn.ModuleList(
            [DenseStage(2 * widths[i] + joined[i], widths[i], dropout=dropout, **kw) for i in range(deepest)]
        )
        self.sides = nn.ModuleList([ConvNormRelu(widths[i], first, 1, **kw) for i in range(1, deepest)])
        self.fuse = ConvNormRelu(first * deepest, first, 3, **kw)
        self.segment = POINTWISE[dims](first, classes, 1)
        self.pathway = self.pathway_head = self.contour = None
        if stage:
            dilations = schedule(9, *PATHWAY_DILATIONS[stage - 1])
            of_pathway: dict[str, Any] = {"dense": dense, "signed": signed, **kw}
            self.pathway = HighResolutionPathway(widths[stage - 1], pathway_width, dilations, **of_pathway)
            self.pathway_head = POINTWISE[dims](pathway_width, classes, 1)
        if clear + blurry:
            self.contour = POINTWISE[dims](first, 1 if union else clear + blurry, 1)
        initialise(self)

    def forward(self, x: Tensor) -> ModelOutput:
        """(B, in_channels, *sp) of any size to a `ModelOutput`."""
        skips = [self.encoder[0](self.stem(x))]
        for encode in self.encoder[1:]:
            skips.append(encode(self.pool(skips[-1])))
        along = self.pathway(skips[self.stage - 1]) if self.pathway is not None else None
        maps = [skips[-1]]
        for i in reversed(range(len(self.decoder))):
            joined = [resize_to(self.reduce[i](maps[-1]), skips[i]), skips[i]]
            if along is not None and self.stage == i + 1:
                joined.append(along)
            maps.append(self.decoder[i](torch.cat(joined, dim=1)))
        finest, coarser = maps[-1], maps[-2:0:-1]
        sides = [resize_to(side(m), finest) for side, m in zip(self.sides, coarser, strict=True)]
        y = self.fuse(torch.cat([finest, *sides], dim=1))
        asked = self.training or ("edges" if self.union else "contours") in self.asked
        contours = self.contour(y) if self.contour is not None and asked else None
        deep = []
        if along is not None and self.pathway_head is not None and self.training:
            deep = [resize_to(self.pathway_head(along), x)]
        if self.union:
            return ModelOutput(logits=self.segment(y), deep=deep, edges=contours)
        return ModelOutput(
            logits=self.segment(y),
            deep=deep,
            hard=None if contours is None or not self.clear else contours[:, : self.clear],
            soft=None if contours is None or self.clear == contours.shape[1] else contours[:, self.clear :],
        )
