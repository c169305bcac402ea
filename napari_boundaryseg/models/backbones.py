"""Backbones: MONAI's encoder-decoders, and taps where other modules read their features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import ModelOutput
from napari_boundaryseg.models.blocks import CONV
from napari_boundaryseg.models.blocks import norm as new_norm
from napari_boundaryseg.registry import Registry

Norm = Literal["batch", "group"]


@dataclass(frozen=True)
class Taps:
    """Names of the modules whose outputs are a network's feature maps.

    Parameters
    ----------
    encoder : tuple of str
        Finest first, without the bottleneck.
    channels : tuple of int
        Of each of them.
    seed : str
        The bottleneck.
    seed_channels : int
    decoder : str
        The first decoder map after up-sampling.
    decoder_channels : int
    head : str
        The last layer, which gives the logits.
    stem : str
        What comes before the first of the encoder's maps, where that is a module of its own.
    """

    encoder: tuple[str, ...]
    channels: tuple[int, ...]
    seed: str
    seed_channels: int
    decoder: str = ""
    decoder_channels: int = 0
    head: str = ""
    stem: str = ""


@dataclass(frozen=True)
class Backbone:
    """A network that maps an image to logits, its taps, and the number that sizes must be a multiple of."""

    network: nn.Module
    multiple: int
    taps: Taps | None = None


TAPPED: Registry[Callable[..., Backbone]] = Registry("backbone with feature taps")
"""``make(dims, in_channels, classes, width, norm)`` by name: what an edge stream can be put round."""


class LogitsOnly(nn.Module):
    """A backbone by itself: (B, in_channels, *sp) of any size to a `ModelOutput` with logits.

    Parameters
    ----------
    backbone : Backbone
    """

    def __init__(self, backbone: Backbone) -> None:
        super().__init__()
        self.backbone, self.multiple = backbone.network, backbone.multiple

    def forward(self, x: Tensor) -> ModelOutput:
        """(B, in_channels, *sp) to a `ModelOutput`."""
        return ModelOutput(logits=cut(self.backbone(pad(x, self.multiple)), x))


def pad(x: Tensor, multiple: int) -> Tensor:
    """Repeat the border at the far ends until each size is a multiple, and at least twice it."""
    missing = [max(2 * multiple, -(-n // multiple) * multiple) - n for n in x.shape[2:]]
    if not any(missing):
        return x
    ends = [end for m in reversed(missing) for end in (0, m)]
    return F.pad(x, ends, mode="replicate")


def cut(x: Tensor, like: Tensor) -> Tensor:
    """The first voxels along each axis, as many as ``like`` has."""
    for axis, n in enumerate(like.shape[2:], start=2):
        x = x.narrow(axis, 0, n)
    return x


@contextmanager
def listening(network: nn.Module, names: tuple[str, ...]) -> Iterator[dict[str, Tensor]]:
    """Collect the outputs of named modules during one forward pass."""
    heard: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(module: nn.Module, inputs: object, output: Tensor) -> None:
            heard[name] = output

        return hook

    handles = [network.get_submodule(name).register_forward_hook(keep(name)) for name in names]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


def group_norm(network: nn.Module) -> None:
    """Replace every batch norm, in place, by a group norm of as many channels."""
    for name, child in list(network.named_children()):
        if isinstance(child, (nn.BatchNorm2d, nn.BatchNorm3d)):
            setattr(network, name, new_norm("group", 3, child.num_features))
        else:
            group_norm(child)


@TAPPED.register("unet")
def unet(dims: int, in_channels: int, classes: int, width: int, norm: Norm) -> Backbone:
    """MONAI UNet of five levels; its encoder has no map at full resolution."""
    from monai.networks.nets import UNet

    widths = tuple(width * 2**level for level in range(5))
    network = UNet(dims, in_channels, classes, widths, (2, 2, 2, 2), num_res_units=2, norm="batch")
    names, inner = [], "model"
    for _ in range(4):
        names.append(f"{inner}.0")
        inner = f"{inner}.1.submodule"
    innermost = f"{inner.removesuffix('.1.submodule')}.2"
    return Backbone(
        _with_norm(network, norm),
        16,
        Taps(tuple(names), widths[:4], inner, widths[4], innermost, widths[2], head="model.2"),
    )


@TAPPED.register("basic-unet")
def basic_unet(dims: int, in_channels: int, classes: int, width: int, norm: Norm) -> Backbone:
    """MONAI BasicUNet, (2, 2, 4, 8, 16, 2) times the width."""
    from monai.networks.nets import BasicUNet

    widths = tuple(width * growth for growth in (2, 2, 4, 8, 16, 2))
    network = BasicUNet(dims, in_channels, classes, widths, norm="batch")
    names = ("conv_0", "down_1", "down_2", "down_3")
    return Backbone(_with_norm(network, norm), 16, Taps(names, widths[:4], "down_4", widths[4], head="final_conv"))


@TAPPED.register("segresnet")
def segresnet(dims: int, in_channels: int, classes: int, width: int, norm: Norm) -> Backbone:
    """MONAI SegResNet of four levels."""
    from monai.networks.nets import SegResNet

    network = SegResNet(dims, init_filters=width, in_channels=in_channels, out_channels=classes, norm="batch")
    names = tuple(f"down_layers.{level}" for level in range(3))
    widths = tuple(width * 2**level for level in range(4))
    seed = ("down_layers.3", widths[3], "up_samples.0", widths[2])
    taps = Taps(names, widths[:3], *seed, head="conv_final", stem="convInit")
    return Backbone(_with_norm(network, norm), 8, taps)


@TAPPED.register("vnet")
def vnet(dims: int, in_channels: int, classes: int, width: int, norm: Norm) -> Backbone:
    """MONAI VNet; its widths are fixed, and it wants 1, 2, 4, 8 or 16 input channels."""
    from monai.networks.nets import VNet

    if 16 % in_channels:
        raise InputError("vnet", f"it cannot take {in_channels} channels", "Give 1, 2, 4, 8 or 16, or another network")
    network = VNet(dims, in_channels, classes)
    names = ("in_tr", "down_tr32", "down_tr64", "down_tr128")
    taps = Taps(names, (16, 32, 64, 128), "down_tr256", 256, "up_tr256", 256, head="out_tr")
    return Backbone(_with_norm(network, norm), 16, taps)


class _VNetEntry(nn.Module):
    """The first stage of V-Net for any number of channels: a convolution, and the image repeated to its width."""

    def __init__(self, i: int, o: int, *, dims: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(CONV[dims](i, o, 5, padding=2, bias=False), new_norm("batch", dims, o))

    def forward(self, x: Tensor) -> Tensor:
        """(B, i, *sp) to (B, o, *sp)."""
        y = self.conv(x)
        repeated = torch.cat([x] * -(-y.shape[1] // x.shape[1]), dim=1)[:, : y.shape[1]]
        return F.elu(y + repeated)


@TAPPED.register("narrow-vnet")
def narrow_vnet(dims: int, in_channels: int, classes: int, width: int, norm: Norm) -> Backbone:
    """MONAI VNet with ``width`` channels at full resolution instead of 16, of any number of input channels."""
    from monai.networks.nets.vnet import DownTransition, OutputTransition, UpTransition, VNet

    act, drop = ("elu", {"inplace": True}), (0.5, 0.5)
    w1, w2, w4, w8, w16 = (width * growth for growth in (1, 2, 4, 8, 16))
    network = VNet(dims, 1, classes)
    network.in_tr = _VNetEntry(in_channels, w1, dims=dims)
    network.down_tr32 = DownTransition(dims, w1, 1, act)
    network.down_tr64 = DownTransition(dims, w2, 2, act)
    network.down_tr128 = DownTransition(dims, w4, 3, act, dropout_prob=0.5)
    network.down_tr256 = DownTransition(dims, w8, 2, act, dropout_prob=0.5)
    network.up_tr256 = UpTransition(dims, w16, w16, 2, act, dropout_prob=drop)
    network.up_tr128 = UpTransition(dims, w16, w8, 2, act, dropout_prob=drop)
    network.up_tr64 = UpTransition(dims, w8, w4, 1, act)
    network.up_tr32 = UpTransition(dims, w4, w2, 1, act)
    network.out_tr = OutputTransition(dims, w2, classes, act)
    names = ("in_tr", "down_tr32", "down_tr64", "down_tr128")
    taps = Taps(names, (w1, w2, w4, w8), "down_tr256", w16, "up_tr256", w16, head="out_tr")
    return Backbone(_with_norm(network, norm), 16, taps)


def attention_unet(dims: int, in_channels: int, classes: int, width: int, norm: Norm) -> Backbone:
    """MONAI AttentionUnet of four levels."""
    from monai.networks.nets import AttentionUnet

    widths = tuple(width * 2**level for level in range(4))
    return Backbone(_with_norm(AttentionUnet(dims, in_channels, classes, widths, (2, 2, 2)), norm), 8)


def dynunet(dims: int, in_channels: int, classes: int, width: int, norm: Norm) -> Backbone:
    """MONAI DynUNet of five levels: the network of nnU-Net, without deep supervision."""
    from monai.networks.nets import DynUNet

    network = DynUNet(
        dims,
        in_channels,
        classes,
        kernel_size=[3] * 5,
        strides=[1, 2, 2, 2, 2],
        upsample_kernel_size=[2] * 4,
        filters=[width * 2**level for level in range(5)],
        norm_name="batch",
    )
    # Each block has two names in it; a model file holds each weight once. What it runs are the skip layers.
    for second_name in ("input_block", "downsamples", "bottleneck", "upsamples"):
        delattr(network, second_name)
    return Backbone(_with_norm(network, norm), 16)


def _with_norm(network: nn.Module, norm: Norm) -> nn.Module:
    if norm == "group":
        group_norm(network)
    return network
