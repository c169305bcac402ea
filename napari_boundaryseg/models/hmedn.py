"""HMEDN, and what it is without its contour head (HRDN) and without its pathway too (DstNet).

Zhou, Nie, Adeli, Yin, Lian and Shen, "High-resolution encoder-decoder networks for low-contrast medical image
segmentation", IEEE Transactions on Image Processing 29 (2020).
"""

from __future__ import annotations

from typing import Literal

from torch import nn

from napari_boundaryseg.models import register
from napari_boundaryseg.models.distilling import NORMS, DistillingNet, Norm, check_width

WIDTH = {2: 32, 3: 16}
"""Channels at full resolution in the paper."""
_GROWTH = {2: (1, 2, 4, 8, 10), 3: (1, 2, 4, 8, 16)}
_PATHWAY_WIDTH = {2: (32, 40, 56, 72), 3: (16, 32, 64, 128)}
_CONNECTIVITY = {2: "residual", 3: "dense"}


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

    References
    ----------
    Zhou, Nie, Adeli et al., High-resolution encoder-decoder networks for low-contrast medical image segmentation, IEEE
    Transactions on Image Processing 29, 2020.
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
    signed: bool = False,
    norm: Norm = "batch",
) -> nn.Module:
    """HRDN: HMEDN without contour head.

    Parameters are those of `hmedn`.

    Returns
    -------
    nn.Module
        3 371 528 parameters in 2-D at stage 1; 4 363 488 and 9 739 136 in 3-D with 4 channels at stages 2 and 3.

    References
    ----------
    Zhou, Nie, Adeli et al., High-resolution encoder-decoder networks for low-contrast medical image segmentation, IEEE
    Transactions on Image Processing 29, 2020.
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
        signed=signed,
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
    signed: bool = False,
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
    signed : bool
        The pathway's blocks may subtract, too. In the authors' figure each ends in a ReLU and can only add.
    norm : str
        Batch norm, or group norm (a group for each channel) for batches of 1 or 2 and for fine-tuning.

    Returns
    -------
    nn.Module
        Maps (B, in_channels, *sp) to a `ModelOutput`; 3 791 307 parameters with the default arguments.

    References
    ----------
    Zhou, Nie, Adeli et al., High-resolution encoder-decoder networks for low-contrast medical image segmentation, IEEE
    Transactions on Image Processing 29, 2020.
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
        signed=signed,
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
    signed: bool = False,
    union: bool = False,
) -> DistillingNet:
    chosen = WIDTH[dims] if width is None else width
    check_width(chosen)
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
        norm_kind=NORMS[norm],
        signed=signed,
        union=union,
    )
