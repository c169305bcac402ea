"""Labels decided where the probabilities lie are those that NumPy decides, ties and nested regions too."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from napari_boundaryseg.engine.inference.assembling.decision import Winners, decided
from napari_boundaryseg.engine.inference.assembling.device_decision import decided_there


@pytest.mark.parametrize("classes", [2, 4, 25, 300])
def test_the_same_labels(classes):
    torch.manual_seed(classes)
    probabilities = torch.softmax(torch.randn(classes, 5, 6, 7), 0)
    found, own = decided_there(probabilities)
    assert np.array_equal(found.numpy().astype(int), probabilities.numpy().argmax(0))
    assert np.array_equal(found.numpy(), decided(probabilities.numpy()))
    assert torch.equal(own, probabilities.amax(0))


def test_the_first_of_equals():
    probabilities = torch.tensor([0.1, 0.4, 0.4, 0.1])[:, None, None, None].expand(4, 2, 3, 4)
    assert (decided_there(probabilities)[0] == 1).all()


def test_nested_regions():
    torch.manual_seed(1)
    nested = ((1, 2, 3), (1, 3), (3,))
    probabilities = torch.softmax(2 * torch.randn(4, 6, 7, 8), 0)
    found, own = decided_there(probabilities, nested)
    assert np.array_equal(found.numpy(), decided(probabilities.numpy(), nested))
    taken = np.take_along_axis(probabilities.numpy(), found.numpy()[None].astype(int), 0)[0]
    assert np.array_equal(own.numpy(), taken)


def test_winners_take_either():
    torch.manual_seed(2)
    probabilities = torch.softmax(torch.randn(3, 4, 5, 6), 0)
    one, other = Winners((4, 5, 6), 3), Winners((4, 5, 6), 3)
    for part in (slice(0, 1), slice(1, 4)):
        where = (part, slice(0, 5), slice(0, 6))
        one.add(where, probabilities[:, part].numpy())
        other.put(where, *(found.numpy() for found in decided_there(probabilities[:, part])))
    assert np.array_equal(one.found, other.found)
    assert np.array_equal(one.own, other.own)
