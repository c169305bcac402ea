"""scSE-UNet: a U-Net whose every block weighs its channels and its voxels, without edges or contours."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from napari_boundaryseg.models import backbones, register
from napari_boundaryseg.models.blocks import POINTWISE

REDUCED = 2
"""By how much the channels are squeezed, as the paper found best."""


class ConcurrentSqueeze(nn.Module):
    """Spatial and channel squeeze and excitation side by side: the sum of the map weighed by both.

    Parameters
    ----------
    dims : int
    channels : int

    References
    ----------
    Roy, Navab and Wachinger (2018), MICCAI, section 2.

    Examples
    --------
    >>> import torch
    >>> ConcurrentSqueeze(3, 8)(torch.ones(1, 8, 4, 4, 4)).shape
    torch.Size([1, 8, 4, 4, 4])
    """

    def __init__(self, dims: int, channels: int) -> None:
        super().__init__()
        few = max(1, channels // REDUCED)
        self.channel = nn.Sequential(nn.Linear(channels, few), nn.ReLU(), nn.Linear(few, channels))
        self.spatial = POINTWISE[dims](channels, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, c, *sp) to (B, c, *sp)."""
        weights = torch.sigmoid(self.channel(x.flatten(2).mean(dim=2)))
        return x * (weights.reshape(*weights.shape, *[1] * (x.ndim - 2)) + torch.sigmoid(self.spatial(x)))


class _Weighed(nn.Module):
    """A block, and the squeeze of what it gives."""

    def __init__(self, block: nn.Module, squeeze: nn.Module) -> None:
        super().__init__()
        self.block, self.squeeze = block, squeeze

    def forward(self, *maps: Tensor | None) -> Tensor:
        """Whatever the block takes to (B, c, *sp)."""
        return self.squeeze(self.block(*maps))


@register("scse-unet")
def scse_unet(
    dims: int = 3,
    in_channels: int = 1,
    classes: int = 2,
    clear: int = 0,
    blurry: int = 0,
    width: int = 16,
    norm: Literal["batch", "group"] = "batch",
) -> nn.Module:
    """MONAI BasicUNet with a `ConcurrentSqueeze` after each block, as a baseline: no edges, no contours.

    Parameters
    ----------
    dims, in_channels, classes : int
        2 or 3 spatial dimensions; input channels; output classes with the background.
    clear, blurry : int
        Not used: there are no contour heads.
    width : int
        Half of the channels of the first level.
    norm : str
        ``"batch"``, or ``"group"`` for batches of 1 or 2 and for fine-tuning.

    References
    ----------
    Roy, Navab and Wachinger (2018), MICCAI.
    """
    backbone = backbones.basic_unet(dims, in_channels, classes, width, norm)
    network = backbone.network
    given = {"conv_0": 2, "down_1": 2, "down_2": 4, "down_3": 8, "down_4": 16}
    given |= {"upcat_4": 8, "upcat_3": 4, "upcat_2": 2, "upcat_1": 2}
    for name, growth in given.items():
        block = network.get_submodule(name)
        setattr(network, name, _Weighed(block, ConcurrentSqueeze(dims, growth * width)))
    return backbones.LogitsOnly(backbone)
