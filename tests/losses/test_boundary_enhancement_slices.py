"""The boundary-enhancement loss on single slices of volumes: what it is in the plane."""

import pytest
import torch

from napari_boundaryseg import losses
from napari_boundaryseg.losses.boundary_enhancement import smoothed_laplacian
from napari_boundaryseg.losses.neighbours import valid_within
from napari_boundaryseg.models import ModelOutput


@pytest.mark.parametrize("axis", [1, 2, 3])
@pytest.mark.parametrize("valid", [False, True])
def test_a_single_slice_of_any_plane_is_two_dimensional(axis, valid):
    torch.manual_seed(0)
    logits, labels = torch.randn(2, 3, 20, 24), torch.randint(0, 3, (2, 20, 24))
    counts = torch.rand(2, 1, 20, 24) > 0.2 if valid else None
    loss = losses.build("boundary-enhancement")
    flat = loss(ModelOutput(logits), losses.Target(labels, valid=counts))
    sliced = loss(
        ModelOutput(logits.unsqueeze(axis + 1)),
        losses.Target(labels.unsqueeze(axis), valid=None if counts is None else counts.unsqueeze(axis + 1)),
    )
    assert float(sliced) == float(flat) > 0


@pytest.mark.parametrize("axis", [2, 4])
def test_the_border_of_a_slice_is_left_out_as_in_the_plane(axis):
    patch = torch.ones(1, 1, 24, 24, dtype=torch.bool).unsqueeze(axis)
    inside = torch.zeros(24, 24, dtype=torch.bool)
    inside[4:-4, 4:-4] = True
    assert torch.equal(valid_within(patch, 4).squeeze(), inside)


def test_a_line_of_voxels_has_a_finite_loss():
    assert torch.isfinite(smoothed_laplacian(torch.randn(1, 1, 1, 1, 24))).all()
