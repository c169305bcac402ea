"""BA-Net with the paper's single output channel: a sigmoid for everything downstream."""

import pytest
import torch

from napari_boundaryseg import losses, models
from napari_boundaryseg.engine.inference.heads import Heads
from napari_boundaryseg.errors import InputError

ARGUMENTS = {"dims": 2, "in_channels": 1, "width": 4, "norm": "group"}


@pytest.mark.parametrize("how", [{"classes": 1}, {"classes": 2, "single": True}])
def test_one_channel_is_a_sigmoid_of_the_organ(how):
    torch.manual_seed(0)
    network = models.build("bacnn", **ARGUMENTS, **how).eval()
    x = torch.randn(1, 1, 32, 40)
    raw = []
    network.segment.register_forward_hook(lambda module, inputs, output: raw.append(output))
    heads = Heads(network)
    with torch.inference_mode():
        classes = heads.split(heads(x)[0])["classes"]
    assert raw[0].shape == (1, 1, 32, 40)
    torch.testing.assert_close(classes[1], raw[0][0, 0].sigmoid())
    torch.testing.assert_close(classes[0], 1 - raw[0][0, 0].sigmoid())
    assert 0.01 < float((classes.argmax(0) == 1).float().mean()) < 0.99, "the organ is found where z is positive"


@pytest.mark.parametrize("name", ["wce-dice", "dice-squared", "boundary-enhancement"])
def test_the_losses_teach_it(name):
    torch.manual_seed(0)
    network = models.build("bacnn", **ARGUMENTS, classes=2, single=True)
    labels = torch.zeros(2, 32, 32, dtype=torch.long)
    labels[:, 8:20, 8:20] = 1
    losses.build(name)(network(torch.randn(2, 1, 32, 32)), losses.Target(labels)).backward()
    assert float(network.segment.weight.grad.abs().max()) > 0


def test_a_single_channel_is_one_organ():
    with torch.device("meta"):
        counts = [
            sum(p.numel() for p in models.build("bacnn", dims=2, in_channels=1, **how).parameters())
            for how in ({"classes": 1}, {"classes": 2, "single": True}, {"classes": 2})
        ]
    assert counts == [1_708_405, 1_708_405, 1_708_422]
    with pytest.raises(InputError, match="one organ only"):
        models.build("bacnn", **ARGUMENTS, classes=3, single=True)
