"""What a training needs to go on where it stopped: optimiser moments and the step, in safetensors."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save
from torch import nn

from napari_boundaryseg.data.saving import atomic_bytes


def save_state(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer, memory: dict[str, float]) -> None:
    """Weights in full precision, the optimiser's moments, and a few numbers, in one atomic file."""
    tensors = {f"network/{name}": value for name, value in network.state_dict().items()}
    for index, moments in optimiser.state_dict()["state"].items():
        for name, value in moments.items():
            tensors[f"optimiser/{index}/{name}"] = torch.as_tensor(value)
    tensors = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    atomic_bytes(path, save(tensors, metadata={"memory": json.dumps(memory)}))


def load_state(path: Path, network: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, float]:
    """Undo `save_state`; returns the numbers."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        memory: dict[str, float] = json.loads((file.metadata() or {})["memory"])
    tensors = load_file(path)
    network.load_state_dict({n.removeprefix("network/"): t for n, t in tensors.items() if n.startswith("network/")})
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimiser/"):
            _, index, moment = name.split("/")
            moments.setdefault(int(index), {})[moment] = value
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": moments, "param_groups": groups})
    return memory
