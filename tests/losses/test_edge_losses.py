"""Losses of the edge-aware networks: the numbers by hand, and the properties that hold for any input."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from napari_boundaryseg import losses
from napari_boundaryseg.data.boundaries import difficulty_map, sobel_edges
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.losses.boundary_enhancement import smoothed_laplacian
from napari_boundaryseg.losses.consistency import edge_difference, gumbel_noise, gumbel_softmax
from napari_boundaryseg.losses.difficulty_ce import weighted_entropy
from napari_boundaryseg.losses.edges import balanced_cross_entropy
from napari_boundaryseg.losses.sobel import edge_masks, magnitude
from napari_boundaryseg.losses.squared_dice import squared_dice
from napari_boundaryseg.models import ModelOutput


def as_output(probability):
    """Logits of one organ whose probability is this array."""
    p = torch.as_tensor(np.asarray(probability), dtype=torch.float64).clamp(1e-12, 1 - 1e-12)
    return ModelOutput(torch.logit(p)[None, None].float())


def block(shape, start, stop):
    y = np.zeros(shape)
    y[(slice(start, stop),) * len(shape)] = 1
    return y


Y = block((24,) * 3, 8, 16)
FAR = Y.copy()
FAR[4, 12, 12] = 1
CASES = {
    "all 0": (np.zeros_like(Y), 15.939957, 86.386831, 1.000000, 4.891591),
    "all 1": (np.ones_like(Y), 15.939957, 86.386831, 0.928571, 4.820162),
    "constant": (np.full_like(Y, 0.5), 15.939957, 86.386831, 0.870968, 4.762559),
    "half": (0.5 * Y, 3.984989, 21.596708, 0.200000, 1.172898),
    "truth": (Y, 0, 0, 0, 0),
    "inverse": (1 - Y, 63.759828, 345.547325, 1.000000, 16.566364),
    "rolled": (np.roll(Y, 1, 0), 3.207740, 58.183813, 0.125000, 0.908140),
    "larger": (block((24,) * 3, 7, 17), 12.006864, 202.930041, 0.322751, 3.254114),
    "smaller": (block((24,) * 3, 9, 15), 7.932527, 121.152263, 0.406593, 2.343245),
    "far voxel": (FAR, 0.003211, 0.246914, 0.000976, 0.001760),
}


@pytest.mark.parametrize("name", CASES)
def test_boundary_enhancement(name):
    p, three, one, dice, total = CASES[name]
    target = losses.Target(torch.from_numpy(Y)[None].long())
    output = as_output(p)
    found = float(losses.build("boundary-enhancement")(output, target))
    assert found * 16**3 == pytest.approx(three, abs=2e-5)
    assert float(losses.build("boundary-enhancement", passes=1)(output, target)) * 20**3 == pytest.approx(one, abs=2e-4)
    assert float(losses.build("dice-squared")(output, target)) == pytest.approx(dice, abs=1e-5)
    (value, _) = losses.weighted({"dice-squared": 1.0, "boundary-enhancement": 1000.0})(output, target)
    assert float(value) == pytest.approx(total, abs=2e-5)


def test_boundary_enhancement_in_the_plane_and_without_smoothing():
    flat = torch.from_numpy(block((24, 24), 8, 16))[None, None]
    assert float((smoothed_laplacian(flat, 3) ** 2).sum()) == pytest.approx(1.356026, abs=1e-5)
    assert float((smoothed_laplacian(flat, 1) ** 2).sum()) == pytest.approx(7.209877, abs=1e-5)
    assert smoothed_laplacian(flat, 3).shape == (1, 1, 16, 16)
    assert float((smoothed_laplacian(torch.from_numpy(Y)[None, None], 0) ** 2).sum()) == pytest.approx(960)


@pytest.mark.parametrize(("passes", "expected"), [
    (0, [1, -1]), (1, [1 / 3, -1 / 3]), (2, [1 / 9] * 3 + [-1 / 9] * 3),
    (3, [1 / 27, 2 / 27, 1 / 9, 1 / 27, -1 / 27, -1 / 9, -2 / 27, -1 / 27]),
])
def test_the_filters_answer_to_a_step(passes, expected):
    step = torch.zeros(1, 1, 30, 12, 12, dtype=torch.float64)
    step[:, :, 15:] = 1
    line = smoothed_laplacian(step, passes)[0, 0, :, 0, 0]
    np.testing.assert_allclose(line[line.abs() > 1e-9], expected, atol=1e-9)


def test_a_short_axis_is_continued_with_its_border():
    thin = torch.randn(1, 1, 5, 20, 20)
    assert smoothed_laplacian(thin).shape == thin.shape
    assert float(smoothed_laplacian(torch.ones(1, 1, 5, 20, 20)).abs().max()) < 1e-6


@pytest.mark.parametrize("shape", [(20, 20, 20), (20, 20)])
def test_sobel_is_that_of_the_data_floor(shape):
    cube = torch.from_numpy(block(shape, 5, 15))
    found = magnitude(cube[None, None])[0, 0]
    np.testing.assert_allclose(found, sobel_edges(cube.numpy()), atol=2e-6)
    masks = edge_masks(cube[None].long(), 2)
    assert int(masks.sum()) == {3: 1088, 2: 76}[len(shape)]


@pytest.mark.parametrize(("normalise", "expected"), [("sum", 0.511939), ("mean", 0.127985), ("balanced", 0.341293)])
def test_balanced_cross_entropy(normalise, expected):
    truth = torch.tensor([1.0, 0, 0, 0]).reshape(1, 1, 4)
    logits = torch.logit(torch.tensor([0.8, 0.3, 0.1, 0.6])).reshape(1, 1, 4)
    assert float(balanced_cross_entropy(logits, truth, normalise)) == pytest.approx(expected, abs=1e-6)
    assert float(balanced_cross_entropy(logits, torch.zeros_like(truth), normalise)) == 0


def test_squared_dice():
    truth, p = torch.tensor([1.0, 1, 0, 0]).reshape(1, 1, 4), torch.tensor([0.9, 0.6, 0.2, 0.1]).reshape(1, 1, 4)
    assert float(squared_dice(p, truth)) == pytest.approx(0.068323, abs=1e-5)
    both = squared_dice(torch.cat([p, p], 1), torch.cat([truth, torch.zeros_like(truth)], 1))
    assert float(both) == pytest.approx(0.068323, abs=1e-5), "an absent structure is left out"


LOGITS = torch.tensor([[2.0, 1, 0]])
NOISE = torch.tensor([[0.0, 0.5, 2.5]])


@pytest.mark.parametrize(("temperature", "noise", "expected"), [
    (10, NOISE, [0.333056, 0.316812, 0.350132]), (1, NOISE, [0.307196, 0.186324, 0.506480]),
    (0.5, NOISE, [0.244728, 0.090031, 0.665241]), (0.1, NOISE, [0.006693, 0.000045, 0.993262]),
    (0.01, NOISE, [0.0, 0, 1]), (0.5, None, [0.866813, 0.117310, 0.015876]), (0.1, None, [0.999955, 0.000045, 0]),
])
def test_gumbel_softmax(temperature, noise, expected):
    for logits in (LOGITS, torch.log_softmax(LOGITS, 1)):
        found = gumbel_softmax(logits, temperature, noise)
        torch.testing.assert_close(found, torch.tensor([expected]), rtol=0, atol=1e-6)


def test_jacobian_of_the_gumbel_softmax():
    found = torch.autograd.functional.jacobian(lambda x: gumbel_softmax(x, 0.5, NOISE)[0], LOGITS)[:, 0]
    expected = [[0.369673, -0.044066, -0.325607], [-0.044066, 0.163850, -0.119784], [-0.325607, -0.119784, 0.445391]]
    torch.testing.assert_close(found, torch.tensor(expected), rtol=0, atol=1e-6)


def test_gumbel_samples_follow_the_probabilities():
    torch.manual_seed(0)
    noise = gumbel_noise(torch.empty(1_000_000, 3))
    assert float(noise.mean()) == pytest.approx(0.5772, abs=3e-3)
    assert float(noise.var()) == pytest.approx(1.6449, abs=1e-2)
    shares = torch.bincount((LOGITS + noise).argmax(1), minlength=3) / 1_000_000
    torch.testing.assert_close(shares, torch.softmax(LOGITS, 1)[0], rtol=0, atol=2e-3)


@pytest.mark.parametrize(("shift", "expected"), [(0, 0), (1, 0.5), (2, 1.0), (3, 1.0)])
def test_consistency_of_a_shifted_border(shift, expected):
    truth, moved = torch.zeros(1, 1, 12, 8, 8), torch.zeros(1, 1, 12, 8, 8)
    truth[:, :, 6:], moved[:, :, 6 + shift:] = 1, 1
    assert float(edge_difference(moved, truth)) == pytest.approx(expected, abs=1e-5)
    assert float(edge_difference(0.5 * truth, truth)) == pytest.approx(0.5, abs=1e-5)


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


def test_difficulty_weighted_entropy():
    p = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]).T[None]
    found = weighted_entropy(torch.log(p), torch.tensor([[0, 2]]), torch.tensor([[[1.0, 26.0]]]))
    assert float(found) == pytest.approx(30.111944, abs=1e-5)


def test_difficulty_ce_needs_its_map_and_uses_it():
    torch.manual_seed(0)
    labels = torch.zeros(1, 16, 16, dtype=torch.long)
    labels[:, 4:12, 4:12] = 1
    weights = difficulty_map([(labels[0] == 1).numpy()], sigma_vox=2.0)
    output = ModelOutput(torch.randn(1, 2, 16, 16), deep=[torch.randn(1, 2, 16, 16)])
    with pytest.raises(InputError, match="no difficulty map"):
        losses.build("difficulty-ce")(output, losses.Target(labels))
    mapped = losses.Target(labels, difficulty=torch.from_numpy(weights)[None, None])
    plain = losses.Target(labels, difficulty=torch.ones(1, 1, 16, 16))
    assert float(losses.build("difficulty-ce")(output, mapped)) > float(losses.build("difficulty-ce")(output, plain))
    expected = F.cross_entropy(output.logits, labels) + 0.4 * F.cross_entropy(output.deep[0], labels)
    assert float(losses.build("difficulty-ce")(output, plain)) == pytest.approx(float(expected), rel=1e-5)


def test_contour_regression():
    logits = torch.logit(torch.tensor([0.9, 0.2, 0.5])).reshape(1, 1, 3)
    target = losses.Target(torch.zeros(1, 3, dtype=torch.long), soft=torch.tensor([1.0, 0, 0.6065]).reshape(1, 1, 3))
    output = ModelOutput(torch.zeros(1, 2, 3), soft=logits)
    assert float(losses.build("contour-regression")(output, target)) == pytest.approx(0.02044742, abs=1e-6)
    both = ModelOutput(torch.zeros(1, 2, 3), hard=logits, soft=logits)
    target.hard = target.soft
    assert float(losses.build("contour-regression")(both, target)) == pytest.approx(2 * 0.02044742, abs=2e-6)


def test_the_main_stream_is_supervised_too():
    labels = torch.randint(0, 2, (1, 6, 6), generator=torch.Generator().manual_seed(0))
    right = 40.0 * F.one_hot(labels, 2).movedim(-1, 1).float()
    wrong, target = ModelOutput(right, main=-right), losses.Target(labels)
    assert float(losses.build("dice-squared")(ModelOutput(right, main=right), target)) == pytest.approx(0, abs=1e-4)
    assert float(losses.build("dice-squared")(wrong, target)) == pytest.approx(0.5, abs=1e-3)
    assert float(losses.build("dice-squared", main_weight=0.0)(wrong, target)) == pytest.approx(0, abs=1e-4)
