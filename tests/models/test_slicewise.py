"""2-D networks on volumes."""

import pytest
import torch

from napari_boundaryseg import models
from napari_boundaryseg.models.slicewise import AXIS, SliceWise, with_neighbours


@pytest.mark.parametrize("plane", AXIS)
@pytest.mark.parametrize("name", ["sgm", "bacnn", "egcnn", "hmedn"])
def test_each_slice_is_a_case_of_its_own(name, plane):
    torch.manual_seed(0)
    network = models.build(name, dims=2, in_channels=2, classes=3, clear=1, blurry=1, width=8, norm="group").eval()
    volume = torch.randn(2, 2, 20, 22, 24)
    axis = AXIS[plane] + 2
    with torch.inference_mode():
        whole = SliceWise(network, plane)(volume)
        alone = network(volume.select(axis, 3))
    torch.testing.assert_close(whole.logits.select(axis, 3), alone.logits, rtol=1e-4, atol=1e-4)
    for head in ("hard", "soft", "edges", "main"):
        one = getattr(alone, head)
        assert (one is None) == (getattr(whole, head) is None)
        if one is not None:
            torch.testing.assert_close(getattr(whole, head).select(axis, 3), one, rtol=1e-4, atol=1e-4)
    for level, gate in whole.attention.items():
        expected = alone.attention[level].spatial
        torch.testing.assert_close(gate.spatial.select(axis, 3), expected, rtol=1e-4, atol=1e-4)
        assert gate.channel is None or gate.channel.shape == alone.attention[level].channel.shape


def test_side_outputs_come_back_too():
    network = SliceWise(models.build("hmedn", dims=2, in_channels=1, classes=2, width=8, norm="group")).train()
    assert [side.shape for side in network(torch.randn(2, 1, 3, 20, 22)).deep] == [(2, 2, 3, 20, 22)]


@pytest.mark.parametrize("plane", AXIS)
def test_neighbours_are_channels_and_the_ends_repeat(plane):
    image = torch.arange(2 * 4 * 5 * 6, dtype=torch.float32).reshape(2, 4, 5, 6)
    axis = AXIS[plane] + 1
    found = with_neighbours(image, 5, plane)
    assert found.shape == (10, 4, 5, 6)
    n = image.shape[axis]
    for place in range(n):
        for offset in range(-2, 3):
            expected = image.select(axis, min(max(place + offset, 0), n - 1))
            for channel in range(2):
                assert torch.equal(found[5 * channel + offset + 2].select(axis - 1, place), expected[channel])
    assert with_neighbours(image, 1, plane) is image
