"""EG-CNN and BA-Net: gates by hand, the papers' sizes, and what the seed options give."""

import pytest
import torch
from torch import nn

from napari_boundaryseg import models
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.models.bacnn import AttentionLayer
from napari_boundaryseg.models.egcnn import EdgeGate

STREAM = torch.tensor([[1.0, -2], [0.5, 4]]).reshape(1, 2, 1, 2)
GUIDE = torch.tensor([[2.0, 0], [-1, 1], [3, 0.5]]).reshape(1, 3, 1, 2)


def gate(guide_weights, **arguments):
    module = EdgeGate(2, 3, dims=2, **arguments)
    with torch.no_grad():
        module.from_stream.weight.copy_(torch.tensor([0.5, -1]).reshape(1, 2, 1, 1))
        module.from_stream.bias.fill_(0.1)
        module.from_guide.weight.copy_(torch.tensor(guide_weights).reshape(1, 3, 1, 1))
        module.from_guide.bias.fill_(-0.2)
    return module


@pytest.mark.parametrize(
    ("guide", "before", "alpha", "out"),
    [
        ([1.0, 0.5, 0.5], [2.9, -4.35], [0.947846, 0.5], [[1.947846, -3], [0.973923, 6]]),
        ([0.25, 0.5, -0.5], [-1.6, -4.85], [0.5, 0.5], [[1.5, -3], [0.75, 6]]),
    ],
)
def test_edge_gate(guide, before, alpha, out):
    module = gate(guide, weighted=False)
    summed = module.from_stream(STREAM) + module.from_guide(GUIDE)
    torch.testing.assert_close(summed.flatten(), torch.tensor(before), rtol=0, atol=1e-6)
    found, weight = module(STREAM, GUIDE)
    torch.testing.assert_close(weight.flatten(), torch.tensor(alpha), rtol=0, atol=1e-6)
    torch.testing.assert_close(found.reshape(2, 2), torch.tensor(out), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("kernel", "out"),
    [
        ([[1.0, 0], [0, 1]], [[1.947846, -3], [0.973923, 6]]),
        ([[1.0, 2], [0, -1]], [[3.895693, 9], [-0.973923, -6]]),
    ],
)
def test_edge_gate_with_its_residual_kernel(kernel, out):
    module = gate([1.0, 0.5, 0.5])
    with torch.no_grad():
        module.weight.weight.copy_(torch.tensor(kernel).reshape(2, 2, 1, 1))
    found, _ = module(STREAM, GUIDE)
    torch.testing.assert_close(found.reshape(2, 2), torch.tensor(out), rtol=0, atol=1e-5)


def test_only_a_gate_per_channel_can_turn_what_the_stream_brings():
    """With one α for all channels the edge logit's sign is the stream's alone, whatever the encoder sees."""
    stream = torch.tensor([1.0, -0.8]).reshape(1, 2, 1, 1).expand(-1, -1, 1, 500)
    turned = {}
    for per_channel in (False, True):
        torch.manual_seed(0)
        module = EdgeGate(2, 3, dims=2, per_channel=per_channel)
        nn.init.ones_(module.weight.weight)  # the logit is the sum of both channels
        nn.init.normal_(module.from_guide.weight)
        logit = module(stream, 5 * torch.randn(1, 3, 1, 500))[0][0, 0, 0]
        turned[per_channel] = float((logit.sign() != stream.sum(1).sign()[0, 0]).float().mean().detach())
    assert turned[False] == 0
    assert turned[True] > 0.1


def test_a_refined_edge_stream_ends_in_one_more_residual_block():
    kw = {"dims": 2, "in_channels": 1, "classes": 2, "width": 8, "norm": "group"}
    plain, refined = (models.build("egcnn", **kw, refined=on).eval() for on in (False, True))
    more = refined.state_dict().keys() - plain.state_dict().keys()
    assert more and all(name.startswith("stream.refine.body.") for name in more)
    refined.load_state_dict(plain.state_dict(), strict=False)
    x = torch.randn(1, 1, 24, 32)
    with torch.inference_mode():
        assert not torch.equal(plain(x).edges, refined(x).edges)
        for module in refined.stream.refine.body:
            if isinstance(module, nn.Conv2d):
                nn.init.zeros_(module.weight)
        torch.testing.assert_close(plain(x).edges, refined(x).edges, rtol=0, atol=0)


def test_the_papers_gate_only_emphasises_and_the_additive_one_can_suppress():
    torch.manual_seed(0)
    for kind, least in (("paper", 0.5), ("additive", 0.0)):
        module = EdgeGate(4, 4, dims=2, kind=kind)
        for parameter in module.parameters():
            nn.init.normal_(parameter, 0, 3)
        stream = torch.randn(1, 4, 16, 16)
        with torch.inference_mode():
            _, alpha = module(stream, torch.randn(1, 4, 16, 16))
            torch.testing.assert_close(module.shut(stream), module.weight(stream * least + stream))
        assert float(alpha.min()) >= least
        assert (float(alpha.min()) < 0.4) == (kind == "additive")


@pytest.mark.parametrize("refined", [False, True])
@pytest.mark.parametrize("per_channel", [False, True])
def test_the_attention_shown_is_how_much_likelier_each_gate_makes_an_edge(per_channel, refined):
    """Against the network itself, whose gate of that level is held at the least α by its bias."""
    torch.manual_seed(1)
    network = models.build("egcnn", dims=2, width=8, norm="group", per_channel=per_channel, refined=refined).eval()
    x = torch.randn(1, 1, 29, 35)
    with torch.inference_mode():
        output = network(x)
        assert list(output.attention) == ["level 0", "level 1", "level 2"]
        for level, gate in enumerate(network.stream.gates):
            bias = gate.from_guide.bias.clone()
            gate.from_guide.bias.fill_(-1e6)
            gained = output.edges.sigmoid() - network(x).edges.sigmoid()
            gate.from_guide.bias.copy_(bias)
            shown = output.attention[f"level {level}"]
            assert shown.kind == "edge"
            assert float(shown.spatial.max()) > 0
            torch.testing.assert_close(shown.spatial, gained.clamp_min(0), rtol=0, atol=1e-6)
    assert network.train()(x).attention == {}


def test_boundary_aware_attention():
    module = AttentionLayer(2, 3)
    with torch.no_grad():
        module.weigh.weight.copy_(torch.tensor([0.5, -1, 0.25, 0.5, -0.5]).reshape(1, 5, 1, 1))
        module.weigh.bias.fill_(0.1)
    out, alpha = module(STREAM, GUIDE)
    torch.testing.assert_close(alpha.flatten(), torch.tensor([0.197816, 0.009471]), rtol=0, atol=1e-6)
    expected = torch.tensor([[0.197816, -0.018942], [0.098908, 0.037884]])
    torch.testing.assert_close(out.reshape(2, 2), expected, rtol=0, atol=1e-6)


def pyramid_input(network):
    """A hook's list: the shape stream as the pyramid gets it, the last 16 channels."""
    heard = []
    network.pyramid.register_forward_hook(lambda module, inputs, output: heard.append(inputs[0][:, -16:]))
    return heard


def shape_network(pooling):
    torch.manual_seed(0)
    return models.build("bacnn", dims=2, width=4, norm="group", rates=(1,), pooling=pooling).eval()


@pytest.mark.parametrize("size", [(64, 64), (61, 45)])
def test_every_pixel_of_the_shape_stream_counts_where_it_is_pooled(size):
    shares = {}
    for pooling in ("area", "linear"):
        network, stream = shape_network(pooling), torch.randn(1, 16, *size, requires_grad=True)
        network._shape = lambda maps, stream=stream: (stream, {})
        heard = pyramid_input(network)
        network(torch.randn(1, 1, *size))
        heard[0].sum().backward()
        shares[pooling] = float((stream.grad != 0).float().mean())
    assert shares["area"] == 1
    assert shares["linear"] < 0.1  # four pixels of 64: what older models read


def test_a_line_of_one_pixel_survives_the_pooling_at_each_of_its_eight_places():
    for place in range(8):
        stream = torch.zeros(1, 16, 64, 64)
        stream[..., 24 + place] = 1
        network = shape_network("area")
        network._shape = lambda maps, stream=stream: (stream, {})
        heard = pyramid_input(network)
        network(torch.zeros(1, 1, 64, 64))
        expected = stream.reshape(1, 16, 8, 8, 8, 8).mean((3, 5))
        torch.testing.assert_close(heard[0], expected)
        assert heard[0][..., 3].detach().unique().tolist() == [1 / 8]


def count(name, **arguments):
    with torch.device("meta"):
        return sum(p.numel() for p in models.build(name, **arguments).parameters())


@pytest.mark.parametrize(("width", "expected"), [(16, 1_708_405), (32, 6_639_541)])
def test_parameters_of_the_boundary_aware_network(width, expected):
    assert count("bacnn", dims=2, in_channels=1, classes=1, width=width) == expected


@pytest.mark.parametrize(
    ("backbone", "plain", "added"),
    [
        ("segresnet", 4.702, 0.307),
        ("vnet", 45.612, 1.242),
        ("unet", 4.811, 1.242),
        ("basic-unet", 5.752, 1.285),
    ],
)
def test_parameters_of_the_edge_gated_networks(backbone, plain, added):
    arguments = {"dims": 3, "in_channels": 4, "classes": 4, "backbone": backbone}
    bare = count("egcnn", **arguments, edge_stream=False)
    assert bare / 1e6 == pytest.approx(plain, abs=3e-3)
    assert (count("egcnn", **arguments) - bare) / 1e6 == pytest.approx(added, abs=1e-3)


@pytest.mark.parametrize("backbone", ["segresnet", "unet"])
def test_the_edge_stream_may_begin_in_the_decoder(backbone):
    network = models.build("egcnn", dims=2, in_channels=1, classes=2, backbone=backbone, width=8, seed="decoder")
    output = network(torch.randn(2, 1, 37, 41))
    assert output.edges.shape == (2, 1, 37, 41)
    assert output.attention == {}, "none while it is trained"
    (output.logits.mean() + output.edges.mean()).backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize(
    "arguments",
    [
        {"name": "egcnn", "backbone": "basic-unet", "seed": "decoder"},
        {"name": "egcnn", "backbone": "vgg"},
        {"name": "egcnn", "backbone": "vnet", "in_channels": 3},
        {"name": "bacnn", "dims": 3},
        {"name": "bacnn", "dims": 2, "rates": (0,)},
        {"name": "bacnn", "dims": 2, "width": 6},
    ],
)
def test_wrong_arguments_are_refused(arguments):
    with pytest.raises(InputError):
        models.build(**arguments)
