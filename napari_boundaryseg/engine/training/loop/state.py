"""What a training needs to resume: weights, optimiser moments and the step, in safetensors."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from napari_boundaryseg.data.file_format import refuse_later
from napari_boundaryseg.data.saving import atomic_bytes
from napari_boundaryseg.engine.checkpoints.model_library import read_header
from napari_boundaryseg.errors import InputError

FORMAT = "napari-boundaryseg-training/1"
"""What a state says of itself since version 0.2 of the program; one that says nothing is of this version too."""


@dataclass(frozen=True)
class Memory:
    """What `load_state` gives back.

    Parameters
    ----------
    numbers : dict
        The step and the like.
    good : dict
        Weights at the end of the last whole epoch; empty before the first.
    averaged : dict
        The running mean of the weights; empty where the recipe asks for none.
    """

    numbers: dict[str, float]
    good: dict[str, Tensor]
    averaged: dict[str, Tensor]


def save_state(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, memory: Memory) -> None:
    """Weights in full precision, the optimiser's moments, and what else is remembered, in one file."""
    kinds = {"network": network.state_dict(), "good": memory.good, "averaged": memory.averaged}
    tensors = {f"{kind}/{name}": value for kind, values in kinds.items() for name, value in values.items()}
    for index, moments in optimiser.state_dict()["state"].items():
        for name, value in moments.items():
            tensors[f"optimiser/{index}/{name}"] = torch.as_tensor(value)
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    atomic_bytes(path, save(tensors, metadata={"format": FORMAT, "memory": json.dumps(memory.numbers)}))


def numbers_in(path: Path) -> dict[str, float]:
    """The step and the like, without the tensors.

    Raises
    ------
    InputError
        When the file is damaged, or a later version of the program wrote it.
    """
    try:
        metadata = read_header(path).get("__metadata__", {})
        refuse_later(metadata.get("format"), FORMAT, path)
        text = metadata.get("memory")
        return {name: float(value) for name, value in json.loads(text).items()}
    except (OSError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path) from error


def precision_of(numbers: dict[str, float]) -> str:
    """In which precision a saved training was begun."""
    return "bf16" if numbers.get("bf16") else "float32"


def _damaged(path: Path) -> InputError:
    return InputError(
        path,
        "it is damaged, or belongs to a training of another recipe",
        "Resume with the recipe that it was begun with, or begin in another folder",
    )


def load_state(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer) -> Memory:
    """Undo `save_state`.

    Raises
    ------
    InputError
        When the file is damaged, belongs to another network, or a later version of the program wrote it.
    """
    numbers = numbers_in(path)
    try:
        parts: dict[str, dict[str, Tensor]] = {"network": {}, "good": {}, "averaged": {}, "optimiser": {}}
        for name, value in load(path.read_bytes()).items():
            kind, _, rest = name.partition("/")
            parts[kind][rest] = value
        network.load_state_dict(parts["network"])
        moments: dict[int, dict[str, Tensor]] = {}
        for name, value in parts["optimiser"].items():
            index, moment = name.split("/")
            moments.setdefault(int(index), {})[moment] = value
        optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})
        return Memory(numbers, parts["good"], parts["averaged"])
    except (OSError, SafetensorError, RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(path) from error
