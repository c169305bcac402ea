"""Optimisers of recipes: what decays, against PyTorch's own steps."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from napari_boundaryseg.engine.recipes.settings import Optimiser
from napari_boundaryseg.engine.training.loop.optimiser import optimiser_of
from napari_boundaryseg.engine.training.loop.state import moments_of, put_moments


def network() -> nn.Sequential:
    """A kernel, a bias, and a norm's two vectors, all ones."""
    made = nn.Sequential(nn.Conv3d(1, 2, 3), nn.GroupNorm(1, 2))
    for weight in made.parameters():
        nn.init.ones_(weight)
    return made


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_kernels_decay_norms_and_biases_do_not(name: str) -> None:
    made = network()
    optimiser = optimiser_of(Optimiser(name=name, lr=0.1, weight_decay=0.5), made)
    for weight in made.parameters():
        weight.grad = torch.zeros_like(weight)
    optimiser.step()
    kernel, bias = made[0].weight, made[0].bias
    assert bool((kernel < 1).all())
    assert all(bool((vector == 1).all()) for vector in (bias, made[1].weight, made[1].bias))
    if name == "adamw":
        assert torch.allclose(kernel, torch.full_like(kernel, 1 - 0.1 * 0.5))


def test_frozen_weights_are_left_out_and_every_other_is_in_once() -> None:
    made = network()
    made[1].requires_grad_(False)
    groups = optimiser_of(Optimiser(weight_decay=0.1), made).param_groups
    assert [id(w) for group in groups for w in group["params"]] == [id(made[0].weight), id(made[0].bias)]
    made[0].bias.requires_grad_(False)
    assert len(optimiser_of(Optimiser(), made).param_groups) == 1, "a group without weights is none"


def test_moments_are_kept_by_the_place_of_a_weight_in_the_network() -> None:
    """So that a training of an older version, which had one group, resumes."""
    made = network()
    one_group = torch.optim.AdamW(made.parameters(), 0.1)
    for n, weight in enumerate(made.parameters()):
        weight.grad = torch.full_like(weight, float(n + 1))
    one_group.step()
    optimiser = optimiser_of(Optimiser(name="adamw", lr=0.1, weight_decay=0.5), made)
    put_moments(optimiser, moments_of(one_group))
    for n, weight in enumerate(made.parameters()):
        average = optimiser.state[weight]["exp_avg"]
        assert average.shape == weight.shape
        assert torch.allclose(average, torch.full_like(average, 0.1 * (n + 1)))
    again = moments_of(optimiser)
    assert again.keys() == moments_of(one_group).keys()
    assert all(torch.equal(again[name], one) for name, one in moments_of(one_group).items())
