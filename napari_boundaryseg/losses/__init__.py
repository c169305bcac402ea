"""Losses: one file each; a recipe names them with their weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType

import numpy as np
import torch
from torch import Tensor

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import ModelOutput
from napari_boundaryseg.registry import Registry

__all__ = ["Target", "build", "names", "needed_maps", "probability", "register", "separate", "signature", "weighted"]


@dataclass
class Target:
    """The truth for one batch.

    Parameters
    ----------
    labels : (B, *sp) int64 tensor
        Class indices (not organ ids), 0 for the background.
    maps : dict of (B, N, *sp) float tensors
        The target maps that the losses need, by name (see `losses.target_maps`), such as ``"hard"``: 1 on the boundary
        of each organ with a clear border; ``"soft"``: the soft contour of each organ with a blurry border, 0..1;
        ``"difficulty"``: how hard the border is to find, from 1 on. One that has no channel is left out.
    valid : (B, 1 or organs, *sp) bool tensor or None
        Where it is known of each organ whether a voxel is of it, in one channel where that is so of all of them at
        once; everywhere where None. Nothing is known beyond the scan, nor where nobody has looked. What lies there may
        change neither a loss nor its gradients.
    regions : tuple of tuples of int
        Class indices of nested regions, each of which ``dice-squared``, ``consistency`` and ``boundary-enhancement``
        compare as one structure; other losses, and these where there are none, compare organs.
    contoured : dict of tuples of int
        By the name of a map whose channels are organs, which organs, counted from 0.
    """

    labels: Tensor
    maps: dict[str, Tensor] = field(default_factory=dict)
    valid: Tensor | None = None
    regions: tuple[tuple[int, ...], ...] = ()
    contoured: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def any_known(self) -> Tensor | None:
        """(B, 1, *sp): where something is known of any organ."""
        return None if self.valid is None else self.valid.any(1, keepdim=True)

    @property
    def all_known(self) -> Tensor | None:
        """(B, 1, *sp): where it is known what a voxel is; what is about all organs together counts there only."""
        return None if self.valid is None else self.valid.all(1, keepdim=True)

    @property
    def regions_known(self) -> Tensor | None:
        """(B, 1 or regions, *sp): where all organs of a region are known; of the organs where there are no regions."""
        if self.valid is None or self.valid.shape[1] == 1 or not self.regions:
            return self.valid
        return torch.stack([self.valid[:, [n - 1 for n in inside]].all(1) for inside in self.regions], dim=1)

    def known_of(self, name: str) -> Tensor | None:
        """(B, 1 or N, *sp): where the organs are known of which a map has channels; else where all are."""
        if self.valid is None or self.valid.shape[1] == 1 or name not in self.contoured:
            return self.all_known
        return self.valid[:, list(self.contoured[name])]

    def needed(self, name: str) -> Tensor:
        """A map without which a loss cannot be computed.

        Raises
        ------
        InputError
            When the batch does not have it.
        """
        if name not in self.maps:
            raise InputError(name, f"the batch has no {name} map", "Register the loss with this map among its needs")
        return self.maps[name]

    def to(self, device: torch.device | str) -> Target:
        """The same truth on a device."""
        maps = {name: one.to(device) for name, one in self.maps.items()}
        valid = None if self.valid is None else self.valid.to(device)
        return replace(self, labels=self.labels.to(device), maps=maps, valid=valid)


Loss = Callable[..., Tensor]
"""``loss(output: ModelOutput, target: Target, **arguments)`` → scalar, computed in float32."""

_registry: Registry[Loss] = Registry("loss", __name__, "napari_boundaryseg.losses", of=Callable)  # type: ignore[arg-type]
names = _registry.names


Link = Callable[..., np.ndarray]
"""``link(values, **arguments)``: a head's values, 0..1, as the probability that the loss taught it to say so."""


def register(
    name: str, *, needs: tuple[str, ...] = (), links: Mapping[str, Link] = MappingProxyType({})
) -> Callable[[Loss], Loss]:
    """Decorate a loss.

    Parameters
    ----------
    name : str
        As recipes write it.
    needs : tuple of str
        The target maps that it reads from ``target.maps``: see `losses.target_maps`. They are kept as the loss's
        attribute ``needs``, which a loss of another package sets itself.
    links : mapping of str to callable
        Heads whose sigmoid is no probability under this loss, and what turns it into one. Kept as ``links``.
    """

    def add(loss: Loss) -> Loss:
        for attribute, value in (("needs", needs), ("links", links)):
            setattr(loss, attribute, value)  # functions have no such attributes for the type checker
        return _registry.register(name)(loss)

    return add


def needed_maps(losses: Iterable[str]) -> list[str]:
    """The names of the target maps that some losses need, in alphabetical order.

    Examples
    --------
    >>> needed_maps(["wce-dice", "contour-regression", "soft-contour"])
    ['hard', 'soft']
    """
    return sorted({name for loss in losses for name in getattr(_registry[loss], "needs", ())})


def probability(
    head: str, values: np.ndarray, losses: Iterable[str], arguments: Mapping[str, Mapping[str, object]]
) -> np.ndarray:
    """A head's values, 0..1, as the probability that a recipe's losses taught it.

    Examples
    --------
    >>> probability("hard", np.array([0.154]), ["hard-contour"], {}).round(2)
    array([0.01], dtype=float32)
    >>> probability("hard", np.array([0.154]), ["contour-regression"], {})
    array([0.154])
    """
    for name in set(losses) & set(names()):  # a model predicts also where a loss of its training is not installed
        link = getattr(_registry[name], "links", {}).get(head)
        values = values if link is None else link(values, **arguments.get(name, {}))
    return values


def signature(name: str) -> inspect.Signature:
    """The arguments of a registered loss: output and target, then those that a recipe may set."""
    return inspect.signature(_registry[name])


def build(name: str, **arguments: object) -> Callable[[ModelOutput, Target], Tensor]:
    """A registered loss with its arguments set.

    Examples
    --------
    >>> import torch
    >>> labels = torch.tensor([[[0, 1], [1, 0]]])
    >>> sure = ModelOutput(logits=20.0 * torch.nn.functional.one_hot(labels, 2).movedim(-1, 1).float())
    >>> float(build("wce-dice")(sure, Target(labels))) < 1e-3
    True
    """
    known = set(signature(name).parameters) - {"output", "target"}
    for argument in arguments:
        if argument not in known:
            raise InputError(
                argument, f"the loss {name!r} has no such argument", f"It has: {', '.join(sorted(known)) or 'none'}"
            )
    return partial(_registry[name], **arguments)


def weighted(
    weights: Mapping[str, float], arguments: Mapping[str, Mapping[str, object]] | None = None
) -> Callable[[ModelOutput, Target], tuple[Tensor, dict[str, float]]]:
    """Sum losses by name and weight.

    Returns
    -------
    callable
        Maps an output and a target to the weighted sum and each loss's own value, before its weight.

    Examples
    --------
    >>> import torch
    >>> output, target = ModelOutput(logits=torch.zeros(1, 2, 4, 4)), Target(torch.zeros(1, 4, 4, dtype=torch.long))
    >>> total, parts = weighted({"wce-dice": 2.0})(output, target)
    >>> bool(torch.isclose(total, torch.tensor(2 * parts["wce-dice"])))
    True
    """
    values_of = separate(weights, arguments)

    def total(output: ModelOutput, target: Target) -> tuple[Tensor, dict[str, float]]:
        values = values_of(output, target)
        summed = sum((weights[name] * value for name, value in values.items()), output.logits.new_zeros(()))
        return summed, {name: float(value.detach()) for name, value in values.items()}

    return total


def separate(
    weights: Iterable[str], arguments: Mapping[str, Mapping[str, object]] | None = None
) -> Callable[[ModelOutput, Target], dict[str, Tensor]]:
    """Map an output and a target to the value of each loss, with its graph and before any weight."""
    parts = {name: build(name, **(arguments or {}).get(name, {})) for name in weights}
    if not parts:
        raise InputError("losses", "none is named", "Name at least one loss with its weight")
    return lambda output, target: {name: loss(output, target) for name, loss in parts.items()}
