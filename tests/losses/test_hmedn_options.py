"""HMEDN's other readings: class-weighted cross-entropy (equation 3), and one contour of all organs together."""

import pytest
import torch

from napari_boundaryseg import losses, models
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.losses.difficulty_ce import weighted_entropy
from napari_boundaryseg.models import ModelOutput

P = torch.log(torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]).T[None])
LABELS = torch.tensor([[0, 2]])


def test_class_weights_by_hand():
    # (2 · -log 0.7 + 5 · -log 0.1) / 2: divided by the number of voxels, not by the weights
    found = weighted_entropy(P, LABELS, torch.ones(1, 1, 2), class_weights=(2.0, 3.0, 5.0))
    assert float(found) == pytest.approx(6.113138, abs=1e-5)
    found = weighted_entropy(P, LABELS, torch.tensor([[[1.0, 26.0]]]), class_weights=(2.0, 3.0, 5.0))
    assert float(found) == pytest.approx(150.024706, abs=1e-4)


def test_class_weights_reach_every_output():
    torch.manual_seed(0)
    output = ModelOutput(torch.randn(1, 3, 8, 8), deep=[torch.randn(1, 3, 8, 8)])
    target = losses.Target(torch.randint(0, 3, (1, 8, 8)), {"difficulty": torch.ones(1, 1, 8, 8)})
    plain = float(losses.build("difficulty-ce")(output, target))
    double = losses.build("difficulty-ce", class_weights=(2.0, 2.0, 2.0))
    assert float(double(output, target)) == pytest.approx(2 * plain)
    weighted = losses.build("difficulty-ce", class_weights=(0.0, 0.0, 1.0), deep_weights=(0.0,))
    assert float(weighted(output, target)) < plain


@pytest.mark.parametrize("name", ["difficulty-ce", "wce-dice"])
def test_the_wrong_number_of_class_weights_is_refused(name):
    target = losses.Target(LABELS, {"difficulty": torch.ones(1, 1, 2)})
    with pytest.raises(InputError, match="2 for 3 classes"):
        losses.build(name, class_weights=(1.0, 2.0))(ModelOutput(P), target)


def test_one_contour_of_all_organs():
    torch.manual_seed(0)
    arguments = {"dims": 2, "in_channels": 1, "classes": 4, "clear": 1, "blurry": 2, "width": 8, "norm": "group"}
    network = models.build("hmedn", **arguments, union=True)
    output = network(torch.randn(2, 1, 32, 40))
    assert output.hard is None
    assert output.soft is None
    assert output.edges.shape == (2, 1, 32, 40)
    hard, soft = (torch.rand(2, 1, 32, 40) > 0.9).float(), torch.rand(2, 2, 32, 40)
    target = losses.Target(torch.zeros(2, 32, 40, dtype=torch.long), {"hard": hard, "soft": soft})
    value = losses.build("contour-regression")(output, target)
    expected = (output.edges.sigmoid() - torch.cat([hard, soft], 1).max(1, keepdim=True).values).square().mean()
    torch.testing.assert_close(value, expected)
    value.backward()
    assert float(network.contour.weight.grad.abs().max()) > 0
    none = losses.Target(target.labels)
    assert float(losses.build("contour-regression")(output, none).detach()) == 0


def test_the_union_has_one_channel_and_no_head_without_organs():
    def count(**arguments):
        with torch.device("meta"):
            network = models.build("hmedn", dims=2, in_channels=5, classes=4, **arguments)
        return sum(p.numel() for p in network.parameters())

    assert count(blurry=3) - count(blurry=3, union=True) == 2 * 33
    assert count(blurry=0, union=True) == count(blurry=3, contours=False) == count(blurry=3, contours=False, union=True)
