"""Group norm at every width that a network takes: each network is built, and its narrowest layers divide evenly."""

import pytest
import torch
from torch import nn

from napari_boundaryseg import models
from napari_boundaryseg.models.blocks import norm

WITH_WIDTH = [name for name in models.names() if "width" in models.signature(name).parameters]
EGCNN = [("egcnn", {"backbone": backbone}) for backbone in ("unet", "basic-unet", "segresnet", "vnet", "narrow-vnet")]


@pytest.mark.parametrize("width", [12, 16, 20, 24, 28])
@pytest.mark.parametrize(("name", "arguments"), [(name, {}) for name in WITH_WIDTH if name != "egcnn"] + EGCNN)
def test_group_norm_at_every_width(name, arguments, width):
    for dims in (2,) if name == "bacnn" else (2, 3):
        with torch.device("meta"):
            network = models.build(name, dims=dims, clear=1, blurry=1, width=width, norm="group", **arguments)
        assert not any(isinstance(m, (nn.BatchNorm2d, nn.BatchNorm3d)) for m in network.modules())
        assert any(isinstance(m, nn.GroupNorm) for m in network.modules())


@pytest.mark.parametrize(
    ("channels", "groups"),
    [
        (4, 1),
        (8, 1),
        (12, 1),
        (16, 2),
        (20, 2),
        (28, 2),
        (32, 4),
        (56, 7),
        (60, 6),
        (64, 8),
        (128, 16),
        (256, 32),
    ],
)
def test_groups_hold_8_channels_or_as_few_more_as_divide_them(channels, groups):
    assert norm("group", 3, channels).num_groups == groups


def test_a_width_that_8_does_not_divide_can_be_trained():
    torch.manual_seed(0)
    network = models.build("hmedn", dims=2, in_channels=1, classes=2, blurry=1, width=16, norm="group")
    output = network(torch.randn(1, 1, 32, 32))
    (output.logits.mean() + output.soft.mean()).backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)
