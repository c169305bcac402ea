"""scSE-UNet: each block's map is weighed by its channels and its voxels, as an independent formula says."""

import numpy as np
import pytest
import torch
from scipy.special import expit

from napari_boundaryseg import models
from napari_boundaryseg.models.scse_unet import ConcurrentSqueeze


@pytest.mark.parametrize("dims", [2, 3])
def test_a_squeeze_is_the_papers_sum(dims: int) -> None:
    torch.manual_seed(0)
    squeeze = ConcurrentSqueeze(dims, 6)
    x = torch.randn(2, 6, *(5, 4, 3)[:dims])
    first, second = squeeze.channel[0], squeeze.channel[2]
    w1, b1, w2, b2 = (p.detach().numpy() for p in (first.weight, first.bias, second.weight, second.bias))
    q, b = squeeze.spatial.weight.detach().numpy().reshape(-1), squeeze.spatial.bias.detach().numpy()
    u = x.numpy()
    mean = u.reshape(2, 6, -1).mean(-1)
    channels = expit(np.maximum(mean @ w1.T + b1, 0) @ w2.T + b2)
    voxels = expit(np.einsum("bc...,c->b...", u, q) + b)
    wanted = u * channels.reshape(2, 6, *[1] * dims) + u * voxels[:, None]
    assert w1.shape == (3, 6), "squeezed to a half"
    np.testing.assert_allclose(squeeze(x).detach().numpy(), wanted, rtol=1e-5, atol=1e-6)


def test_every_block_is_weighed_and_learns_it() -> None:
    torch.manual_seed(0)
    network = models.build("scse-unet", dims=2, classes=3, width=4, norm="group")
    found = [module for module in network.modules() if isinstance(module, ConcurrentSqueeze)]
    assert len(found) == 9, "five levels down, four up"
    network(torch.randn(2, 1, 32, 48)).logits.square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for m in found for p in m.spatial.parameters())
    plain = models.build("basic-unet", dims=2, classes=3, width=4, norm="group")
    more = sum(p.numel() for p in network.parameters()) / sum(p.numel() for p in plain.parameters())
    assert 1 < more < 1.1, "a tenth more weights at most"
