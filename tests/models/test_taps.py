"""An edge stream around a network that the package does not know, and the gate's attention per channel."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from napari_boundaryseg import models
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.backbones import TAPPED, Backbone, Taps
from napari_boundaryseg.models.egcnn import EdgeGate, EdgeGatedNet


class Foreign(nn.Module):
    """Two levels and a bottleneck, written as someone else would."""

    def __init__(self, classes):
        super().__init__()
        self.fine = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU())
        self.coarse = nn.Sequential(nn.Conv2d(6, 10, 3, stride=2, padding=1), nn.ReLU())
        self.deep = nn.Sequential(nn.Conv2d(10, 14, 3, stride=2, padding=1), nn.ReLU())
        self.up = nn.ConvTranspose2d(14, 5, 2, stride=2)
        self.out = nn.Conv2d(5 + 6, classes, 1)

    def forward(self, x):
        fine = self.fine(x)
        up = self.up(self.deep(self.coarse(fine)))
        return self.out(torch.cat([F.interpolate(up, scale_factor=2), fine], 1))


def foreign(dims=2, in_channels=1, classes=3, width=0, norm="batch"):
    return Backbone(Foreign(classes), 4, Taps(("fine", "coarse"), (6, 10), "deep", 14, "up", 5))


@pytest.mark.parametrize("seed", ["bottleneck", "decoder"])
@pytest.mark.parametrize(
    "gate",
    [
        {"kind": "paper", "weighted": True},
        {"kind": "additive", "weighted": False},
        {"kind": "paper", "weighted": True, "per_channel": True},
        {"kind": "additive", "weighted": True, "per_channel": True},
    ],
)
def test_an_edge_stream_around_any_network_that_names_its_taps(seed, gate):
    torch.manual_seed(0)
    network = EdgeGatedNet(foreign(), 3, dims=2, seed=seed, **gate)
    x = torch.randn(2, 1, 21, 30)
    output = network(x)
    assert output.logits.shape == output.main.shape == (2, 3, 21, 30)
    assert output.edges.shape == (2, 1, 21, 30)
    (output.logits.square().mean() + output.edges.square().mean()).backward()
    used = {name: p.grad for name, p in network.named_parameters()}
    assert all(grad is not None and torch.isfinite(grad).all() for grad in used.values())
    assert float(used["backbone.fine.0.weight"].abs().max()) > 0
    assert not any(module._forward_hooks for module in network.modules()), "nothing listens after the pass"
    attention = network.eval()(x).attention
    assert list(attention) == ["level 0", "level 1"]
    assert all(shown.spatial.shape == (2, 1, 21, 30) for shown in attention.values())


@pytest.mark.parametrize("dims", [2, 3])
def test_a_narrow_vnet_of_the_papers_width_is_monais(dims):
    torch.manual_seed(0)
    whole, own = (TAPPED[name](dims, 2, 3, 16, "group") for name in ("vnet", "narrow-vnet"))
    weights = whole.network.state_dict()
    names = {"in_tr.conv_block.conv.": "in_tr.conv.0.", "in_tr.conv_block.adn.N.": "in_tr.conv.1."}
    for before, now in names.items():
        weights = {name.replace(before, now): one for name, one in weights.items()}
    own.network.load_state_dict(weights)
    assert own.taps == whole.taps
    x = torch.randn(1, 2, *[32] * dims)
    with torch.inference_mode():
        torch.testing.assert_close(own.network.eval()(x), whole.network.eval()(x))


def test_a_foreign_network_can_be_chosen_by_name(monkeypatch):
    monkeypatch.setitem(TAPPED._entries, "foreign", foreign)
    network = models.build("egcnn", dims=2, classes=3, backbone="foreign")
    assert network(torch.randn(1, 1, 16, 16)).edges.shape == (1, 1, 16, 16)


def test_unknown_backbones_are_refused_with_a_suggestion():
    with pytest.raises(InputError, match="Did you mean 'segresnet'"):
        models.build("egcnn", backbone="segresnett")
    with pytest.raises(InputError, match="basic-unet, narrow-vnet, segresnet, unet, vnet"):
        models.build("egcnn", backbone="transformer")
    with pytest.raises(InputError, match="does not suit"):
        models.build("egcnn", backbone=3)


def test_a_network_without_taps_or_without_a_decoder_map_is_refused():
    gate = {"dims": 2, "kind": "paper", "weighted": True}
    with pytest.raises(InputError, match="does not name its feature taps"):
        EdgeGatedNet(Backbone(Foreign(2), 4), 2, seed="bottleneck", **gate)
    with pytest.raises(InputError, match="names no decoder map"):
        EdgeGatedNet(Backbone(Foreign(2), 4, Taps(("fine",), (6,), "deep", 14)), 2, seed="decoder", **gate)


@pytest.mark.parametrize("kind", ["paper", "additive"])
def test_attention_per_channel_gates_each_channel(kind):
    torch.manual_seed(0)
    gate = EdgeGate(4, 3, dims=2, kind=kind, weighted=False, per_channel=True)
    e, m = torch.randn(1, 4, 8, 8), torch.randn(1, 3, 8, 8)
    with torch.inference_mode():
        out, alpha = gate(e, m)
    assert alpha.shape == (1, 4, 8, 8)
    torch.testing.assert_close(out, e * (1 + alpha))
    assert not torch.allclose(alpha[:, 0], alpha[:, 1])


def test_the_paper_gate_per_channel_by_hand():
    gate = EdgeGate(2, 1, dims=2, weighted=False, per_channel=True)
    with torch.no_grad():
        gate.from_stream.weight.copy_(torch.tensor([[1.0, 0], [0, -1]]).reshape(2, 2, 1, 1))
        gate.from_guide.weight.copy_(torch.tensor([0.5, 1.0]).reshape(2, 1, 1, 1))
        gate.from_stream.bias.zero_(), gate.from_guide.bias.zero_()
        out, alpha = gate(torch.tensor([1.0, 2.0]).reshape(1, 2, 1, 1), torch.full((1, 1, 1, 1), 2.0))
    expected = torch.tensor([0.880797, 0.5])  # σ(ReLU(1 + 1)) and σ(ReLU(-2 + 2))
    torch.testing.assert_close(alpha.flatten(), expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(out.flatten(), torch.tensor([1.0, 2.0]) * (1 + expected), rtol=0, atol=1e-5)
