"""What every registered network must do, whatever it is."""

import pytest
import torch

from napari_boundaryseg import models
from napari_boundaryseg.errors import InputError

ONLY_2D = {"bacnn"}
CONTOURS = {"sgm", "hmedn"}
SIZES = {2: [(32, 32), (31, 45)], 3: [(9, 17, 21)]}
EVERY = [(name, dims, size) for name in models.names() for dims in (2, 3) for size in SIZES[dims]
         if dims == 2 or name not in ONLY_2D]


def make(name, dims, clear, blurry):
    """A small network with group norm, which does not mind a batch of one."""
    small = {"width": 8} if "width" in models.signature(name).parameters else {}
    return models.build(name, dims=dims, in_channels=2, classes=4, clear=clear, blurry=blurry, norm="group", **small)


@pytest.mark.parametrize(("name", "dims", "size"), EVERY)
def test_every_network(name, dims, size):
    for clear, blurry in [(2, 1), (0, 2), (1, 0), (0, 0)] if name in CONTOURS else [(2, 1)]:
        torch.manual_seed(0)
        network = make(name, dims, clear, blurry)
        check_training(network, size, clear if name in CONTOURS else 0, blurry if name in CONTOURS else 0)
    other = make(name, dims, clear, blurry)
    other.load_state_dict(network.state_dict())
    x = torch.randn(1, 2, *size)
    network.eval(), other.eval()
    with torch.inference_mode():
        first, again, loaded = network(x), network(x), other(x)
    assert torch.equal(first.logits, again.logits)
    assert torch.equal(first.logits, loaded.logits)
    assert first.deep == []
    for gate in first.attention.values():
        assert gate.spatial.shape[:2] == (1, 1)
        assert 0 <= float(gate.spatial.min()) <= float(gate.spatial.max()) <= 1


def check_training(network, size, clear, blurry):
    output = network.train()(torch.randn(2, 2, *size))
    assert output.logits.shape == (2, 4, *size)
    assert all(side.shape == output.logits.shape for side in output.deep)
    for head, channels in ((output.hard, clear), (output.soft, blurry)):
        assert (head is None) == (channels == 0)
        assert head is None or head.shape == (2, channels, *size)
    assert output.edges is None or output.edges.shape == (2, 1, *size)
    assert output.main is None or output.main.shape == output.logits.shape
    heads = [output.logits, *output.deep, *(h for h in (output.hard, output.soft, output.edges) if h is not None)]
    sum((h**2).mean() for h in heads).backward()
    for label, parameter in network.named_parameters():
        assert parameter.grad is not None, label
        assert torch.isfinite(parameter.grad).all(), label


@pytest.mark.parametrize("name", models.names())
def test_a_fourth_dimension_is_refused(name):
    with pytest.raises(InputError, match="dims"):
        models.build(name, dims=4)
