"""EG-CNN: an edge stream around an encoder-decoder, gated by the encoder's maps.

Hatamizadeh, Terzopoulos and Myronenko, "Edge-gated CNNs for volumetric semantic segmentation of medical images",
arXiv 2002.04207.
"""

from __future__ import annotations

from typing import Any, Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import EVERY_MAP, Attention, ModelOutput, register
from napari_boundaryseg.models.backbones import TAPPED, Backbone, LogitsOnly, cut, listening, pad
from napari_boundaryseg.models.blocks import CONV, POINTWISE, added, resize_to

Gate = Literal["paper", "additive"]


class ResidualBlock(nn.Module):
    """Twice group norm, ReLU and a convolution, added to the input: (B, c, *sp) to (B, c, *sp)."""

    def __init__(self, channels: int, *, dims: int) -> None:
        super().__init__()
        groups = 8
        while channels % groups:
            groups //= 2
        self.body = nn.Sequential(
            *(
                layer
                for _ in range(2)
                for layer in (
                    nn.GroupNorm(groups, channels),
                    nn.ReLU(inplace=True),
                    CONV[dims](channels, channels, 3, padding=1, bias=False),
                )
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, c, *sp) to (B, c, *sp)."""
        # The first group norm makes a new tensor, so the ReLU in place does not touch x.
        return added(self.body(x), x)


class EdgeGate(nn.Module):
    """Let of the edge stream what the encoder's map supports: w (e · α + e).

    Parameters
    ----------
    stream, guide : int
        Channels of the edge stream and of the encoder's map.
    kind : str
        ``"paper"``: α = σ(ReLU(C e + C m)), which is at least 0.5: it can emphasise, not suppress (equation 1).
        ``"additive"``: α = σ(ψ ReLU(C e + C m)) with half as many hidden channels, between 0 and 1.
    weighted : bool
        Whether the residual kernel w is applied, as the paper's text says; equation 2 prints none.
    per_channel : bool
        An α for each channel of the edge stream instead of one for all. One for all scales what the stream brings,
        by 1.5 to 2 in the paper's gate, and cannot turn an area into its border at the finest level.
    """

    def __init__(
        self,
        stream: int,
        guide: int,
        *,
        dims: int,
        kind: Gate = "paper",
        weighted: bool = True,
        per_channel: bool = False,
    ) -> None:
        super().__init__()
        self.kind = kind
        maps = stream if per_channel else 1
        hidden = maps if kind == "paper" else max(1, stream // 2)
        self.from_stream = POINTWISE[dims](stream, hidden, 1)
        self.from_guide = POINTWISE[dims](guide, hidden, 1)
        self.psi = nn.Identity() if kind == "paper" else POINTWISE[dims](hidden, maps, 1)
        self.weight = POINTWISE[dims](stream, stream, 1, bias=False) if weighted else nn.Identity()

    def forward(self, stream: Tensor, guide: Tensor) -> tuple[Tensor, Tensor]:
        """(B, s, *sp) and (B, g, *sp) to (B, s, *sp) and α (B, 1, *sp), or (B, s, *sp) per channel."""
        alpha = torch.sigmoid(self.psi(F.relu_(self.from_stream(stream) + self.from_guide(guide))))
        return self.weight(stream * alpha + stream), alpha

    def shut(self, stream: Tensor) -> Tensor:
        """What comes through where the encoder's map supports nothing: (B, s, *sp) with the least α there is."""
        return self.weight(stream * 1.5 if self.kind == "paper" else stream)


class EdgeStream(nn.Module):
    """From the coarsest map up to the finest, one gate at each level; ``refined``: a residual block after the last."""

    def __init__(
        self, channels: tuple[int, ...], seed_channels: int, *, dims: int, refined: bool = False, **gate: Any
    ) -> None:
        super().__init__()
        wider = (*channels[1:], seed_channels)
        self.narrow = nn.ModuleList([POINTWISE[dims](i, o, 1) for i, o in zip(wider, channels, strict=True)])
        self.residual = nn.ModuleList([ResidualBlock(c, dims=dims) for c in channels])
        self.gates = nn.ModuleList([EdgeGate(c, c, dims=dims, **gate) for c in channels])
        self.refine = ResidualBlock(channels[0], dims=dims) if refined else nn.Identity()

    def forward(self, maps: list[Tensor], seed: Tensor, shut: int | None = None) -> Tensor:
        """Encoder maps, finest first, and the seed to (B, c_0, *finest); the gate of level ``shut`` stays shut."""
        e = seed
        for level in reversed(range(len(maps))):
            e = resize_to(self.residual[level](self.narrow[level](e)), maps[level])
            gate = cast(EdgeGate, self.gates[level])
            e = gate.shut(e) if level == shut else gate(e, maps[level])[0]
        return self.refine(e)


class EdgeGatedNet(nn.Module):
    """A backbone and its edge stream; see `egcnn` for the arguments.

    There is one edge map for all organs. A map for each class is left out: an output has one edge map, and a border
    for each organ is what contour heads are for.

    Not for several threads at once: the backbone's maps are heard by hooks during the forward pass.
    """

    asked = EVERY_MAP

    def __init__(
        self, backbone: Backbone, classes: int, *, dims: int, seed: Literal["bottleneck", "decoder"], **gate: Any
    ) -> None:
        super().__init__()
        if backbone.taps is None:
            raise InputError("backbone", "it does not name its feature taps", "Give it Taps")
        taps = backbone.taps
        if seed == "decoder" and not taps.decoder:
            raise InputError("seed", "this backbone names no decoder map", "Choose 'bottleneck'")
        self.backbone, self.multiple, self.levels = backbone.network, backbone.multiple, taps.encoder
        inside, heads = (taps.stem, *taps.encoder, taps.seed), (taps.head,)
        self.encoder_modules = tuple(f"backbone.{name}" for name in inside if name)
        self.head_modules = (*(f"backbone.{name}" for name in heads if name), "edge", "fuse")
        self.seed = taps.seed if seed == "bottleneck" else taps.decoder
        seed_channels = taps.seed_channels if seed == "bottleneck" else taps.decoder_channels
        self.stream = EdgeStream(taps.channels, seed_channels, dims=dims, **gate)
        self.edge = POINTWISE[dims](taps.channels[0], 1, 1)
        self.fuse = POINTWISE[dims](classes + taps.channels[0], classes, 1)

    def forward(self, x: Tensor) -> ModelOutput:
        """(B, in_channels, *sp) of any size to a `ModelOutput`."""
        padded = pad(x, self.multiple)
        with listening(self.backbone, (*self.levels, self.seed)) as heard:
            main = self.backbone(padded)
        maps, seed = [heard[name] for name in self.levels], heard[self.seed]
        e = resize_to(self.stream(maps, seed), main)
        fused, edges = self.fuse(torch.cat([main, e], dim=1)), cut(self.edge(e), x)
        shown = not self.training and "attention" in self.asked
        attention = self._attention(maps, seed, main, edges) if shown else {}
        return ModelOutput(logits=cut(fused, x), main=cut(main, x), edges=edges, attention=attention)

    def _attention(self, maps: list[Tensor], seed: Tensor, main: Tensor, edges: Tensor) -> dict[str, Attention]:
        """How much likelier each level's gate makes an edge: an α is high also where the stream brings nothing."""
        shown = {}
        for level in range(len(maps)):
            without = cut(self.edge(resize_to(self.stream(maps, seed, shut=level), main)), edges)
            gained = edges.sigmoid() - without.sigmoid()
            shown[f"level {level}"] = Attention(spatial=gained.clamp_min(0), kind="edge")
        return shown


@register("egcnn")
def egcnn(
    dims: int = 3,
    in_channels: int = 1,
    classes: int = 2,
    clear: int = 0,
    blurry: int = 0,
    backbone: str = "segresnet",
    width: int = 16,
    seed: Literal["bottleneck", "decoder"] = "bottleneck",
    gate: Gate = "paper",
    weighted: bool = True,
    per_channel: bool = False,
    refined: bool = False,
    edge_stream: bool = True,
    norm: Literal["batch", "group"] = "batch",
) -> nn.Module:
    """EG-CNN: an edge stream around an encoder-decoder that names its feature taps.

    Parameters
    ----------
    dims : int
        2 or 3 spatial dimensions.
    in_channels, classes : int
        Input channels; output classes with the background.
    clear, blurry : int
        Not used: the edge stream gives one edge map for all organs.
    backbone : str
        The encoder-decoder, by its name in `napari_boundaryseg.models.backbones.TAPPED`: ``"segresnet"``, ``"unet"``,
        ``"basic-unet"``, ``"vnet"`` or ``"narrow-vnet"``. UNet has no encoder map at full resolution, so its edges are
        coarser.
    width : int
        Channels of the backbone's first level; BasicUNet has twice as many, and those of ``"vnet"`` are fixed.
    seed : str
        Where the edge stream begins: the bottleneck, or the first decoder map, which is brought to the size of the
        coarsest gate first: of a U-Net, whose coarsest encoder map is smaller than that one, it loses detail there.
    gate, weighted, per_channel
        See `EdgeGate`. The recipes set ``per_channel``; models before them have one α for all channels.
    refined : bool
        A residual block after the finest gate, too: the paper's "residual layer with kernel w_r" read as a block.
    edge_stream : bool
        False leaves the edge stream out: the plain backbone.
    norm : str
        Of the backbone: batch norm, or group norm for small batches and for fine-tuning.

    Returns
    -------
    nn.Module
        Maps (B, in_channels, *sp) of any size to a `ModelOutput`.

    References
    ----------
    Hatamizadeh, Terzopoulos and Myronenko, Edge-gated CNNs for volumetric semantic segmentation of medical images,
    2020.
    """
    made = TAPPED[backbone](dims, in_channels, classes, width, norm)
    if not edge_stream:
        return LogitsOnly(made)
    return EdgeGatedNet(
        made, classes, dims=dims, seed=seed, kind=gate, weighted=weighted, per_channel=per_channel, refined=refined
    )
