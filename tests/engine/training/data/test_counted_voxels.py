"""Which voxels of a batch count: those of the scan, and of these the ones of which it is known what they are."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_boundaryseg.data.labels import anonymous
from napari_boundaryseg.engine.recipes.settings import Augmentation
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data import batches
from napari_boundaryseg.engine.training.data.augment import sampling_points
from napari_boundaryseg.engine.training.data.batches import batch_at, draw
from napari_boundaryseg.engine.training.data.cases import prepare, prepare_loosely
from napari_boundaryseg.engine.training.data.random_boxes import boxed
from napari_boundaryseg.phantom import pelvis

MOVING = Augmentation(rotate_deg=30, scale=0.2, shift_mm=20, elastic_mm=5, flip_axes=("x", "y"))


def settings(patch, augmentation=None, **changes):
    wanted = recipe("pelvis-mr-sgm").with_settings({"preprocessing.spacing_mm": None, "batch": 2, **changes})
    return wanted.model_copy(update={"patch_vox": patch, "augmentation": augmentation or Augmentation()})


def scan(scheme=None):
    """A pelvis of 10 x 21 x 22 voxels, with bladder, prostate and rectum, or those that another scheme has."""
    wanted = recipe("pelvis-mr-sgm").scheme
    volume, labels = pelvis(3, (22, 21, 10), (6.0, 6.0, 8.0))
    array = np.where(np.isin(labels.array, (scheme or wanted).ids), labels.array, 0)
    return volume, volume.with_labels(array, scheme or wanted)


def only(*ids):
    scheme = recipe("pelvis-mr-sgm").scheme
    return scheme.model_copy(update={"name": "some", "organs": tuple(o for o in scheme.organs if o.id in ids)})


def test_of_a_patch_that_is_larger_than_the_scan_the_scan_counts():
    wanted = settings((13, 24, 26))
    _, target = batch_at([prepare(*scan(), wanted)], wanted, 0, 0)
    expected = torch.zeros(13, 24, 26, dtype=torch.bool)
    expected[2:12, 2:23, 2:24] = True
    assert all(torch.equal(one[0], expected) for one in target.valid)


def test_a_patch_inside_the_scan_has_no_mask():
    wanted = settings((8, 16, 16))
    assert all(batch_at([prepare(*scan(), wanted)], wanted, 0, step)[1].valid is None for step in range(5))


@pytest.mark.parametrize("augmentation", [MOVING, MOVING.model_copy(update={"permute_axes": True})])
def test_a_turned_and_bent_patch_counts_where_scipy_finds_the_scan(augmentation, monkeypatch):
    wanted = settings((16, 16, 16), augmentation)
    case, seen = prepare(*scan(), wanted), []

    def remember(*arguments):
        seen.append(sampling_points(*arguments))
        return seen[-1]

    monkeypatch.setattr(batches, "sampling_points", remember)
    partly = 0
    for seed in range(8):
        *_, valid = draw(case, wanted, np.random.default_rng(seed))
        places = seen[-1].permute(3, 0, 1, 2).double().numpy()
        found = ndimage.map_coordinates(np.ones(case.labels.shape), places, order=0, mode="grid-constant", cval=0.0)
        assert (valid[0].numpy() != (found > 0)).mean() < 1e-3, "but for halves that are rounded"
        partly += bool(0 < valid.sum() < valid.numel())
    assert partly > 4


def test_beyond_a_turned_loose_case_nothing_counts():
    wanted = settings((8, 16, 16), MOVING.model_copy(update={"elastic_mm": 0.0}), box_margin_mm=(5.0, 60.0))
    loose = prepare_loosely(*scan(), wanted)
    loose = replace(loose, image=torch.ones_like(loose.image))
    masks = [boxed(loose, wanted, np.random.default_rng(seed)).valid for seed in range(8)]
    assert any(mask is not None and 0 < mask.sum() < mask.numel() for mask in masks)


def test_an_organ_that_nobody_sought_is_not_taught_as_background():
    wanted = settings((10, 21, 22))
    _, target = batch_at([prepare(*scan(only(1, 3)), wanted)], wanted, 0, 0)
    assert target.valid is not None
    assert target.valid[:, [0, 2]].all(), "it is known what is bladder and rectum, and what is not"
    assert not target.valid[:, 1].any()
    assert not target.all_known.any()
    assert not target.known_of("hard").any() or "Prostate" not in [one.name for one in wanted.clear]


@pytest.mark.parametrize("scheme", [None, anonymous((1, 3)), anonymous((1,))])
def test_an_organ_that_is_only_absent_is_taught(scheme):
    wanted = settings((10, 21, 22))
    case = prepare(*scan(scheme), wanted)
    assert case.valid is None
    assert batch_at([case], wanted, 0, 0)[1].valid is None
