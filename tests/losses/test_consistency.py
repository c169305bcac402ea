"""Gumbel-softmax and the consistency of edges: the numbers by hand, chance, and gradients."""

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from napari_boundaryseg import losses
from napari_boundaryseg.losses.consistency import edge_difference, gumbel_noise, gumbel_softmax
from napari_boundaryseg.models import ModelOutput

LOGITS = torch.tensor([[2.0, 1, 0]])
NOISE = torch.tensor([[0.0, 0.5, 2.5]])


@pytest.mark.parametrize(
    ("temperature", "noise", "expected"),
    [
        (10, NOISE, [0.333056, 0.316812, 0.350132]),
        (1, NOISE, [0.307196, 0.186324, 0.506480]),
        (0.5, NOISE, [0.244728, 0.090031, 0.665241]),
        (0.1, NOISE, [0.006693, 0.000045, 0.993262]),
        (0.01, NOISE, [0.0, 0, 1]),
        (0.5, None, [0.866813, 0.117310, 0.015876]),
        (0.1, None, [0.999955, 0.000045, 0]),
    ],
)
def test_gumbel_softmax(temperature, noise, expected):
    for logits in (LOGITS, torch.log_softmax(LOGITS, 1)):
        found = gumbel_softmax(logits, temperature, noise)
        torch.testing.assert_close(found, torch.tensor([expected]), rtol=0, atol=1e-6)


def test_probabilities_and_their_logarithms():
    p = gumbel_softmax(LOGITS, 1.0)
    torch.testing.assert_close(p, torch.tensor([[0.665241, 0.244728, 0.090031]]), rtol=0, atol=1e-6)
    torch.testing.assert_close(p.log(), torch.tensor([[-0.407606, -1.407606, -2.407606]]), rtol=0, atol=1e-6)


def test_limits_of_the_temperature():
    torch.testing.assert_close(gumbel_softmax(LOGITS, 1e6, NOISE), torch.full((1, 3), 1 / 3), rtol=0, atol=1e-6)
    largest = int((gumbel_softmax(LOGITS, 1.0).log() + NOISE).argmax())
    assert largest == 2
    assert gumbel_softmax(LOGITS, 1e-3, NOISE)[0].tolist() == F.one_hot(torch.tensor(largest), 3).tolist()


def test_jacobian_of_the_gumbel_softmax():
    log_p = gumbel_softmax(LOGITS, 1.0).log()
    found = torch.autograd.functional.jacobian(lambda x: gumbel_softmax(x, 0.5, NOISE)[0], log_p)[:, 0]
    expected = [[0.369673, -0.044066, -0.325607], [-0.044066, 0.163850, -0.119784], [-0.325607, -0.119784, 0.445391]]
    torch.testing.assert_close(found, torch.tensor(expected), rtol=0, atol=1e-6)
    torch.testing.assert_close(found.sum(1), torch.zeros(3), rtol=0, atol=1e-6)
    y = gumbel_softmax(LOGITS, 0.5, NOISE)[0]
    torch.testing.assert_close(found, (torch.diag(y) - torch.outer(y, y)) / 0.5, rtol=0, atol=1e-6)


def test_gumbel_samples_follow_the_probabilities():
    torch.manual_seed(0)
    noise = gumbel_noise(torch.empty(1_000_000, 3))
    assert float(noise.mean()) == pytest.approx(0.5772, abs=3e-3)
    assert float(noise.var()) == pytest.approx(1.6449, abs=1e-2)
    shares = torch.bincount((LOGITS + noise).argmax(1), minlength=3) / 1_000_000
    torch.testing.assert_close(shares, torch.softmax(LOGITS, 1)[0], rtol=0, atol=2e-3)


def border(at):
    """One organ that fills everything above a plane."""
    organ = torch.zeros(1, 1, 12, 8, 8)
    organ[:, :, at:] = 1
    return organ


@pytest.mark.parametrize(("shift", "expected"), [(0, 0), (1, 0.5), (2, 1.0), (3, 1.0)])
def test_consistency_of_a_shifted_border(shift, expected):
    truth, moved = border(6), border(6 + shift)
    assert float(edge_difference(moved, truth)) == pytest.approx(expected, abs=1e-5)
    loss, target = losses.build("consistency", noise=False), losses.Target(truth[:, 0].long())
    for logits in (80 * moved - 40, torch.cat([40 - 80 * moved, 80 * moved - 40], 1)):
        assert float(loss(ModelOutput(logits), target)) == pytest.approx(expected, abs=1e-5)


def test_consistency_of_half_a_probability():
    truth = border(6)
    assert float(edge_difference(0.5 * truth, truth)) == pytest.approx(0.5, abs=1e-5)
    found = losses.build("consistency", noise=False)(ModelOutput(40 * truth - 40), losses.Target(truth[:, 0].long()))
    assert float(found) == pytest.approx(0.5, abs=1e-5)


def test_the_union_also_sees_a_false_border_far_away():
    truth, false = torch.zeros(1, 1, 20, 8, 8), torch.zeros(1, 1, 20, 8, 8)
    truth[:, :, 14:], false[:, :, 14:], false[:, :, 2:5] = 1, 1, 1
    assert float(edge_difference(false, truth)) == pytest.approx(0, abs=1e-5)
    assert float(edge_difference(false, truth, "union")) > 0.2


def test_the_gradient_of_the_consistency_is_that_of_finite_differences():
    torch.manual_seed(0)
    labels = torch.randint(0, 3, (1, 5, 6))
    noise = gumbel_noise(torch.empty(1, 3, 5, 6, dtype=torch.float64))
    truth = F.one_hot(labels, 3).movedim(-1, 1)[:, 1:].double()

    def loss(logits):
        return edge_difference(gumbel_softmax(logits, 0.5, noise)[:, 1:], truth)

    assert gradcheck(loss, torch.randn(1, 3, 5, 6, dtype=torch.float64, requires_grad=True), eps=1e-6, atol=1e-5)
