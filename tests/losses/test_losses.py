"""Losses: the numbers by hand, and what every loss must do."""

import math

import numpy as np
import pytest
import torch

from napari_boundaryseg import losses
from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.engine.recipes.settings import Targets
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.losses import target_maps
from napari_boundaryseg.losses.hard_contour import focal
from napari_boundaryseg.losses.sobel import edge_masks
from napari_boundaryseg.losses.target_maps import GridLabels
from napari_boundaryseg.losses.wce_dice import dice
from napari_boundaryseg.models import ModelOutput


def logit(p: float) -> torch.Tensor:
    return torch.tensor(math.log(p / (1 - p)))


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        (0.9, 0.00105361),
        (0.6, 0.08173210),
        (0.5, 0.17328680),
        (0.1, 1.86509393),
    ],
)
def test_focal(p, expected):
    assert float(focal(logit(p), torch.tensor(1.0))) == pytest.approx(expected, abs=1e-6)
    assert float(focal(logit(1 - p), torch.tensor(0.0))) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("gamma", [0.0, 0.25, 0.5, 1.0, 2.0])
def test_focal_and_its_slope_are_finite_for_every_gamma(gamma):
    """Values against the formula in float64, slopes against finite differences, sure logits and 0 slopes too."""
    logits = torch.tensor([-200.0, -90.0, -20.0, -3.0, 0.0, 3.0, 20.0, 90.0, 200.0], requires_grad=True)
    for truth in (0.0, 1.0):
        values = focal(logits, torch.full_like(logits, truth), gamma)
        (slope,) = torch.autograd.grad(values.sum(), logits)

        def exact(s):
            return (1 + np.exp(s)) ** -gamma * np.logaddexp(0, -s)

        s = np.array(logits.tolist()) * (2 * truth - 1)
        np.testing.assert_allclose(values.detach().numpy(), exact(s), rtol=2e-5, atol=1e-30)
        steps = (exact(s + 1e-5) - exact(s - 1e-5)) / 2e-5 * (2 * truth - 1)
        np.testing.assert_allclose(slope.numpy(), steps, rtol=1e-3, atol=1e-7)


def test_a_negative_gamma_is_refused():
    output = ModelOutput(torch.zeros(1, 2, 2, 2), hard=torch.zeros(1, 1, 2, 2))
    target = losses.Target(torch.zeros(1, 2, 2, dtype=torch.long), {"hard": torch.ones(1, 1, 2, 2)})
    with pytest.raises(InputError, match="gamma"):
        losses.build("hard-contour", gamma=-0.5)(output, target)


def test_a_hard_contour_is_divided_by_what_it_says():
    """A slow loop over voxels; where nothing counts or no boundary lies, the sum over at least 1."""
    rng = np.random.default_rng(0)
    logits, truth = rng.normal(size=(2, 3, 5, 6)), rng.random((2, 3, 5, 6)) < 0.1
    valid = rng.random((2, 1, 5, 6)) < 0.7
    output = ModelOutput(torch.zeros(2, 4, 5, 6), hard=torch.from_numpy(logits).float())
    for counts in (None, valid):
        summed, boundary, n = 0.0, 0, 0
        for at in np.ndindex(truth.shape):
            if counts is None or counts[at[0], 0, at[2], at[3]]:
                p = 1 / (1 + math.exp(-logits[at] if truth[at] else logits[at]))
                summed, boundary, n = summed - (1 - p) ** 2 * math.log(p), boundary + truth[at], n + 1
        target = losses.Target(
            torch.zeros(2, 5, 6, dtype=torch.long),
            {"hard": torch.from_numpy(truth)},
            None if counts is None else torch.from_numpy(counts),
        )
        for normalise, expected in {"boundary": summed / boundary, "mean": summed / n, "sum": summed}.items():
            found = float(losses.build("hard-contour", normalise=normalise)(output, target))
            assert found == pytest.approx(expected, rel=1e-5)
        assert float(losses.build("hard-contour")(output, target)) == pytest.approx(summed / boundary, rel=1e-5)
    target.maps["hard"] = torch.zeros(2, 3, 5, 6)
    assert float(losses.build("hard-contour")(output, target)) > 0
    with pytest.raises(KeyError):
        losses.build("hard-contour", normalise="bundary")(output, target)


@pytest.mark.parametrize("boundary", [0, 1, 60])
def test_a_patch_without_a_border_does_not_outweigh_one_with_it(boundary):
    """Of 48,000 voxels: as if there were 48 at least."""
    truth = torch.zeros(1, 1, 30, 40, 40)
    truth.view(-1)[:boundary] = 1
    output = ModelOutput(torch.zeros(1, 2, 30, 40, 40), hard=torch.zeros(1, 1, 30, 40, 40))
    target = losses.Target(torch.zeros(1, 30, 40, 40, dtype=torch.long), {"hard": truth})
    each = 0.25 * math.log(2)
    found = float(losses.build("hard-contour")(output, target))
    assert found == pytest.approx(48_000 * each / max(48, boundary), rel=1e-4)


@pytest.mark.parametrize(("p", "printed"), [(0.9, -0.001), (0.6, -0.064), (0.5, -0.125), (0.1, -0.729)])
def test_focal_with_the_factor_that_is_printed_for_its_logarithm_rewards_being_wrong(p, printed):
    """Equation 5 of the SGM paper has -(1 - p)^γ (1 - p); what ships has the logarithm and punishes being wrong."""
    one = torch.tensor(1.0)
    assert float(focal(logit(p), one, gamma=2.0 + 1.0)) / math.log(p) == pytest.approx(printed, abs=1e-6)
    assert 0 < float(focal(logit(p), one)) < float(focal(logit(p - 0.05), one))


@pytest.mark.parametrize(
    ("t", "p", "expected"),
    [
        (1, 0.9, 0.105361),
        (0.5, 0.5, 0.693147),
        (0.606531, 0.606531, 0.670275),
        (0.606531, 0.5, 0.693147),
        (0, 0.1, 0.105361),
        (0.135335, 0.3, 0.471344),
    ],
)
def test_soft_contour(t, p, expected):
    output = ModelOutput(torch.zeros(1, 2, 1, 1), soft=logit(p).reshape(1, 1, 1, 1))
    target = losses.Target(torch.zeros(1, 1, 1, dtype=torch.long), {"soft": torch.full((1, 1, 1, 1), float(t))})
    assert float(losses.build("soft-contour")(output, target)) == pytest.approx(expected, abs=1e-5)


def test_dice_with_plain_denominators():
    truth, p = torch.tensor([1.0, 1, 0, 0]).reshape(1, 1, 4), torch.tensor([0.9, 0.6, 0.2, 0.1]).reshape(1, 1, 4)
    assert float(dice(p, truth, torch.ones(1))) == pytest.approx(0.210526, abs=1e-5)


def test_an_absent_class_costs_nothing():
    truth = torch.tensor([[[1.0, 1.0]], [[0.0, 0.0]]]).reshape(1, 2, 2)
    p = torch.tensor([[[1.0, 1.0]], [[0.0, 0.0]]]).reshape(1, 2, 2)
    assert float(dice(p, truth, torch.tensor([1.0, 8.0]))) == pytest.approx(0, abs=1e-5)


def test_deep_supervision_adds_with_its_weights(monkeypatch):
    from napari_boundaryseg.losses import wce_dice as module

    monkeypatch.setattr(module, "segmentation", lambda logits, target, weights: logits.sum())
    output = ModelOutput(torch.tensor([1.0]), deep=[torch.tensor([0.5]), torch.tensor([0.25])])
    assert float(module.wce_dice(output, losses.Target(torch.zeros(1, dtype=torch.long)))) == pytest.approx(1.25)


def heads_of(output):
    return [output.logits, *output.deep, output.hard, output.soft, output.edges, output.main]


def from_heads(heads):
    return ModelOutput(heads[0], heads[1:3], heads[3], heads[4], heads[5], heads[6])


def scene(truth: bool = False, seed: int = 0, size: int = 12):
    """A 2-D scene of blocks with every target map; with ``truth`` the network is as right as it can be."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 3, (2, size // 4, size // 4), generator=generator).repeat_interleave(4, 1)
    labels = labels.repeat_interleave(4, 2)
    maps = {name: torch.stack([map_of(name, plane) for plane in labels]) for name in target_maps.names()}
    if truth:
        logits = 40.0 * torch.nn.functional.one_hot(labels, 3).movedim(-1, 1).float()
        edges = edge_masks(labels, 3).any(1, keepdim=True).float()
        hard, soft = 40 * (2 * maps["hard"] - 1), torch.logit(maps["soft"], eps=1e-6)
        heads = [logits, logits, logits, hard, soft, 40 * (2 * edges - 1), logits]
    else:
        heads = [torch.randn(2, n, size, size, generator=generator).requires_grad_() for n in (3, 3, 3, 1, 1, 1, 3)]
    return from_heads(heads), losses.Target(labels, maps)


def map_of(name, plane):
    """A map of one slice, (N, y, x), made as the training makes it."""
    organs = (Organ(id=1, name="A", colour="#D55E00"), Organ(id=2, name="B", colour="#0072B2"))
    classes = plane[None].numpy().astype(np.uint8)
    settings = Targets(sigma_mm=1.0, difficulty_sigma_mm=2.0, difficulty_gain=4.0)
    scheme = LabelScheme(name="two", organs=organs)
    truth = GridLabels(classes, (3.0, 1.0, 1.0), scheme, settings, clear=(1,), blurry=(2,), across=0)
    return torch.from_numpy(target_maps.named(name).make(truth)[:, 0].astype(np.float32))


def value_of(name, output, target):
    """With the same chance every time: some losses draw samples."""
    torch.manual_seed(0)
    return losses.build(name)(output, target)


@pytest.mark.parametrize("name", losses.names())
def test_every_loss_is_lowest_at_the_truth_and_falls_along_its_gradient(name):
    at_truth = float(value_of(name, *scene(truth=True)))
    output, target = scene()
    value = value_of(name, output, target)
    assert value.ndim == 0
    assert float(value.detach()) > at_truth
    leaves = heads_of(output)
    gradients = torch.autograd.grad(value, leaves, allow_unused=True)
    assert all(g is None or torch.isfinite(g).all() for g in gradients)
    moved = [
        x.detach() if g is None else x.detach() - 0.05 * g / g.norm().clamp_min(1e-12)
        for x, g in zip(leaves, gradients, strict=True)
    ]
    assert float(value_of(name, from_heads(moved), target)) < float(value.detach())


@pytest.mark.parametrize("name", losses.names())
def test_every_loss_ignores_what_does_not_count(name):
    output, target = scene()
    target.valid = torch.ones(2, 1, 12, 12, dtype=torch.bool)
    target.valid[:, :, 6:] = False
    before = float(value_of(name, output, target).detach())
    for part in heads_of(output):
        part.data[:, :, 6:] += 5.0 * torch.randn_like(part[:, :, 6:])
    assert float(value_of(name, output, target).detach()) == pytest.approx(before, rel=1e-6)
    target.valid[:] = False
    assert float(value_of(name, output, target).detach()) == 0


@pytest.mark.parametrize("name", losses.names())
def test_every_loss_is_float32_and_finite_under_autocast(name):
    output, target = scene()
    half = from_heads([head.bfloat16() for head in heads_of(output)])
    with torch.autocast("cpu", torch.bfloat16):
        value = value_of(name, half, target)
    assert value.dtype == torch.float32
    assert torch.isfinite(value)


def test_weighted_sums_by_name_and_refuses_what_it_does_not_know():
    output, target = scene()
    total, parts = losses.weighted({"soft-contour": 2.0, "hard-contour": 0.5})(output, target)
    assert float(total.detach()) == pytest.approx(2 * parts["soft-contour"] + 0.5 * parts["hard-contour"], rel=1e-6)
    with pytest.raises(InputError, match="Did you mean 'soft-contour'"):
        losses.weighted({"soft-contuor": 1.0})
    with pytest.raises(InputError, match="has no such argument"):
        losses.build("soft-contour", gamma=2.0)
