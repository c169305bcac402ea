"""SGM-Net: skips re-weighted by a semantic-guided module, with hard- and soft-contour heads.

Nie and Shen, "Semantic-guided encoder feature learning for blurry boundary delineation", arXiv 1906.04306.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import EVERY_MAP, Attention, ModelOutput, register
from napari_boundaryseg.models.blocks import MAX_POOL, POINTWISE, Bottleneck, ConvNormRelu, Up, initialise, resize_to

WIDEST = 1024
"""Channels at full resolution; a network of this width has four thousand million weights."""


class SemanticGuidedModule(nn.Module):
    """Re-weight a skip by what the decoder knows: S to S · (channel gate + spatial gate), a gain in (0, 2).

    Source: equations 1 to 4 of the paper.
    """

    def __init__(self, channels: int, *, dims: int) -> None:
        super().__init__()
        self.squeeze = nn.Linear(2 * channels, channels)
        self.excite = nn.Linear(channels, channels)
        self.spatial = POINTWISE[dims](2 * channels, 1, 1)

    def forward(self, shallow: Tensor, deep: Tensor) -> tuple[Tensor, Attention]:
        """(B, K, *sp) twice, to (B, K, *sp), and its gain and channel gate."""
        both = torch.cat([shallow, deep], dim=1)
        pooled = both.flatten(2).mean(dim=2)
        channel = torch.sigmoid(self.excite(F.relu(self.squeeze(pooled))))
        spatial = torch.sigmoid(self.spatial(both))
        gain = channel.reshape(*channel.shape, *([1] * (shallow.ndim - 2))) + spatial
        return shallow * gain, Attention(spatial=gain.mean(1, keepdim=True), channel=channel)


class _PlainSkip(nn.Module):
    """The skip as it is: the network without the semantic-guided module."""

    def forward(self, shallow: Tensor, deep: Tensor) -> tuple[Tensor, None]:
        return shallow, None


class _DecoderStage(nn.Module):
    """Up-sample, gate the skip, fuse, decode: (B, 2c, *sp) and (B, c, *2sp) to (B, c, *2sp)."""

    def __init__(self, channels: int, *, dims: int, norm_kind: str, fusion: str, guided: bool) -> None:
        super().__init__()
        self.fusion = fusion
        self.up = Up(2 * channels, channels, dims=dims, norm_kind=norm_kind)
        self.gate: nn.Module = SemanticGuidedModule(channels, dims=dims) if guided else _PlainSkip()
        fused = channels if fusion == "add" else 2 * channels
        self.decode = nn.Sequential(
            Bottleneck(fused, channels, dims=dims, norm_kind=norm_kind),
            Bottleneck(channels, channels, dims=dims, norm_kind=norm_kind, project=True),
        )

    def forward(self, below: Tensor, skip: Tensor) -> tuple[Tensor, Attention | None]:
        deep = resize_to(self.up(below), skip)
        gated, attention = self.gate(skip, deep)
        fused = F.relu_(gated + deep) if self.fusion == "add" else torch.cat([gated, deep], dim=1)
        return self.decode(fused), attention


class SGMNet(nn.Module):
    """Encoder-decoder of four levels; see `sgm` for the arguments."""

    encoder_modules = ("stem", "level1", "level2", "bridge")
    head_modules = ("segment", "side", "hard", "soft")
    asked = EVERY_MAP

    def __init__(
        self,
        *,
        dims: int,
        in_channels: int,
        classes: int,
        clear: int,
        blurry: int,
        width: int,
        norm_kind: str,
        fusion: str,
        guided: bool,
    ) -> None:
        super().__init__()
        kw: dict[str, Any] = {"dims": dims, "norm_kind": norm_kind}
        c0, c1, c2, c3 = width, 2 * width, 4 * width, 8 * width
        self.stem = nn.Sequential(ConvNormRelu(in_channels, c0, 3, **kw), Bottleneck(c0, c0, project=True, **kw))
        self.down = MAX_POOL[dims](3, stride=2, padding=1)
        self.level1 = Bottleneck(c0, c1, project=True, **kw)
        self.level2 = Bottleneck(c1, c2, project=True, **kw)
        self.bridge = Bottleneck(c2, c3, project=True, dilation=2, **kw)
        self.stages = nn.ModuleList([_DecoderStage(c, fusion=fusion, guided=guided, **kw) for c in (c0, c1, c2)])
        self.segment = POINTWISE[dims](c0, classes, 1)
        self.side = nn.ModuleList([POINTWISE[dims](c, classes, 1) for c in (c1, c2)])
        self.hard = _contour_head(c0, clear, **kw) if clear else None
        self.soft = _contour_head(c0, blurry, **kw) if blurry else None
        initialise(self)

    def forward(self, x: Tensor) -> ModelOutput:
        """(B, in_channels, *sp) of any size to a `ModelOutput`."""
        s0 = self.stem(x)
        s1 = self.level1(self.down(s0))
        s2 = self.level2(self.down(s1))
        r2, a2 = self.stages[2](self.bridge(self.down(s2)), s2)
        r1, a1 = self.stages[1](r2, s1)
        r0, a0 = self.stages[0](r1, s0)
        deep = [resize_to(head(r), x) for head, r in zip(self.side, (r1, r2), strict=True)] if self.training else []
        levels = {"level 0": a0, "level 1": a1, "level 2": a2}
        contours = self.training or "contours" in self.asked
        return ModelOutput(
            logits=self.segment(r0),
            deep=deep,
            hard=self.hard(r0) if self.hard is not None and contours else None,
            soft=self.soft(r0) if self.soft is not None and contours else None,
            attention={name: gate for name, gate in levels.items() if gate is not None},
        )


def _contour_head(channels: int, organs: int, *, dims: int, norm_kind: str) -> nn.Sequential:
    """Two bottlenecks and one logit per organ: (B, c, *sp) to (B, organs, *sp)."""
    half = channels // 2
    return nn.Sequential(
        Bottleneck(channels, channels, dims=dims, norm_kind=norm_kind),
        Bottleneck(channels, half, dims=dims, norm_kind=norm_kind),
        POINTWISE[dims](half, organs, 1),
    )


@register("sgm")
def sgm(
    dims: int = 3,
    in_channels: int = 1,
    classes: int = 4,
    clear: int = 2,
    blurry: int = 1,
    width: int = 32,
    norm: Literal["batch", "group"] = "batch",
    fusion: Literal["add", "concat"] = "add",
    guided: bool = True,
    contours: bool = True,
) -> nn.Module:
    """SGM-Net with fresh weights.

    Parameters
    ----------
    dims : int
        2 or 3 spatial dimensions.
    in_channels, classes : int
        Input channels; output classes with the background.
    clear, blurry : int
        Channels of the hard- and the soft-contour head; 0 leaves the head out.
    width : int
        Channels at full resolution, a multiple of 4; doubled at each of the three levels below. 32 in the paper.
    norm : str
        Batch norm, or group norm for batches of 1 or 2 and for fine-tuning.
    fusion : str
        How the gated skip joins the decoder: added, or concatenated.
    guided, contours : bool
        False leaves the semantic-guided modules or the contour heads out: the baselines.

    Returns
    -------
    nn.Module
        Maps (B, in_channels, *sp) to a `ModelOutput`; 3 901 890 parameters with the default arguments.

    References
    ----------
    Nie and Shen, Semantic-guided encoder feature learning for blurry boundary delineation, 2019.
    """
    if not 4 <= width <= WIDEST or width % 4:
        raise InputError("width", f"it is {width}", f"Choose a multiple of 4 up to {WIDEST}, for example 16 or 32")
    if fusion not in ("add", "concat"):
        raise InputError("fusion", f"it is {fusion!r}", "Choose 'add' or 'concat'")
    return SGMNet(
        dims=dims,
        in_channels=in_channels,
        classes=classes,
        clear=clear if contours else 0,
        blurry=blurry if contours else 0,
        width=width,
        norm_kind=norm,
        fusion=fusion,
        guided=guided,
    )
