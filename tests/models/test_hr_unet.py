"""The high-resolution pathway in a network of others: MONAI's UNet."""

import pytest
import torch
from torch import nn

from napari_boundaryseg import models
from napari_boundaryseg.models.hr_pathway import HighResolutionPathway


def make(**arguments):
    torch.manual_seed(0)
    arguments = {"dims": 2, "in_channels": 1, "classes": 3, "width": 8, "norm": "group"} | arguments
    return models.build("hr-unet", **arguments)


def pathway_of(network):
    found = [module for module in network.modules() if isinstance(module, HighResolutionPathway)]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("stage", [1, 2, 3])
def test_the_decoder_reads_skip_below_and_pathway_side_by_side(stage):
    network = make(stage=stage, pathway_width=12).eval()
    level = network.backbone.get_submodule("model" + ".1.submodule" * (stage - 1))
    joined = []
    level[1].register_forward_hook(lambda module, inputs, output: joined.extend([inputs[0], output]))
    with torch.inference_mode():
        network(torch.randn(1, 1, 32, 48))
        along = pathway_of(network)(joined[0])
    skip, both = joined
    assert skip.shape[1:] == (8 * 2 ** (stage - 1), 32 // 2**stage, 48 // 2**stage)
    torch.testing.assert_close(both[:, : skip.shape[1]], skip)
    torch.testing.assert_close(both[:, -12:], along)
    assert level[2][0].conv.in_channels == both.shape[1]


@pytest.mark.parametrize(("stage", "dilations"), [(1, {2, 4}), (2, {1, 2}), (3, {1, 2})])
def test_each_level_has_the_dilations_of_its_resolution(stage, dilations):
    convs = [m for m in pathway_of(make(stage=stage)).blocks.modules() if isinstance(m, nn.Conv2d)]
    assert len(convs) == 18
    assert {conv.dilation[0] for conv in convs} == dilations


def test_the_pathway_changes_the_answer_and_is_deeply_supervised():
    network, x = make(stage=2), torch.randn(2, 1, 33, 40)
    output = network.train()(x)
    assert [side.shape for side in output.deep] == [(2, 3, 33, 40)]
    output.deep[0].mean().backward()
    assert pathway_of(network).collect[0].weight.grad is not None
    with torch.inference_mode():
        before = network.eval()(x)
        nn.init.zeros_(pathway_of(network).collect[1].weight)
        nn.init.zeros_(pathway_of(network).collect[1].bias)
        after = network(x)
    assert before.deep == []
    assert not torch.allclose(before.logits, after.logits)


@pytest.mark.parametrize("dims", [2, 3])
def test_it_is_the_unet_where_the_pathway_counts_nothing(dims):
    network = make(dims=dims, width=4).eval()
    plain = models.build("unet", dims=dims, in_channels=1, classes=3, width=4, norm="group").eval()
    weights = network.backbone.state_dict()
    weights = {
        name.replace("submodule.below", "submodule"): value
        for name, value in weights.items()
        if ".pathway." not in name
    }
    up = "model.2.0.conv.weight"
    weights[up] = weights[up][: plain.backbone.get_submodule("model.2.0.conv").in_channels]
    plain.backbone.load_state_dict(weights)
    nn.init.zeros_(pathway_of(network).collect[1].weight)
    nn.init.zeros_(pathway_of(network).collect[1].bias)
    x = torch.randn(1, 1, *(32, 32, 32)[:dims])
    with torch.inference_mode():
        torch.testing.assert_close(network(x).logits, plain(x).logits)
