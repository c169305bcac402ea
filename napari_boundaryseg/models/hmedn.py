"""HMEDN and the networks it is built from: DilNet, DstNet, HRDN.

Zhou, Nie, Adeli, Yin, Lian and Shen, "High-resolution encoder-decoder networks for low-contrast medical image
segmentation", IEEE Transactions on Image Processing 29 (2020).
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import ModelOutput, register
from napari_boundaryseg.models.blocks import MAX_POOL, POINTWISE, ConvNormRelu, initialise, resize_to
from napari_boundaryseg.models.hr_pathway import PATHWAY_DILATIONS, DilatedNet, HighResolutionPathway, schedule

WIDTH = {2: 32, 3: 16}
"""Channels at full resolution in the paper."""
_GROWTH = {2: (1, 2, 4, 8, 10), 3: (1, 2, 4, 8, 16)}
_PATHWAY_WIDTH = {2: (32, 40, 56, 72), 3: (16, 32, 64, 128)}
_CONNECTIVITY = {2: "residual", 3: "dense"}
_DILNETS = {1: (9, 3, 5), 2: (9, 2, 4), 3: (6, 3, 5)}

Norm = Literal["batch", "group"]
_NORMS = {"batch": "batch", "group": "channel"}
"""Dense stages grow by a quarter of the width, 2 to 8 channels: in larger groups these networks hardly learn."""


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
            self.pathway = HighResolutionPathway(widths[stage - 1], pathway_width, dilations, dense=dense, **kw)
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
        contours = self.contour(y) if self.contour is not None else None
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


class _Plain(nn.Module):
    """A network that gives logits only."""

    def __init__(self, body: nn.Module) -> None:
        super().__init__()
        self.body = body
        initialise(self)

    def forward(self, x: Tensor) -> ModelOutput:
        return ModelOutput(logits=self.body(x))


@register("dilnet")
def dilnet(
    dims: int = 2,
    in_channels: int = 5,
    classes: int = 4,
    clear: int = 0,
    blurry: int = 0,
    variant: Literal[1, 2, 3] = 1,
    width: int = 32,
    norm: Norm = "batch",
) -> nn.Module:
    """DilNet 1, 2 or 3: dilated residual blocks at full resolution, no pooling; no contour head.

    Parameters
    ----------
    dims, in_channels, classes : int
        2 or 3 spatial dimensions; input channels; output classes with the background.
    clear, blurry : int
        Not used: this network has no contour heads.
    variant : int
        1: nine blocks, dilations 3 and 5, receptive field 133. 2: nine, 2 and 4, 97. 3: six, 3 and 5, 85.
    width : int
        Channels; 32 in the paper.
    norm : str
        Batch norm, or group norm with a group for each channel.

    Returns
    -------
    nn.Module
        178 340 parameters with nine blocks, 119 396 with six.
    """
    _check(width)
    kw: dict[str, Any] = {"dims": dims, "norm_kind": _NORMS[norm]}
    return _Plain(DilatedNet(in_channels, width, classes, schedule(*_DILNETS[variant]), **kw))


@register("dstnet")
def dstnet(
    dims: int = 2,
    in_channels: int = 5,
    classes: int = 4,
    clear: int = 0,
    blurry: int = 0,
    variant: Literal[1, 2] = 1,
    width: int | None = None,
    dropout: float | None = None,
    norm: Norm = "batch",
) -> nn.Module:
    """DstNet 1 (four poolings) or 2 (three): HMEDN without pathway and contour head.

    Parameters are those of `hmedn`.

    Returns
    -------
    nn.Module
        3 185 508 and 1 022 260 parameters in 2-D with the default arguments.
    """
    return _distilling(
        dims,
        in_channels,
        classes,
        0,
        0,
        stage=0,
        pathway_width=None,
        connectivity=None,
        width=width,
        dropout=dropout,
        norm=norm,
        poolings=5 - variant,
    )


@register("hrdn")
def hrdn(
    dims: int = 2,
    in_channels: int = 5,
    classes: int = 4,
    clear: int = 0,
    blurry: int = 0,
    stage: Literal[1, 2, 3, 4] = 1,
    pathway_width: int | None = None,
    connectivity: Literal["residual", "dense"] | None = None,
    width: int | None = None,
    dropout: float | None = None,
    norm: Norm = "batch",
) -> nn.Module:
    """HRDN: HMEDN without contour head.

    Parameters are those of `hmedn`.

    Returns
    -------
    nn.Module
        3 371 528 parameters in 2-D at stage 1; 4 363 488 and 9 739 136 in 3-D with 4 channels at stages 2 and 3.
    """
    return _distilling(
        dims,
        in_channels,
        classes,
        0,
        0,
        stage=stage,
        pathway_width=pathway_width,
        connectivity=connectivity,
        width=width,
        dropout=dropout,
        norm=norm,
    )


@register("hmedn")
def hmedn(
    dims: int = 2,
    in_channels: int = 5,
    classes: int = 4,
    clear: int = 0,
    blurry: int = 3,
    stage: Literal[1, 2, 3, 4] = 3,
    pathway_width: int | None = None,
    connectivity: Literal["residual", "dense"] | None = None,
    pathway: bool = True,
    contours: bool = True,
    union: bool = False,
    width: int | None = None,
    dropout: float | None = None,
    norm: Norm = "batch",
) -> nn.Module:
    """HMEDN: dense encoder-decoder, high-resolution pathway, contour regression.

    Parameters
    ----------
    dims : int
        2 (adjacent slices as channels, the centre slice comes out) or 3.
    in_channels, classes : int
        Input channels; output classes with the background.
    clear, blurry : int
        Organs whose contour is regressed; their channels come out as hard and soft contours.
    stage : int
        Where the pathway runs: 1 at full resolution, 2 at half of it, and so on.
    pathway_width : int, optional
        Its channels; by default 32, 40, 56, 72 for the stages in 2-D and 16, 32, 64, 128 in 3-D.
    connectivity : str, optional
        ``"residual"`` (light; the default in 2-D) or ``"dense"`` (the paper's size in 3-D; the default there).
    pathway, contours : bool
        False leaves the pathway or the contour head out: the baselines.
    union : bool
        One contour of all those organs together instead of one for each; it comes out as edges.
    width : int, optional
        Channels at full resolution, a multiple of 4; 32 in 2-D and 16 in 3-D by default.
    dropout : float, optional
        After every stage; 0 in 2-D and 0.3 in 3-D by default.
    norm : str
        Batch norm, or group norm (a group for each channel) for batches of 1 or 2 and for fine-tuning.

    Returns
    -------
    nn.Module
        Maps (B, in_channels, *sp) to a `ModelOutput`; 3 791 307 parameters with the default arguments.
    """
    return _distilling(
        dims,
        in_channels,
        classes,
        clear if contours else 0,
        blurry if contours else 0,
        stage=stage if pathway else 0,
        pathway_width=pathway_width,
        connectivity=connectivity,
        width=width,
        dropout=dropout,
        norm=norm,
        union=union,
    )


def _distilling(
    dims: int,
    in_channels: int,
    classes: int,
    clear: int,
    blurry: int,
    *,
    stage: int,
    pathway_width: int | None,
    connectivity: str | None,
    width: int | None,
    dropout: float | None,
    norm: Norm,
    poolings: int = 4,
    union: bool = False,
) -> DistillingNet:
    chosen = WIDTH[dims] if width is None else width
    _check(chosen)
    if stage and pathway_width is None:
        pathway_width = max(8, _PATHWAY_WIDTH[dims][stage - 1] * chosen // WIDTH[dims])
    return DistillingNet(
        dims=dims,
        in_channels=in_channels,
        classes=classes,
        clear=clear,
        blurry=blurry,
        widths=tuple(chosen * growth for growth in _GROWTH[dims][: poolings + 1]),
        stage=stage,
        pathway_width=pathway_width or 0,
        dense=(connectivity or _CONNECTIVITY[dims]) == "dense",
        dropout=(0.0 if dims == 2 else 0.3) if dropout is None else dropout,
        norm_kind=_NORMS[norm],
        union=union,
    )


def _check(width: int) -> None:
    if width < 4 or width % 4:
        raise InputError("width", f"it is {width}", "Choose a multiple of 4, for example 16 or 32")
