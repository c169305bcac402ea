"""Convolutions of kernel 1 as matrix products are the convolutions of PyTorch."""

import pytest
import torch
import torch.nn.functional as F

from napari_boundaryseg.models.blocks import CHANNELS_LAST, POINTWISE

CONVOLVE = {2: F.conv2d, 3: F.conv3d}


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("last", [True, False])
@pytest.mark.parametrize("dims", [2, 3])
def test_values_and_gradients_are_those_of_a_convolution(dims, last, bias):
    torch.manual_seed(0)
    layer = POINTWISE[dims](5, 7, 1, bias=bias)
    x = torch.randn(2, 5, 6, 4, 3)[(slice(None),) * (dims + 1) + (0,) * (3 - dims)]
    x = x.contiguous(memory_format=CHANNELS_LAST[dims] if last else torch.contiguous_format).requires_grad_()
    weights = [p for p in (layer.weight, layer.bias) if p is not None]
    found, wanted = layer(x), CONVOLVE[dims](x, layer.weight, layer.bias)
    assert found.shape == wanted.shape
    torch.testing.assert_close(found, wanted)
    upstream = torch.randn_like(wanted)
    ours = torch.autograd.grad(found, [x, *weights], upstream)
    theirs = torch.autograd.grad(wanted, [x, *weights], upstream)
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_the_result_has_its_channels_last():
    layer = POINTWISE[3](5, 7, 1)
    x = torch.randn(2, 5, 6, 4, 3).contiguous(memory_format=torch.channels_last_3d)
    assert layer(x).is_contiguous(memory_format=torch.channels_last_3d)
