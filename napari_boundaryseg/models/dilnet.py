"""DilNet: dilated residual blocks at full resolution, without pooling.

Zhou, Nie, Adeli, Yin, Lian and Shen, "High-resolution encoder-decoder networks for low-contrast medical image
segmentation", IEEE Transactions on Image Processing 29 (2020).
"""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor, nn

from napari_boundaryseg.models import ModelOutput, register
from napari_boundaryseg.models.blocks import initialise
from napari_boundaryseg.models.distilling import NORMS, Norm, check_width
from napari_boundaryseg.models.hr_pathway import DilatedNet, schedule

_VARIANTS = {1: (9, 3, 5), 2: (9, 2, 4), 3: (6, 3, 5)}


class _LogitsOnly(nn.Module):
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

    References
    ----------
    Zhou, Nie, Adeli et al., High-resolution encoder-decoder networks for low-contrast medical image segmentation, IEEE
    Transactions on Image Processing 29, 2020.
    """
    check_width(width)
    kw: dict[str, Any] = {"dims": dims, "norm_kind": NORMS[norm]}
    return _LogitsOnly(DilatedNet(in_channels, width, classes, schedule(*_VARIANTS[variant]), **kw))
