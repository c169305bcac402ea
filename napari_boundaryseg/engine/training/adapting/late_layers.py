"""Late layers: those of a network whose maps are fine, and which see what its coarsest maps say."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from napari_boundaryseg.errors import InputError

FINE = 0.35
"""Of the finest map's resolution: half of it, however sizes are rounded, and no quarter."""
PROBE_VOX = 24
"""Of a window, at most, along each axis: after four halvings there are still two."""

Seen = list[tuple[str, Tensor]]
"""Layers in the order in which a pass runs them, each with the map that it made."""


def late_layers(network: nn.Module, channels: int, window: Sequence[int]) -> tuple[str, ...]:
    """The names of the layers that learn when a network is adapted to one scan.

    Late is a layer whose map is at least half as fine as the finest, and that sees the coarsest one: the last two
    stages of a decoder and the heads, but no skip and no pathway beside it. So they are found in every network,
    whatever its parts are called. One that never gets coarser learns in all layers but the first.

    Parameters
    ----------
    network : nn.Module
        (B, channels, z, y, x) to a `ModelOutput`; it is left as it is.
    channels : int
    window : three int
        (z, y, x).

    Raises
    ------
    InputError
        Where no layer is late.

    Examples
    --------
    >>> from napari_boundaryseg import models
    >>> late = late_layers(models.build("sgm", classes=2, width=4), 1, (16, 16, 16))
    >>> [stage for stage in range(3) if any(name.startswith(f"stages.{stage}.") for name in late)]
    [0, 1]
    """
    probe = copy.deepcopy(network).eval().requires_grad_(False)
    image = probe_image(probe, channels, window)
    sizes = {name: _resolution(made) for name, made in _run(probe, image)}
    finest, coarsest = max(sizes.values(), default=0), min(filter(None, sizes.values()), default=0)
    first = next((name for name, size in sizes.items() if size == coarsest), "")
    late, size = [], 0.0
    for name, made in _run(probe, image, follow=first):
        size = _resolution(made) or size  # what has no places, as a gate of channels, is of the level before it
        if name != first and made.requires_grad and size > FINE * finest:
            late.append(name)
    if not late:
        raise InputError("this network", "no layer of it comes after its coarsest map", "Use another model")
    return tuple(dict.fromkeys(late))


def probe_image(network: nn.Module, channels: int, window: Sequence[int]) -> Tensor:
    """A small image to learn a network's structure from: (1, channels, z, y, x)."""
    return torch.zeros(1, channels, *(min(n, PROBE_VOX) for n in window), device=next(network.parameters()).device)


def only_late(network: nn.Module, layers: Sequence[str]) -> list[nn.Parameter]:
    """The weights of these layers, which are trained; all others are frozen, in place."""
    trained = {id(weight) for name in layers for weight in network.get_submodule(name).parameters(recurse=False)}
    for weight in network.parameters():
        weight.requires_grad_(id(weight) in trained)
    return [weight for weight in network.parameters() if weight.requires_grad]


def _run(network: nn.Module, image: Tensor, follow: str = "") -> Seen:
    """One pass; whatever sees the map of the layer ``follow`` requires gradients."""
    seen: Seen = []

    def listener(name: str) -> Callable[..., Tensor | None]:
        def hook(layer: nn.Module, given: object, made: Tensor) -> Tensor | None:
            marked = made.detach().requires_grad_().clone() if name == follow else made
            seen.append((name, marked))
            return marked

        return hook

    weighty = [(name, one) for name, one in network.named_modules() if any(True for _ in one.parameters(recurse=False))]
    handles = [one.register_forward_hook(listener(name)) for name, one in weighty]
    try:
        with torch.enable_grad():
            network(image)
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _resolution(made: Tensor) -> float:
    """Places along an axis, the geometric mean; 0 for a map without places."""
    places = made.shape[2:]
    return math.prod(places) ** (1 / len(places)) if places else 0.0
