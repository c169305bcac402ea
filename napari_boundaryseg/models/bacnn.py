"""BA-Net: a 2-D encoder-decoder with a shape stream that attends to boundaries.

Hatamizadeh, Terzopoulos and Myronenko, "End-to-end boundary aware networks for medical image segmentation",
arXiv 1908.08071.
"""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import Attention, ModelOutput, register
from napari_boundaryseg.models.blocks import added, averaged_to, initialise, norm, resize_to

Pooling = Literal["linear", "area"]
_POOLS = {"linear": resize_to, "area": averaged_to}


class _Unit(nn.Sequential):
    """Convolution without bias, normalisation, ReLU."""

    def __init__(self, i: int, o: int, kernel: int, norm_kind: str, *, stride: int = 1, dilation: int = 1) -> None:
        padding = dilation * (kernel // 2)
        conv = nn.Conv2d(i, o, kernel, stride=stride, padding=padding, dilation=dilation, bias=False)
        super().__init__(conv, norm(norm_kind, 2, o), nn.ReLU(inplace=True))


class ResidualBlock(nn.Module):
    """Two convolutions and a shortcut: (B, i, y, x) to (B, o, y / stride, x / stride)."""

    def __init__(self, i: int, o: int, norm_kind: str, stride: int = 1) -> None:
        super().__init__()
        self.first = _Unit(i, o, 3, norm_kind, stride=stride)
        self.second = nn.Sequential(nn.Conv2d(o, o, 3, padding=1, bias=False), norm(norm_kind, 2, o))
        self.shortcut: nn.Module = nn.Identity()
        if i != o or stride != 1:
            self.shortcut = nn.Sequential(nn.Conv2d(i, o, 1, stride=stride, bias=False), norm(norm_kind, 2, o))

    def forward(self, x: Tensor) -> Tensor:
        """(B, i, y, x) to (B, o, y / stride, x / stride)."""
        return F.relu_(added(self.second(self.first(x)), self.shortcut(x)))


class AttentionLayer(nn.Module):
    """What of the shape stream goes on, as the encoder's map sees it: s · α with α in (0, 1).

    Source: equations 1 and 2 of the paper.
    """

    def __init__(self, stream: int, guide: int) -> None:
        super().__init__()
        self.weigh = nn.Conv2d(stream + guide, 1, 1)

    def forward(self, stream: Tensor, guide: Tensor) -> tuple[Tensor, Tensor]:
        """(B, s, y, x) and (B, g, y, x) to (B, s, y, x) and α (B, 1, y, x)."""
        alpha = torch.sigmoid(self.weigh(torch.cat([stream, guide], dim=1)))
        return stream * alpha, alpha


class DilatedPyramid(nn.Module):
    """Parallel dilated convolutions, joined: (B, i, y, x) to (B, o, y, x)."""

    def __init__(self, i: int, o: int, rates: tuple[int, ...], norm_kind: str) -> None:
        super().__init__()
        self.branches = nn.ModuleList([_Unit(i, o, 3, norm_kind, dilation=rate) for rate in rates])
        self.join = _Unit(o * len(rates), o, 1, norm_kind)

    def forward(self, x: Tensor) -> Tensor:
        """(B, i, y, x) to (B, o, y, x)."""
        return self.join(torch.cat([branch(x) for branch in self.branches], dim=1))


class BoundaryAwareNet(nn.Module):
    """Encoder, shape stream, pyramid, decoder; see `bacnn` for the arguments."""

    encoder_modules = ("stem", "encoder")
    head_modules = ("segment", "edge")

    def __init__(
        self,
        in_channels: int,
        classes: int,
        width: int,
        rates: tuple[int, ...],
        shape_stream: bool,
        norm_kind: str,
        pooling: Pooling,
    ) -> None:
        super().__init__()
        self.pooling = pooling
        widths = [width, 2 * width, 4 * width, 8 * width]
        stream = 16
        self.stem = _Unit(in_channels, width, 3, norm_kind)
        self.encoder = nn.ModuleList(
            [
                nn.Sequential(
                    ResidualBlock(i, o, norm_kind, stride=1 if level == 0 else 2), ResidualBlock(o, o, norm_kind)
                )
                for level, (i, o) in enumerate(zip([width, *widths], widths, strict=False))
            ]
        )
        self.project = self.attend = self.connect = self.edge = None
        if shape_stream:
            self.project = nn.ModuleList([nn.Conv2d(c, stream, 1) for c in widths])
            self.attend = nn.ModuleList([AttentionLayer(stream, stream) for _ in range(3)])
            self.connect = nn.ModuleList([ResidualBlock(stream, stream, norm_kind) for _ in range(2)])
            self.edge = nn.Conv2d(stream, 1, 1)
        self.pyramid = DilatedPyramid(widths[3] + (stream if shape_stream else 0), widths[3], rates, norm_kind)
        self.up = nn.ModuleList([_Unit(widths[i + 1], widths[i], 1, norm_kind) for i in range(3)])
        self.decoder = nn.ModuleList(
            [nn.Sequential(ResidualBlock(2 * c, c, norm_kind), ResidualBlock(c, c, norm_kind)) for c in widths[:3]]
        )
        self.segment = nn.Conv2d(width, classes, 1)
        initialise(self)

    def forward(self, x: Tensor) -> ModelOutput:
        """(B, in_channels, y, x) of any size to a `ModelOutput`."""
        maps = [self.encoder[0](self.stem(x))]
        for encode in self.encoder[1:]:
            maps.append(encode(maps[-1]))
        shape, attention = self._shape(maps)
        deepest = maps[3] if shape is None else torch.cat([maps[3], _POOLS[self.pooling](shape, maps[3])], dim=1)
        y = self.pyramid(deepest)
        for i in (2, 1, 0):
            y = self.decoder[i](torch.cat([resize_to(self.up[i](y), maps[i]), maps[i]], dim=1))
        logits = self.segment(y)
        if logits.shape[1] == 1:  # a sigmoid is the softmax of (0, z), which every loss and head understands
            logits = torch.cat([torch.zeros_like(logits), logits], dim=1)
        return ModelOutput(logits=logits, edges=None if self.edge is None else self.edge(shape), attention=attention)

    def _shape(self, maps: list[Tensor]) -> tuple[Tensor | None, dict[str, Attention]]:
        if self.project is None or self.attend is None or self.connect is None:
            return None, {}
        guides = [resize_to(project(m), maps[0]) for project, m in zip(self.project, maps, strict=True)]
        stream, attention = guides[0], {}
        for layer, attend in enumerate(self.attend):
            stream, alpha = attend(stream, guides[layer + 1])
            attention[f"level {layer + 1}"] = Attention(spatial=alpha)
            if layer < len(self.connect):
                stream = self.connect[layer](stream)
        return stream, attention


@register("bacnn")
def bacnn(
    dims: int = 2,
    in_channels: int = 1,
    classes: int = 2,
    clear: int = 0,
    blurry: int = 0,
    width: int = 16,
    rates: tuple[int, ...] = (1, 6, 12, 18),
    shape_stream: bool = True,
    single: bool = False,
    norm: str = "batch",
    pooling: Pooling = "linear",
) -> nn.Module:
    """BA-Net with fresh weights: two-dimensional; a volume is segmented slice by slice.

    Parameters
    ----------
    dims : int
        2: the paper's network has no third dimension.
    in_channels, classes : int
        Input channels; output classes with the background; 1 means 2 and ``single``.
    clear, blurry : int
        Not used: the shape stream gives one edge map for all organs.
    width : int
        Channels at full resolution, a multiple of 4, doubled three times; 16, or 32 for the wide preset.
    rates : tuple of int
        Dilations of the spatial pyramid.
    shape_stream : bool
        False leaves the shape stream out: the plain baseline.
    single : bool
        One organ by a single output channel z, as in the paper, given as the two logits (0, z): their softmax is
        (1 - σ(z), σ(z)).
    norm : str
        ``"batch"``, or ``"group"`` for batches of 1 or 2 and for fine-tuning.
    pooling : str
        How the shape stream comes down to the pyramid's size, an eighth: ``"area"`` is the mean of 8 × 8 pixels,
        ``"linear"`` reads four pixels in the middle of them, as older models do.

    Returns
    -------
    nn.Module
        1 708 405 parameters at width 16 and 6 639 541 at width 32, with a single output channel.

    References
    ----------
    Hatamizadeh, Terzopoulos and Myronenko, End-to-end boundary aware networks for medical image segmentation, 2019.
    """
    if dims != 2:
        raise InputError("dims", f"it is {dims}", "This network is two-dimensional: choose 2")
    if width < 4 or width % 4:
        raise InputError("width", f"it is {width}", "Choose a multiple of 4, for example 16 or 32")
    if not rates or min(rates) < 1:
        raise InputError("rates", f"they are {rates}", "Choose whole numbers from 1 on, for example 1, 6, 12, 18")
    if single and classes > 2:
        raise InputError("single", f"there are {classes - 1} organs", "Choose it for one organ only")
    return BoundaryAwareNet(in_channels, 1 if single else classes, width, rates, shape_stream, norm, pooling)
