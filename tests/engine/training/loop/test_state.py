"""A training's state: exact, damaged, of a later version of the program, and of one that did not say its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from napari_boundaryseg.engine.training.loop.state import FORMAT, Memory, load_state, numbers_in, save_state
from napari_boundaryseg.errors import InputError

NUMBERS = {"step": 3.0, "best": 0.25, "damping": 1.0}


def one_step(seed: int) -> tuple[nn.Linear, torch.optim.Adam]:
    torch.manual_seed(seed)
    network = nn.Linear(3, 2)
    optimiser = torch.optim.Adam(network.parameters(), 0.1)
    (network(torch.ones(1, 3)) * torch.tensor([1.0, 2.0 + seed])).sum().backward()
    optimiser.step()
    return network, optimiser


@pytest.fixture
def state(tmp_path: Path) -> Path:
    network, optimiser = one_step(0)
    good = {"weight": torch.full((2, 3), 7.0)}
    save_state(tmp_path / "state.safetensors", network, optimiser, Memory(NUMBERS, good, {}))
    return tmp_path / "state.safetensors"


def rewrite(path: Path, metadata: dict[str, str]) -> None:
    save_file(load_file(path), path, metadata={"memory": json.dumps(NUMBERS), **metadata})


def test_everything_comes_back(state: Path) -> None:
    network, optimiser = one_step(1)
    memory = load_state(state, network, optimiser)
    known, before = one_step(0)
    assert memory.numbers == NUMBERS
    assert torch.equal(memory.good["weight"], torch.full((2, 3), 7.0))
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), known.parameters(), strict=True))
    found, wanted = optimiser.state_dict()["state"], before.state_dict()["state"]
    assert {key: set(moments) for key, moments in found.items()} == {
        key: set(moments) for key, moments in wanted.items()
    }
    assert all(torch.equal(found[key][name], value) for key in wanted for name, value in wanted[key].items())


def test_it_says_its_format(state: Path) -> None:
    with safe_open(state, "numpy") as file:
        assert file.metadata()["format"] == FORMAT


def test_one_that_says_nothing_is_of_version_0_1(state: Path) -> None:
    rewrite(state, {})
    assert load_state(state, *one_step(1)).numbers == NUMBERS


def test_one_of_a_later_version_is_not_called_damaged(state: Path) -> None:
    rewrite(state, {"format": "napari-boundaryseg-training/2"})
    for read in (numbers_in, lambda path: load_state(path, *one_step(1))):
        with pytest.raises(InputError, match=r"state\.safetensors: a later version of the program wrote it"):
            read(state)


def test_one_without_numbers_is_damaged(state: Path) -> None:
    rewrite(state, {"memory": "no JSON"})
    with pytest.raises(InputError, match="it is damaged"):
        numbers_in(state)
