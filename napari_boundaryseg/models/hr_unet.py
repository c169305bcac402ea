"""MONAI's UNet with HMEDN's high-resolution pathway between encoder and decoder."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor, nn

from napari_boundaryseg.models import ModelOutput, backbones, register
from napari_boundaryseg.models.blocks import POINTWISE, resize_to
from napari_boundaryseg.models.hr_pathway import PATHWAY_DILATIONS, HighResolutionPathway, schedule


class _Beside(nn.Module):
    """What lies below a skip, with a pathway beside it: both read the skip, and both go up, one after the other."""

    def __init__(self, below: nn.Module, pathway: nn.Module) -> None:
        super().__init__()
        self.below, self.pathway = below, pathway

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.below(x), self.pathway(x)], dim=1)


class HighResolutionUNet(nn.Module):
    """A UNet one of whose levels has a pathway beside it, deeply supervised; see `hr_unet` for the arguments."""

    def __init__(
        self, backbone: backbones.Backbone, pathway: HighResolutionPathway, head: nn.Module, level: str
    ) -> None:
        super().__init__()
        self.backbone, self.multiple, self.head = backbone.network, backbone.multiple, head
        skip, up = (self.backbone.get_submodule(f"{level}.{place}") for place in (1, 2))
        skip.submodule = _Beside(skip.submodule, pathway)  # type: ignore[arg-type]
        first = up.get_submodule("0")
        first.conv = _wider(first.conv, pathway.width)  # type: ignore[arg-type]
        self.heard = f"{level}.1.submodule.pathway"

    def forward(self, x: Tensor) -> ModelOutput:
        """(B, in_channels, *sp) of any size to a `ModelOutput`."""
        padded = backbones.pad(x, self.multiple)
        with backbones.listening(self.backbone, (self.heard,)) as heard:
            logits = self.backbone(padded)
        deep = [backbones.cut(resize_to(self.head(heard[self.heard]), logits), x)] if self.training else []
        return ModelOutput(logits=backbones.cut(logits, x), deep=deep)


def _wider(conv: nn.ConvTranspose2d | nn.ConvTranspose3d, more: int) -> nn.Module:
    """The same transposed convolution with fresh weights, for more input channels."""
    make: Any = type(conv)
    channels, shape = (conv.in_channels + more, conv.out_channels), (conv.kernel_size, conv.stride, conv.padding)
    return make(*channels, *shape, conv.output_padding, bias=conv.bias is not None)


@register("hr-unet")
def hr_unet(
    dims: int = 3,
    in_channels: int = 1,
    classes: int = 2,
    clear: int = 0,
    blurry: int = 0,
    width: int = 16,
    stage: Literal[1, 2, 3] = 1,
    pathway_width: int | None = None,
    connectivity: Literal["residual", "dense"] = "residual",
    norm: Literal["batch", "group"] = "batch",
) -> nn.Module:
    """MONAI UNet with a high-resolution pathway, as the HMEDN paper adds one to networks of others.

    As in HMEDN the decoder of the level reads the skip, what comes up from below and the pathway, concatenated, and the
    pathway is deeply supervised. What differs: MONAI's UNet has no level at full resolution, so none has the
    pathway of HMEDN's first stage, and its decoder up-samples what was concatenated instead of concatenating what was
    up-sampled.

    Parameters
    ----------
    dims, in_channels, classes : int
        2 or 3 spatial dimensions; input channels; output classes with the background.
    clear, blurry : int
        Not used: there are no contour heads.
    width : int
        Channels of the UNet's first level, which has half the input's size.
    stage : int
        The level beside which the pathway runs; 1 is the UNet's first. Its dilations are those of HMEDN at the same
        resolution: 2 and 4 at half of the input's, 1 and 2 below.
    pathway_width : int, optional
        Its channels; by default as many as the level has, as in the paper's networks of others.
    connectivity
        See `napari_boundaryseg.models.hr_pathway.HighResolutionPathway`.
    norm : str
        Batch norm, or group norm for small batches and for fine-tuning.

    References
    ----------
    Zhou, Nie, Adeli et al., High-resolution encoder-decoder networks for low-contrast medical image segmentation, IEEE
    Transactions on Image Processing 29, 2020.
    """
    kw: dict[str, Any] = {"dims": dims, "norm_kind": norm}
    channels = width * 2 ** (stage - 1)
    wide = channels if pathway_width is None else pathway_width
    pathway = HighResolutionPathway(
        channels, wide, schedule(9, *PATHWAY_DILATIONS[stage]), dense=connectivity == "dense", **kw
    )
    return HighResolutionUNet(
        backbones.unet(dims, in_channels, classes, width, norm),
        pathway,
        POINTWISE[dims](wide, classes, 1),
        "model" + ".1.submodule" * (stage - 1),
    )
