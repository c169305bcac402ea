"""Fine-tuning of a part of a network: the weights outside it are frozen."""

from __future__ import annotations

import copy

from torch import nn

from napari_boundaryseg.engine.recipes.tuning import Part
from napari_boundaryseg.errors import InputError

NORMS = (nn.GroupNorm, nn.LayerNorm, nn.modules.batchnorm._NormBase)
"""The last: batch and instance norms."""


def only(part: Part, network: nn.Module) -> nn.Module:
    """The network with gradients for the weights of this part alone: a copy, or itself where all are trained.

    Parameters
    ----------
    part : str
        ``"all"``; ``"decoder"``, all but the encoder; ``"heads"``, the last layers of every output; ``"norm"``, scales
        and shifts of the norms.
    network : nn.Module
        Which names its ``encoder_modules`` and its ``head_modules``; for ``"all"`` and ``"norm"`` any network.

    Raises
    ------
    InputError
        For a network that does not say what its encoder and its heads are, or has no norms.
    """
    if part == "all":
        return network
    chosen = copy.deepcopy(network)
    if part == "norm":
        return _norms_only(chosen)
    named = next((module for module in chosen.modules() if hasattr(module, "encoder_modules")), None)
    if named is None:
        raise InputError(
            part, "this network does not say which of its layers that is", "Train all of it, or use another model"
        )
    names: tuple[str, ...] = getattr(named, "head_modules" if part == "heads" else "encoder_modules")
    inside = {id(weight) for name in names for weight in _weights(named, name)}
    for weight in chosen.parameters():
        weight.requires_grad_((id(weight) in inside) == (part == "heads"))
    return chosen


def _norms_only(network: nn.Module) -> nn.Module:
    network.requires_grad_(False)
    norms = [module for module in network.modules() if isinstance(module, NORMS)]
    weights = [weight for module in norms for weight in module.parameters(recurse=False)]
    if not weights:
        raise InputError("norm", "this network has no norms with weights", "Train all of it, or use another model")
    for weight in weights:
        weight.requires_grad_(True)
    return network


def _weights(network: nn.Module, name: str) -> list[nn.Parameter]:
    module = network.get_submodule(name) if getattr(network, name.partition(".")[0]) is not None else None
    return [] if module is None else list(module.parameters())
