"""The boundary-enhancement loss: the numbers by hand, and what it cannot see."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from napari_boundaryseg import losses
from napari_boundaryseg.losses.boundary_enhancement import smoothed_laplacian
from napari_boundaryseg.models import ModelOutput


def as_output(probability):
    """Logits of one organ whose probability is this array."""
    p = torch.as_tensor(np.asarray(probability), dtype=torch.float64).clamp(1e-12, 1 - 1e-12)
    return ModelOutput(torch.logit(p)[None, None].float())


def block(shape, start, stop):
    y = np.zeros(shape)
    y[(slice(start, stop),) * len(shape)] = 1
    return y


def value_of(p, truth, **arguments):
    target = losses.Target(torch.from_numpy(truth)[None].long())
    return float(losses.build("boundary-enhancement", **arguments)(as_output(p), target))


def counted(maps, passes=3):
    """The smoothed Laplacian where the filters see no border of the patch."""
    whole = smoothed_laplacian(maps, passes)
    return whole[(..., *[slice(passes + 1, -passes - 1)] * (maps.ndim - 2))]


Y = block((24,) * 3, 8, 16)
FAR = Y.copy()
FAR[4, 12, 12] = 1
CASES = {  # P: sum of squares and mean for three passes, the same for one, Dice, Dice + 1000 * mean
    "all 0": (np.zeros_like(Y), 15.939957, 3.891591e-3, 86.386831, 1.079835e-2, 1.000000, 4.891591),
    "all 1": (np.ones_like(Y), 15.939957, 3.891591e-3, 86.386831, 1.079835e-2, 0.928571, 4.820162),
    "constant": (np.full_like(Y, 0.5), 15.939957, 3.891591e-3, 86.386831, 1.079835e-2, 0.870968, 4.762559),
    "half": (0.5 * Y, 3.984989, 9.728978e-4, 21.596708, 2.699588e-3, 0.200000, 1.172898),
    "truth": (Y, 0, 0, 0, 0, 0, 0),
    "inverse": (1 - Y, 63.759828, 1.556636e-2, 345.547325, 4.319342e-2, 1.000000, 16.566364),
    "rolled": (np.roll(Y, 1, 0), 3.207740, 7.831397e-4, 58.183813, 7.272977e-3, 0.125000, 0.908140),
    "larger": (block((24,) * 3, 7, 17), 12.006864, 2.931363e-3, 202.930041, 2.536626e-2, 0.322751, 3.254114),
    "smaller": (block((24,) * 3, 9, 15), 7.932527, 1.936652e-3, 121.152263, 1.514403e-2, 0.406593, 2.343245),
    "far voxel": (FAR, 0.003211, 7.840262e-7, 0.246914, 3.086420e-5, 0.000976, 0.001760),
}


@pytest.mark.parametrize("name", CASES)
def test_by_hand(name):
    p, three, three_mean, one, one_mean, dice, total = CASES[name]
    found = value_of(p, Y), value_of(p, Y, passes=1)
    assert found == pytest.approx((three_mean, one_mean), rel=1e-5, abs=1e-12)
    assert (found[0] * 16**3, found[1] * 20**3) == pytest.approx((three, one), rel=1e-5, abs=1e-6)
    output, target = as_output(p), losses.Target(torch.from_numpy(Y)[None].long())
    assert float(losses.build("dice-squared")(output, target)) == pytest.approx(dice, abs=1e-6)
    (value, _) = losses.weighted({"dice-squared": 1.0, "boundary-enhancement": 1000.0})(output, target)
    assert float(value) == pytest.approx(total, abs=1e-5)


def test_dice_of_the_truth_itself():
    target = losses.Target(torch.from_numpy(Y)[None].long())
    assert float(losses.build("dice-squared")(as_output(Y), target)) == pytest.approx(0, abs=2e-8)


@pytest.mark.parametrize(("passes", "size"), [(3, 4096), (1, 8000)])
def test_voxels_that_are_counted(passes, size):
    assert counted(torch.from_numpy(Y)[None, None], passes).numel() == size


def test_in_the_plane_and_without_smoothing():
    flat = block((24, 24), 8, 16)
    for passes, summed, size in ((3, 1.356026, 256), (1, 7.209877, 400)):
        found = counted(torch.from_numpy(flat)[None, None], passes)
        assert float((found**2).sum()) == pytest.approx(summed, abs=1e-6)
        assert found.numel() == size
        assert value_of(np.zeros_like(flat), flat, passes=passes) == pytest.approx(summed / size, rel=1e-5)
    assert value_of(np.zeros_like(flat), flat) == pytest.approx(5.296978e-3, rel=1e-6)
    assert float((counted(torch.from_numpy(Y)[None, None], 0) ** 2).sum()) == pytest.approx(960)


@pytest.mark.parametrize(("dims", "centre"), [(3, -6), (2, -4)])
def test_the_kernel(dims, centre):
    point = torch.zeros(1, 1, *[5] * dims)
    point[(0, 0, *[2] * dims)] = 1
    kernel = counted(point, 0)[0, 0]
    assert kernel.shape == (3,) * dims
    assert float(kernel[(1,) * dims]) == centre
    beside = [tuple(1 + sign * (n == axis) for n in range(dims)) for axis in range(dims) for sign in (-1, 1)]
    assert [float(kernel[place]) for place in beside] == [1] * 2 * dims
    assert (float(kernel.sum()), float(kernel.abs().sum())) == (0, -2 * centre)


def test_a_constant_that_is_added_changes_nothing():
    p = 0.2 + 0.5 * np.random.default_rng(0).random(Y.shape)
    before = value_of(p, Y)
    assert before > 1e-3
    for more in (-0.15, 0.05, 0.25):
        assert value_of(p + more, Y) == pytest.approx(before, rel=1e-5)


def test_it_is_zero_exactly_where_the_filter_finds_no_difference():
    """A truth of one half, and a prediction that is off by a ramp through its border: nothing a Laplacian can see."""
    half, ramp = np.zeros((24, 12, 12)), np.linspace(0.4, -0.4, 24)[:, None, None]
    half[12:] = 1
    assert np.abs(ramp).mean() > 0.2
    assert value_of(half + ramp, half) == pytest.approx(0, abs=1e-12)
    bent = half + ramp * np.abs(ramp)
    filtered = counted(torch.from_numpy(bent - half)[None, None])
    assert value_of(bent, half) == pytest.approx(float((filtered**2).mean()), rel=1e-4)
    assert value_of(bent, half) > 1e-8


def test_zeros_beyond_the_border_would_make_a_frame_of_a_constant():
    """What the loss avoids: the sum of squares for "all 1" if each filter were padded with zeros."""
    difference = torch.from_numpy(1 - Y)[None, None]
    padded = difference
    for _ in range(3):
        padded = F.avg_pool3d(F.pad(padded, (1,) * 6), 3, 1)
    padded = counted(F.pad(padded, (1,) * 6), 0)
    assert padded.shape == difference.shape
    assert float((padded**2).sum()) == pytest.approx(282.304652, abs=1e-6)
    assert float((counted(difference) ** 2).sum()) == pytest.approx(15.939957, abs=1e-6)


@pytest.mark.parametrize(
    ("passes", "expected"),
    [
        (0, [1, -1]),
        (1, [1 / 3, -1 / 3]),
        (2, [1 / 9] * 3 + [-1 / 9] * 3),
        (3, [1 / 27, 2 / 27, 1 / 9, 1 / 27, -1 / 27, -1 / 9, -2 / 27, -1 / 27]),
    ],
)
def test_the_filters_answer_to_a_step(passes, expected):
    step = torch.zeros(1, 1, 30, 12, 12, dtype=torch.float64)
    step[:, :, 15:] = 1
    line = counted(step, passes)[0, 0, :, 0, 0]
    np.testing.assert_allclose(line[line.abs() > 1e-9], expected, atol=1e-9)


def test_a_short_axis_is_continued_with_its_border():
    thin = torch.randn(1, 1, 5, 20, 20)
    assert smoothed_laplacian(thin).shape == thin.shape
    assert float(smoothed_laplacian(torch.ones(1, 1, 5, 20, 20)).abs().max()) < 1e-6
