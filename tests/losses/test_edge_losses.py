"""Losses of the edge-aware networks: the numbers by hand, and the properties that hold for any input."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from napari_boundaryseg import losses
from napari_boundaryseg.data.boundaries import sobel_edges
from napari_boundaryseg.data.contour_targets import difficulty_map
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.losses.difficulty_ce import weighted_entropy
from napari_boundaryseg.losses.edges import balanced_cross_entropy
from napari_boundaryseg.losses.sobel import edge_masks, magnitude
from napari_boundaryseg.losses.squared_dice import squared_dice
from napari_boundaryseg.models import ModelOutput


@pytest.mark.parametrize(("shape", "voxels"), [((20, 20, 20), 1088), ((20, 20), 76)])
def test_sobel_is_that_of_the_data_floor(shape, voxels):
    cube = torch.zeros(shape, dtype=torch.float64)
    cube[(slice(5, 15),) * len(shape)] = 1
    np.testing.assert_allclose(magnitude(cube[None, None])[0, 0], sobel_edges(cube.numpy()), atol=2e-6)
    assert int(edge_masks(cube[None].long(), 2).sum()) == voxels


@pytest.mark.parametrize(("normalise", "expected"), [("sum", 0.511939), ("mean", 0.127985), ("balanced", 0.341293)])
def test_balanced_cross_entropy(normalise, expected):
    truth = torch.tensor([1.0, 0, 0, 0]).reshape(1, 1, 4)
    logits = torch.logit(torch.tensor([0.8, 0.3, 0.1, 0.6])).reshape(1, 1, 4)
    assert float(balanced_cross_entropy(logits, truth, normalise)) == pytest.approx(expected, abs=1e-6)
    assert float(balanced_cross_entropy(logits, torch.zeros_like(truth), normalise)) == 0


def test_balanced_is_half_the_sum_of_the_two_means():
    truth, p = torch.tensor([1.0, 0, 0, 0]), torch.tensor([0.8, 0.3, 0.1, 0.6])
    certain = 40 * (2 * truth - 1)
    for wrong, mean in ((truth == 1, 0.223144), (truth == 0, 0.459442)):
        logits = torch.where(wrong, torch.logit(p), certain)
        found = balanced_cross_entropy(logits.reshape(1, 1, 4), truth.reshape(1, 1, 4))
        assert float(found) == pytest.approx(mean / 2, abs=1e-6)


def test_squared_dice():
    truth, p = torch.tensor([1.0, 1, 0, 0]).reshape(1, 1, 4), torch.tensor([0.9, 0.6, 0.2, 0.1]).reshape(1, 1, 4)
    loss = float(squared_dice(p, truth))
    assert loss == pytest.approx(0.068323, abs=1e-5)
    assert (1 - loss) / (1 + loss) == pytest.approx(0.872093, abs=1e-5), "Jaccard is d / (2 - d)"


def test_an_absent_structure_is_left_out():
    """With ε in the denominator only, nothing found where nothing is would cost 1."""
    truth, p = torch.tensor([1.0, 1, 0, 0]).reshape(1, 1, 4), torch.tensor([0.9, 0.6, 0.2, 0.1]).reshape(1, 1, 4)
    nothing = torch.zeros_like(truth)
    assert float(squared_dice(nothing, nothing)) == 0
    for found in (nothing, p):
        both = squared_dice(torch.cat([p, found], 1), torch.cat([truth, nothing], 1))
        assert float(both) == pytest.approx(0.068323, abs=1e-5)


def test_difficulty_weighted_entropy():
    logits, labels = torch.log(torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]).T[None]), torch.tensor([[0, 2]])
    each = [float(weighted_entropy(logits[..., [n]], labels[:, [n]], torch.ones(1, 1, 1))) for n in range(2)]
    assert each == pytest.approx([0.356675, 2.302585], abs=1e-6)
    found = float(weighted_entropy(logits, labels, torch.tensor([[[1.0, 26.0]]])))
    assert found == pytest.approx(30.111944, abs=1e-5)
    assert found * 2 / 27 == pytest.approx(2.230514, abs=1e-6), "what the mean over the weights would be"


def test_difficulty_ce_needs_its_map_and_uses_it():
    torch.manual_seed(0)
    labels = torch.zeros(1, 16, 16, dtype=torch.long)
    labels[:, 4:12, 4:12] = 1
    weights = difficulty_map([(labels[0] == 1).numpy()], sigma_vox=2.0)
    output = ModelOutput(torch.randn(1, 2, 16, 16), deep=[torch.randn(1, 2, 16, 16)])
    with pytest.raises(InputError, match="no difficulty map"):
        losses.build("difficulty-ce")(output, losses.Target(labels))
    mapped = losses.Target(labels, {"difficulty": torch.from_numpy(weights)[None, None]})
    plain = losses.Target(labels, {"difficulty": torch.ones(1, 1, 16, 16)})
    assert float(losses.build("difficulty-ce")(output, mapped)) > float(losses.build("difficulty-ce")(output, plain))
    expected = F.cross_entropy(output.logits, labels) + 0.4 * F.cross_entropy(output.deep[0], labels)
    assert float(losses.build("difficulty-ce")(output, plain)) == pytest.approx(float(expected), rel=1e-5)


def test_contour_regression():
    logits = torch.logit(torch.tensor([0.9, 0.2, 0.5])).reshape(1, 1, 3)
    target = losses.Target(
        torch.zeros(1, 3, dtype=torch.long), {"soft": torch.tensor([1.0, 0, 0.6065]).reshape(1, 1, 3)}
    )
    output = ModelOutput(torch.zeros(1, 2, 3), soft=logits)
    assert float(losses.build("contour-regression")(output, target)) == pytest.approx(0.02044742, abs=1e-6)
    both = ModelOutput(torch.zeros(1, 2, 3), hard=logits, soft=logits)
    target.maps["hard"] = target.maps["soft"]
    assert float(losses.build("contour-regression")(both, target)) == pytest.approx(2 * 0.02044742, abs=2e-6)


def test_the_main_stream_is_supervised_too():
    labels = torch.randint(0, 2, (1, 6, 6), generator=torch.Generator().manual_seed(0))
    right = 40.0 * F.one_hot(labels, 2).movedim(-1, 1).float()
    wrong, target = ModelOutput(right, main=-right), losses.Target(labels)
    assert float(losses.build("dice-squared")(ModelOutput(right, main=right), target)) == pytest.approx(0, abs=1e-4)
    assert float(losses.build("dice-squared")(wrong, target)) == pytest.approx(0.5, abs=1e-3)
    assert float(losses.build("dice-squared", main_weight=0.0)(wrong, target)) == pytest.approx(0, abs=1e-4)
