"""What a network is taught by: one file per loss. A recipe names its losses with their weights."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from torch import Tensor

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models import ModelOutput
from napari_boundaryseg.registry import Registry

__all__ = ["Target", "build", "names", "register", "weighted"]


@dataclass
class Target:
    """The truth for one batch.

    Parameters
    ----------
    labels : (B, *sp) int64 tensor
        Class indices (not organ ids), 0 for the background.
    hard : (B, n_clear, *sp) float tensor or None
        1 on the boundary of each organ with a clear border.
    soft : (B, n_blurry, *sp) float tensor or None
        Soft contour of each organ with a blurry border, 0..1.
    valid : (B, 1, *sp) bool tensor or None
        Voxels that count; all where None.
    difficulty : (B, 1, *sp) float tensor or None
        How hard the border is to find there, from 1 on.
    """

    labels: Tensor
    hard: Tensor | None = None
    soft: Tensor | None = None
    valid: Tensor | None = None
    difficulty: Tensor | None = None


Loss = Callable[..., Tensor]
"""``loss(output: ModelOutput, target: Target, **arguments)`` → scalar, computed in float32."""

_registry: Registry[Loss] = Registry("loss", __name__, "napari_boundaryseg.losses", of=Callable)  # type: ignore[arg-type]
register = _registry.register
names = _registry.names


def build(name: str, **arguments: object) -> Callable[[ModelOutput, Target], Tensor]:
    """A registered loss with its arguments set."""
    loss = _registry[name]
    known = set(inspect.signature(loss).parameters) - {"output", "target"}
    for argument in arguments:
        if argument not in known:
            raise InputError(
                argument, f"the loss {name!r} has no such argument", f"It has: {', '.join(sorted(known)) or 'none'}"
            )
    return partial(loss, **arguments)


def weighted(
    weights: Mapping[str, float], arguments: Mapping[str, Mapping[str, object]] | None = None
) -> Callable[[ModelOutput, Target], tuple[Tensor, dict[str, float]]]:
    """Sum losses by name and weight.

    Returns
    -------
    callable
        Maps an output and a target to the weighted sum and each loss's own value, before its weight.
    """
    if not weights:
        raise InputError("losses", "none is named", "Name at least one loss with its weight")
    parts = {name: build(name, **(arguments or {}).get(name, {})) for name in weights}

    def total(output: ModelOutput, target: Target) -> tuple[Tensor, dict[str, float]]:
        values = {name: loss(output, target) for name, loss in parts.items()}
        summed = sum((weights[name] * value for name, value in values.items()), output.logits.new_zeros(()))
        return summed, {name: float(value.detach()) for name, value in values.items()}

    return total
