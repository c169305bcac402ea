"""Baselines: MONAI's well-known networks, without edges, contours or attention."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from torch import nn

from napari_boundaryseg.models import backbones, register

Norm = Literal["batch", "group"]


def _baseline(name: str, make: Callable[..., backbones.Backbone], described: str) -> None:
    def build(
        dims: int = 3,
        in_channels: int = 1,
        classes: int = 2,
        clear: int = 0,
        blurry: int = 0,
        width: int = 16,
        norm: Norm = "batch",
    ) -> nn.Module:
        return backbones.LogitsOnly(make(dims, in_channels, classes, width, norm))

    build.__name__ = name.replace("-", "_")
    build.__doc__ = f"""{described} as a baseline: no edges, no contours.

    Parameters
    ----------
    dims, in_channels, classes : int
        2 or 3 spatial dimensions; input channels; output classes with the background.
    clear, blurry : int
        Not used: there are no contour heads.
    width : int
        Channels of the first level (VNet has fixed widths).
    norm : str
        ``"batch"``, or ``"group"`` for batches of 1 or 2 and for fine-tuning.
    """
    register(name)(build)


_baseline("unet", backbones.unet, "MONAI UNet")
_baseline("basic-unet", backbones.basic_unet, "MONAI BasicUNet")
_baseline("segresnet", backbones.segresnet, "MONAI SegResNet")
_baseline("vnet", backbones.vnet, "MONAI VNet")
_baseline("attention-unet", backbones.attention_unet, "MONAI AttentionUnet")
_baseline("dynunet", backbones.dynunet, "MONAI DynUNet")
