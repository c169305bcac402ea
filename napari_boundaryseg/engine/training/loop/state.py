"""What a training needs to resume: weights, optimiser moments and the step, in safetensors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from napari_boundaryseg.data.saving import atomic_bytes
from napari_boundaryseg.engine.training.loop.optimiser import ORDER
from napari_boundaryseg.engine.training.loop.state_header import FORMAT, damaged, numbers_in

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Good:
    """What a training goes back to when losses are not finite: where it stood at the end of the last whole epoch.

    Parameters
    ----------
    network, averaged : dict
        Weights, and their running mean; empty where the recipe asks for none.
    moments : dict
        The optimiser's, as `moments_of` gives them.
    """

    network: Tensors = field(default_factory=dict)
    averaged: Tensors = field(default_factory=dict)
    moments: Tensors = field(default_factory=dict)


@dataclass(frozen=True)
class Memory:
    """What `load_state` gives back.

    Parameters
    ----------
    numbers : dict
        The step and the like.
    good : Good
        Of a state of version 1 without moments, and before its first epoch empty.
    averaged : dict
        The running mean of the weights; empty where the recipe asks for none.
    """

    numbers: dict[str, float]
    good: Good
    averaged: Tensors


def save_state(
    path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, memory: Memory, begun: str = ""
) -> None:
    """Weights in full precision, the optimiser's moments, and what else is remembered, in one file.

    Parameters
    ----------
    path : Path
    network : nn.Module
    optimiser : torch.optim.Optimizer
    memory : Memory
    begun : str
        What the training was begun with, as `loop.begun.Begun` writes it.
    """
    kinds = {
        "network": network.state_dict(),
        "averaged": memory.averaged,
        "optimiser": moments_of(optimiser),
        "good": memory.good.network,
        "good-averaged": memory.good.averaged,
        "good-optimiser": memory.good.moments,
    }
    tensors = {
        f"{kind}/{name}": value.detach().cpu().contiguous()
        for kind, values in kinds.items()
        for name, value in values.items()
    }
    atomic_bytes(path, save(tensors, metadata={"format": FORMAT, "memory": json.dumps(memory.numbers), "begun": begun}))


def load_state(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer) -> Memory:
    """Undo `save_state`.

    Raises
    ------
    InputError
        When the file is damaged, belongs to another network, or a later version of the program wrote it.
    """
    numbers = numbers_in(path)
    kinds = ("network", "averaged", "optimiser", "good", "good-averaged", "good-optimiser")
    try:
        parts: dict[str, Tensors] = {kind: {} for kind in kinds}
        for name, value in load(path.read_bytes()).items():
            kind, _, rest = name.partition("/")
            parts[kind][rest] = value
        network.load_state_dict(parts["network"])
        put_moments(optimiser, parts["optimiser"])
        good = Good(parts["good"], parts["good-averaged"], parts["good-optimiser"])
        return Memory(numbers, good, parts["averaged"])
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise damaged(path) from error


def moments_of(optimiser: torch.optim.Optimizer) -> Tensors:
    """An optimiser's moments: the place of a weight and a moment's name, "3/exp_avg", to its tensor."""
    places = _places(optimiser)
    return {
        f"{places[index]}/{name}": torch.as_tensor(value)
        for index, moments in optimiser.state_dict()["state"].items()
        for name, value in moments.items()
    }


def _places(optimiser: torch.optim.Optimizer) -> list[int]:
    """Where each weight of an optimiser, in its own order, stands in the network."""
    groups = optimiser.param_groups
    given = [place for group in groups for place in group.get(ORDER, ())]
    return given or list(range(sum(len(group["params"]) for group in groups)))


def put_moments(optimiser: torch.optim.Optimizer, found: Tensors) -> None:
    """Undo `moments_of`; without any the optimiser stands at its beginning."""
    moments: dict[int, Tensors] = {}
    index = {place: n for n, place in enumerate(_places(optimiser))}
    for name, value in found.items():
        place, moment = name.split("/")
        moments.setdefault(index[int(place)], {})[moment] = value.clone()
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
