"""Late layers: found in every network by what it does, and nothing else learns."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from napari_boundaryseg import models
from napari_boundaryseg.engine.training.adapting.late_layers import late_layers, only_late
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.slicewise import SliceWise

WIDTH = {"hmedn": 4, "hrdn": 4, "dstnet": 4, "sgm": 4, "bacnn": 4, "egcnn": 8, "segresnet": 8}


def built(name: str, dims: int) -> nn.Module:
    width = {} if name == "vnet" else {"width": WIDTH.get(name, 4)}
    network = models.build(name, dims=dims, in_channels=1, classes=3, clear=1, blurry=1, **width)
    return SliceWise(network) if dims == 2 else network


@pytest.mark.parametrize("name", models.names())
def test_every_network_has_some(name: str) -> None:
    dims = 2 if name == "bacnn" else 3
    network = built(name, dims)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    late = late_layers(network, 1, (16, 32, 32) if dims == 3 else (1, 32, 32))
    layers = {name for name, one in network.named_modules() if any(True for _ in one.parameters(recurse=False))}
    assert set(late) < layers
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(weight.requires_grad for weight in network.parameters())
    trained = only_late(network, late)
    assert 0 < len(trained) < len(list(network.parameters()))
    assert {id(weight) for weight in trained} == {id(one) for one in network.parameters() if one.requires_grad}


@pytest.mark.parametrize(
    "name, some, others",
    [
        ("sgm", ("stages.1", "stages.0", "segment"), ("stem", "level1", "level2", "bridge", "stages.2")),
        (
            "hmedn",
            ("decoder.1", "decoder.0", "fuse", "segment"),
            ("stem", "encoder", "pathway", "decoder.2", "sides.1"),
        ),
        ("bacnn", ("decoder.1", "decoder.0", "segment"), ("stem", "encoder", "project", "pyramid", "decoder.2")),
        (
            "egcnn",
            ("backbone.up_layers.1", "fuse", "edge", "stream.gates.0"),
            ("backbone.down_layers", "stream.gates.2"),
        ),
        (
            "segresnet",
            ("backbone.up_layers.1", "backbone.conv_final"),
            ("backbone.down_layers", "backbone.up_layers.0"),
        ),
    ],
)
def test_they_are_the_last_stages_of_the_decoder_and_the_heads(
    name: str, some: tuple[str, ...], others: tuple[str, ...]
) -> None:
    dims = 2 if name == "bacnn" else 3
    late = late_layers(built(name, dims), 1, (32, 32, 32) if dims == 3 else (1, 32, 32))
    assert all(any(f"{one}.".startswith(f"{part}.") or f".{part}." in f".{one}." for one in late) for part in some)
    assert not any(f".{part}." in f".{one}." for one in late for part in others)


def test_odd_sizes_change_nothing() -> None:
    network = built("sgm", 3)
    assert late_layers(network, 1, (17, 23, 19)) == late_layers(network, 1, (32, 32, 32))


class OneLayer(nn.Module):
    """A network that has nothing before its last layer."""

    def __init__(self) -> None:
        super().__init__()
        self.only = nn.Conv3d(1, 2, 3, padding=1)

    def forward(self, x: Tensor) -> models.ModelOutput:
        return models.ModelOutput(logits=self.only(x))


def test_a_network_without_any_is_refused() -> None:
    with pytest.raises(InputError, match="no layer of it comes after"):
        late_layers(OneLayer(), 1, (16, 16, 16))
