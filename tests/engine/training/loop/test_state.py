"""A training's state: exact, damaged, of a later version of the program, and of one that did not say its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from napari_boundaryseg.engine.training.loop.state import Good, Memory, load_state, moments_of, save_state
from napari_boundaryseg.engine.training.loop.state_header import FIRST, FORMAT, begun_in, numbers_in
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
    good = Good({"weight": torch.full((2, 3), 7.0)}, {"n": torch.ones(1)}, moments_of(one_step(2)[1]))
    save_state(tmp_path / "state.safetensors", network, optimiser, Memory(NUMBERS, good, {}), "so it began")
    return tmp_path / "state.safetensors"


def rewrite(path: Path, metadata: dict[str, str]) -> None:
    save_file(load_file(path), path, metadata={"memory": json.dumps(NUMBERS), **metadata})


def test_everything_comes_back(state: Path) -> None:
    network, optimiser = one_step(1)
    memory = load_state(state, network, optimiser)
    known, before = one_step(0)
    assert memory.numbers == NUMBERS
    assert torch.equal(memory.good.network["weight"], torch.full((2, 3), 7.0))
    assert torch.equal(memory.good.averaged["n"], torch.ones(1))
    wanted_moments = moments_of(one_step(2)[1])
    assert memory.good.moments.keys() == wanted_moments.keys()
    assert all(torch.equal(memory.good.moments[name], value) for name, value in wanted_moments.items())
    assert begun_in(state) == "so it began"
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), known.parameters(), strict=True))
    found, wanted = optimiser.state_dict()["state"], before.state_dict()["state"]
    assert {key: set(moments) for key, moments in found.items()} == {
        key: set(moments) for key, moments in wanted.items()
    }
    assert all(torch.equal(found[key][name], value) for key in wanted for name, value in wanted[key].items())


def test_it_says_its_format(state: Path) -> None:
    with safe_open(state, "numpy") as file:
        assert file.metadata()["format"] == FORMAT


@pytest.mark.parametrize("metadata", [{}, {"format": FIRST}], ids=["0.1", "0.2"])
def test_older_ones_are_read(state: Path, metadata: dict[str, str]) -> None:
    tensors = {name: value for name, value in load_file(state).items() if not name.startswith("good-")}
    save_file(tensors, state, metadata={"memory": json.dumps(NUMBERS), **metadata})
    memory = load_state(state, *one_step(1))
    assert (memory.numbers, memory.good.moments, begun_in(state)) == (NUMBERS, {}, "")
    assert torch.equal(memory.good.network["weight"], torch.full((2, 3), 7.0))


def test_one_of_a_later_version_is_not_called_damaged(state: Path) -> None:
    rewrite(state, {"format": "napari-boundaryseg-training/3"})
    for read in (numbers_in, lambda path: load_state(path, *one_step(1))):
        with pytest.raises(InputError, match=r"state\.safetensors: a later version of the program wrote it"):
            read(state)


def test_one_without_numbers_is_damaged(state: Path) -> None:
    rewrite(state, {"memory": "no JSON"})
    with pytest.raises(InputError, match="it is damaged"):
        numbers_in(state)
