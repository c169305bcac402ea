"""Trunk: the parts of a network before its late layers, whose answers are remembered instead of repeated."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from napari_boundaryseg.engine.training.adapting.late_layers import only_late, probe_image

MOST_BYTES = 2**29
"""Of remembered maps; beyond that they are computed anew."""


@dataclass
class Trunk:
    """Answers of settled parts, by what the network was given; shared by copies of one network.

    Parameters
    ----------
    parts : tuple of str
        See `settled_parts`.
    """

    parts: tuple[str, ...]
    _now: Hashable = None
    _known: dict[tuple[Hashable, str], Any] = field(default_factory=dict)
    _bytes: int = 0

    @contextmanager
    def given(self, what: Hashable) -> Iterator[None]:
        """Inside, networks are given this; outside nothing is remembered."""
        self._now = what
        try:
            yield
        finally:
            self._now = None

    def under(self, network: nn.Module) -> None:
        """Let a network's parts remember, in place."""
        for name in self.parts:
            part = network.get_submodule(name)
            part.forward = self._remembering(name, part.forward)

    def _remembering(self, name: str, forward: Callable[..., Any]) -> Callable[..., Any]:
        def answer(*given: Any, **named: Any) -> Any:
            key = (self._now, name)
            if self._now is None:
                return forward(*given, **named)
            if key not in self._known:
                with torch.no_grad():
                    made = forward(*given, **named)
                if self._bytes > MOST_BYTES:
                    return made
                self._known[key] = made
                self._bytes += sum(one.numel() * one.element_size() for one in _tensors(made))
            return _copied(self._known[key])

        return answer


def settled_parts(network: nn.Module, late: Sequence[str], channels: int, window: Sequence[int]) -> tuple[str, ...]:
    """The largest parts of a network that say the same of the same image while its late layers learn to segment.

    Those that come before the late layers, and heads that have no say in the segmentation, whatever they would answer.

    Parameters
    ----------
    network : nn.Module
        It is left as it is.
    late : sequence of str
        Layers, as `late_layers` names them.
    channels : int
    window : three int
        (z, y, x).

    Examples
    --------
    >>> from napari_boundaryseg import models
    >>> from napari_boundaryseg.engine.training.adapting.late_layers import late_layers
    >>> network = models.build("sgm", classes=2, width=4, blurry=1)
    >>> settled_parts(network, late_layers(network, 1, (16, 16, 16)), 1, (16, 16, 16))
    ('stem', 'level1', 'level2', 'bridge', 'stages.2', 'side.0', 'side.1', 'soft')
    """
    probe = copy.deepcopy(network)
    only_late(probe, late)
    image = probe_image(probe, channels, window)
    made: dict[str, list[Tensor]] = {}
    several: set[str] = set()
    tapped: set[str] = set()

    def listener(name: str) -> Callable[..., None]:
        def hook(part: nn.Module, given: object, answer: object) -> None:
            if name in made:
                several.add(name)
            made[name] = _tensors(answer)
            for one in made[name]:
                if one.requires_grad:
                    one.retain_grad()
            if len(part._forward_hooks) > 1:
                tapped.add(name)

        return hook

    handles = [part.register_forward_hook(listener(name)) for name, part in probe.named_modules()]
    try:
        probe.eval()(image)
        made.clear()
        steady(probe)(image).logits.sum().backward()
    finally:
        for handle in handles:
            handle.remove()

    def found(part: nn.Module, name: str) -> list[str]:
        once = bool(made.get(name)) and name not in several and not any(one.startswith(f"{name}.") for one in tapped)
        if name and once and _is_settled(part, made[name]):
            return [name]
        inside = [(child, f"{name}.{inner}" if name else inner) for inner, child in part.named_children()]
        return [one for child, inner in inside for one in found(child, inner)]

    return tuple(found(probe, ""))


def _is_settled(part: nn.Module, maps: Sequence[Tensor]) -> bool:
    """Whether a part sees nothing that is trained, or the segmentation does not see it."""
    weights, followed = list(part.parameters()), [one for one in maps if one.requires_grad]
    return bool(weights) and all(one.grad is None for one in [*weights, *followed])


def steady(network: nn.Module) -> nn.Module:
    """The network in training mode, but with the statistics of norms as they are, and without dropout."""
    network.train()
    for module in network.modules():
        if isinstance(module, (nn.modules.batchnorm._NormBase, nn.modules.dropout._DropoutNd)):
            module.eval()
    return network


def _tensors(made: Any) -> list[Tensor]:
    if isinstance(made, Tensor):
        return [made]
    return [one for part in made for one in _tensors(part)] if isinstance(made, (tuple, list)) else []


def _copied(made: Any) -> Any:
    """The same, safe from layers that change what they are given."""
    if isinstance(made, Tensor):
        return made.clone()
    return type(made)(_copied(part) for part in made) if isinstance(made, (tuple, list)) else made
