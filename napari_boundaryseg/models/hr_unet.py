"""MONAI's UNet with HMEDN's high-resolution pathway between encoder and decoder."""

from __future__ import annotations

from typing import Any, Literal

from torch import Tensor, nn

from napari_boundaryseg.models import backbones, register
from napari_boundaryseg.models.blocks import CONV
from napari_boundaryseg.models.hr_pathway import HighResolutionPathway, schedule


class _Beside(nn.Module):
    """What lies below a skip, with a pathway beside it: both read the skip, and their sum goes up."""

    def __init__(self, below: nn.Module, pathway: nn.Module) -> None:
        super().__init__()
        self.below, self.pathway = below, pathway

    def forward(self, x: Tensor) -> Tensor:
        return self.below(x) + self.pathway(x)


@register("hr-unet")
def hr_unet(dims: int = 3, in_channels: int = 1, classes: int = 2, clear: int = 0, blurry: int = 0, width: int = 16,
            stage: Literal[1, 2, 3] = 1, pathway_width: int = 16,
            connectivity: Literal["residual", "dense"] = "residual",
            norm: Literal["batch", "group"] = "batch") -> nn.Module:
    """MONAI UNet with a high-resolution pathway, as the HMEDN paper adds one to networks of others.

    Parameters
    ----------
    dims, in_channels, classes : int
        2 or 3 spatial dimensions; input channels; output classes with the background.
    clear, blurry : int
        Not used: there are no contour heads.
    width : int
        Channels of the UNet's first level, which has half the input's size.
    stage : int
        The level beside which the pathway runs; 1 is the UNet's first.
    pathway_width, connectivity
        See `napari_boundaryseg.models.hr_pathway.HighResolutionPathway`.
    norm : str
        Batch norm, or group norm for small batches and for fine-tuning.
    """
    kw: dict[str, Any] = {"dims": dims, "norm_kind": norm}
    backbone = backbones.unet(dims, in_channels, classes, width, norm)
    channels = width * 2 ** (stage - 1)
    pathway = HighResolutionPathway(channels, pathway_width, schedule(9, 1, 2), dense=connectivity == "dense", **kw)
    joined = nn.Sequential(pathway, CONV[dims](pathway_width, channels, 1))
    skip = backbone.network.get_submodule("model" + ".1.submodule" * (stage - 1) + ".1")
    skip.submodule = _Beside(skip.submodule, joined)  # type: ignore[arg-type]
    return backbones.LogitsOnly(backbone)
