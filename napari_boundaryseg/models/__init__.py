"""Networks: every module of this folder registers one family. A new network is one new file."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from pydantic import TypeAdapter, ValidationError
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.registry import Registry

__all__ = ["EVERY_MAP", "Attention", "ModelOutput", "asking", "build", "names", "register", "signature"]

EVERY_MAP = frozenset({"contours", "edges", "attention"})
"""What a network may give beside its logits. One that saves work where less is asked for has it as ``asked``."""


@dataclass
class Attention:
    """What one attention gate does.

    Parameters
    ----------
    spatial : (B, 1, *level) tensor
        What ``kind`` says.
    channel : (B, K) tensor, 0..1, or None
        The part of a gate that is the same everywhere, for each feature channel.
    kind : str
        ``"gain"``: what the features are multiplied by, 0..2, the mean over their channels; 1 leaves them as they are.
        ``"edge"``: how much likelier an edge becomes by the gate, 0..1; 0 where it makes no edge likelier.
    """

    spatial: Tensor
    channel: Tensor | None = None
    kind: Literal["gain", "edge"] = "gain"


@dataclass
class ModelOutput:
    """What every network returns, at the input's size unless said otherwise.

    Parameters
    ----------
    logits : (B, classes, *sp) tensor
        Before the softmax; background first.
    deep : list of (B, classes, *sp) tensors
        Deeply supervised logits, finest first; empty in evaluation mode.
    hard : (B, n_clear, *sp) tensor or None
        Contour logits, one channel per organ with a clear border, in label order.
    soft : (B, n_blurry, *sp) tensor or None
        Soft-contour logits, one channel per organ with a blurry border, in label order.
    edges : (B, 1, *sp) tensor or None
        Edge logits of networks with an edge stream.
    main : (B, classes, *sp) tensor or None
        Logits of the main stream, before the edge stream is fused in.
    attention : dict
        ``"level 0"`` (finest) and so on to `Attention`, at that level's size.
    """

    logits: Tensor
    deep: list[Tensor] = field(default_factory=list)
    hard: Tensor | None = None
    soft: Tensor | None = None
    edges: Tensor | None = None
    main: Tensor | None = None
    attention: dict[str, Attention] = field(default_factory=dict)


Builder = Callable[..., nn.Module]
_registry: Registry[Builder] = Registry("network", __name__, "napari_boundaryseg.networks", of=Callable)  # type: ignore[arg-type]
register = _registry.register
names = _registry.names


def signature(name: str) -> inspect.Signature:
    """The typed arguments of a registered network: its form, its flags, its card.

    Examples
    --------
    >>> [name for name in signature("sgm").parameters if name not in ("dims", "in_channels", "classes")][:2]
    ['clear', 'blurry']
    """
    return inspect.signature(_registry[name])


@contextmanager
def asking(network: nn.Module, wanted: Collection[str]) -> Iterator[None]:
    """Let a network make only these of `EVERY_MAP`, where that saves work; its logits are the same.

    Examples
    --------
    >>> import torch
    >>> network = build("sgm", classes=2, clear=0, blurry=1, width=4).eval()
    >>> with asking(network, ()):
    ...     network(torch.zeros(1, 1, 16, 16, 16)).soft is None
    True
    """
    before = {module: module.asked for module in network.modules() if hasattr(type(module), "asked")}
    for module in before:
        module.asked = frozenset(wanted)  # type: ignore[assignment]
    try:
        yield
    finally:
        for module, asked in before.items():
            module.asked = asked


def build(
    name: str,
    *,
    dims: int = 3,
    in_channels: int = 1,
    classes: int = 2,
    clear: int = 0,
    blurry: int = 0,
    **arguments: object,
) -> nn.Module:
    """Make a registered network with fresh weights.

    Parameters
    ----------
    name : str
        One of `names`.
    dims : int
        2 or 3 spatial dimensions.
    in_channels, classes : int
        Input channels; output classes with the background.
    clear, blurry : int
        Organs with a clear border (hard-contour channels) and a blurry one (soft-contour channels).
    **arguments
        The network's own arguments, see `signature`.

    Returns
    -------
    nn.Module
        Maps (B, in_channels, *sp) to a `ModelOutput`.

    Examples
    --------
    >>> import torch
    >>> network = build("unet", dims=2, in_channels=1, classes=3, width=4)
    >>> network(torch.zeros(1, 1, 31, 45)).logits.shape
    torch.Size([1, 3, 31, 45])
    """
    builder = _registry[name]
    if dims not in (2, 3):
        raise InputError("dims", f"it is {dims}", "Choose 2 or 3")
    _check(name, arguments)
    network = builder(dims=dims, in_channels=in_channels, classes=classes, clear=clear, blurry=blurry, **arguments)
    return network.float()


def _check(name: str, arguments: dict[str, object]) -> None:
    """Refuse arguments that the network does not know, or of another type than its signature says."""
    known = inspect.signature(_registry[name], eval_str=True).parameters
    for argument, value in arguments.items():
        if argument not in known:
            raise InputError(
                argument, f"the network {name!r} has no such argument", f"It has: {', '.join(sorted(known))}"
            )
        try:
            TypeAdapter(known[argument].annotation).validate_python(value, strict=True)
        except ValidationError as error:
            raise InputError(
                argument, f"{value!r:.60} does not suit the network {name!r}", error.errors()[0]["msg"]
            ) from error
