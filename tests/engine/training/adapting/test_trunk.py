"""Trunk: what is remembered is what would be computed."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

import napari_boundaryseg.engine.training.adapting.trunk as trunk_module
from napari_boundaryseg import models
from napari_boundaryseg.engine.training.adapting.late_layers import late_layers, only_late
from napari_boundaryseg.engine.training.adapting.trunk import Trunk, settled_parts
from napari_boundaryseg.models.slicewise import SliceWise


def built(name: str) -> nn.Module:
    torch.manual_seed(0)
    width = {} if name == "vnet" else {"width": 8}
    more = {"backbone": "unet"} if name == "egcnn" else {}  # its maps are heard inside each other
    dims = 2 if name == "bacnn" else 3
    network = models.build(name, dims=dims, in_channels=1, classes=3, clear=1, blurry=1, **width, **more)
    return (SliceWise(network) if dims == 2 else network).eval()


@pytest.mark.parametrize("name", models.names())
def test_a_remembered_answer_is_the_same(name: str) -> None:
    network = built(name)
    size = (1, 32, 32) if name == "bacnn" else (32, 32, 32)
    late = late_layers(network, 1, size)
    parts = settled_parts(network, late, 1, size)
    assert parts
    only_late(network, late)
    quick = copy.deepcopy(network)
    trunk = Trunk(parts)
    trunk.under(quick)
    image, other = torch.randn(2, 1, 1, *size)
    wanted = [network(one).logits for one in (image, other)]
    for _ in range(3):
        for one, answer in zip((image, other), wanted, strict=True):
            with trunk.given(one is image):
                found = quick(one).logits
            assert torch.equal(found, answer)
    assert found.requires_grad
    assert torch.equal(quick(image).logits, wanted[0]), "outside nothing is remembered"


def test_parts_do_not_run_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    network = built("sgm")
    late = late_layers(network, 1, (16, 16, 16))
    runs: list[int] = []
    network.stem[0].register_forward_pre_hook(lambda *given: runs.append(1))  # type: ignore[index]
    trunk = Trunk(settled_parts(network, late, 1, (16, 16, 16)))
    trunk.under(network)
    runs.clear()
    image = torch.zeros(1, 1, 16, 16, 16)
    for what, count in (("a", 1), ("a", 1), ("b", 2), ("a", 2), (None, 3), (None, 4)):
        with trunk.given(what):
            network(image)
        assert len(runs) == count
    monkeypatch.setattr(trunk_module, "MOST_BYTES", 0)
    for count in (5, 6):
        with trunk.given("c"):
            network(image)
        assert len(runs) == count, "what would take too much memory is computed anew"
