"""Kervadec's boundary loss: its distances against brute force, its value by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_boundaryseg import losses
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.settings import Targets
from napari_boundaryseg.losses.signed_distance import signed_distance_map, signed_distance_mm
from napari_boundaryseg.losses.target_maps import GridLabels
from napari_boundaryseg.models import ModelOutput


def brute_force(mask: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """The definition: every voxel against every voxel of the other side."""
    places = np.stack(np.meshgrid(*map(np.arange, mask.shape), indexing="ij"), -1) * np.array(spacing_mm)
    found = np.empty(mask.shape)
    for place in np.ndindex(mask.shape):
        others = places[mask != mask[place]]
        found[place] = np.sqrt(((others - places[place]) ** 2).sum(-1)).min() * (-1 if mask[place] else 1)
    return found


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    shape=st.tuples(*[st.integers(1, 6)] * 3),
    spacing=st.tuples(*[st.sampled_from((0.5, 1.0, 2.5, 6.0))] * 3),
    share=st.sampled_from((0.1, 0.5, 0.9)),
)
def test_distances_are_those_of_the_definition(seed, shape, spacing, share):
    mask = np.random.default_rng(seed).random(shape) < share
    if mask.all() or not mask.any():
        assert not signed_distance_mm(mask, spacing).any()
    else:
        np.testing.assert_allclose(signed_distance_mm(mask, spacing), brute_force(mask, spacing), rtol=1e-6)


@pytest.mark.parametrize("across", [None, 0, 1, 2])
def test_the_map_has_one_channel_an_organ_in_the_volume_or_slice_by_slice(across):
    classes = np.zeros((5, 6, 7), np.uint8)
    classes[1:4, 2:5, 3:6] = 1
    classes[0, :2] = 3
    spacing = (4.0, 1.0, 0.5)
    found = signed_distance_map(GridLabels(classes, spacing, preset("pelvis-mr"), Targets(), across=across))
    assert found.shape == (3, 5, 6, 7)
    assert not found[1].any(), "an absent organ counts for nothing"
    for organ in (1, 3):
        mask = classes == organ
        if across is None:
            np.testing.assert_allclose(found[organ - 1], brute_force(mask, spacing), rtol=1e-3)
            continue
        in_plane = tuple(step for axis, step in enumerate(spacing) if axis != across)
        for plane, one in zip(np.moveaxis(mask, across, 0), np.moveaxis(found[organ - 1], across, 0), strict=True):
            expected = brute_force(plane, in_plane) if plane.any() and not plane.all() else np.zeros(plane.shape)
            np.testing.assert_allclose(one, expected, rtol=1e-3)


def test_the_value_by_hand():
    # Voxels of 2 mm, an organ on the second of four: 2, -2, 2, 4 mm.
    target = losses.Target(torch.tensor([[0, 1, 0, 0]]), {"signed-distance": torch.tensor([[[2.0, -2.0, 2.0, 4.0]]])})
    p = torch.tensor([0.1, 0.8, 0.5, 0.25])
    output = ModelOutput(torch.stack([(1 - p).log(), p.log()])[None])
    loss = losses.build("signed-distance")
    assert float(loss(output, target)) == pytest.approx((0.2 - 1.6 + 1.0 + 1.0) / 4)
    assert float(loss(ModelOutput(torch.logit(p)[None, None]), target)) == pytest.approx(0.6 / 4), "a single channel"
    target.valid = torch.tensor([[[True, True, False, False]]])
    assert float(loss(output, target)) == pytest.approx((0.2 - 1.6) / 2)
    nothing, all_right = (
        ModelOutput(torch.tensor([[[40.0], [-40.0]]]).expand(1, 2, 4)),
        ModelOutput(40.0 * torch.tensor([[[1.0, -1, 1, 1], [-1, 1, -1, -1]]])),
    )
    assert float(loss(all_right, target)) < float(loss(nothing, target)) == pytest.approx(0, abs=1e-6)
