"""Patches: on the case's own voxels, and whole slices for two-dimensional networks."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data import batches as patches
from napari_boundaryseg.engine.training.data.augment import sampling_points
from napari_boundaryseg.engine.training.data.batches import draw
from napari_boundaryseg.engine.training.data.cases import TrainingCase, prepare
from napari_boundaryseg.phantom import pelvis


def numbered(patch: tuple[int, int, int], augmentation: Augmentation, **changes: object) -> tuple[TrainingCase, Recipe]:
    """A case whose voxels say where they lie (1 and on), and a recipe that draws patches of it."""
    wanted = recipe("pelvis-mr-sgm").model_copy(
        update={"patch_vox": patch, "augmentation": augmentation, "foreground": 0.5, "batch": 1, **changes}
    )
    volume, labels = pelvis(3, (22, 21, 10), (6.0, 6.0, 8.0))
    labels = volume.with_labels(np.where(labels.array > 3, 0, labels.array), wanted.scheme)
    case = prepare(volume, labels, wanted.with_settings({"preprocessing.spacing_mm": None}))
    places = torch.arange(1, case.labels.numel() + 1, dtype=torch.float32).reshape(1, *case.labels.shape)
    return replace(case, image=places), wanted


def cut(case: TrainingCase, corner: float) -> tuple[slice, ...]:
    z, y, x = np.unravel_index(round(corner) - 1, tuple(case.labels.shape))
    return slice(z, None), slice(y, None), slice(x, None)


@pytest.mark.parametrize("patch", [(4, 8, 10), (5, 7, 9), (1, 16, 16), (10, 21, 22)])
def test_without_augmentation_a_patch_is_a_crop(patch):
    case, wanted = numbered(patch, Augmentation())
    for seed in range(12):
        image, labels, maps, _ = draw(case, wanted, np.random.default_rng(seed))
        place = cut(case, float(image.min()))
        crop = tuple(slice(s.start, s.start + n) for s, n in zip(place, patch, strict=True))
        torch.testing.assert_close(image, case.image[(slice(None), *crop)], rtol=0, atol=0.05)
        assert torch.equal(labels, case.labels[crop].long())
        assert torch.equal(maps["hard"], case.maps["hard"][(slice(None), *crop)].float())
        expected = case.maps["soft"][(slice(None), *crop)].float()
        torch.testing.assert_close(maps["soft"], expected, rtol=0, atol=1e-4)


def test_a_patch_larger_than_the_scan_holds_all_of_it_on_its_own_voxels():
    case, wanted = numbered((13, 24, 24), Augmentation())
    image = draw(case, wanted, np.random.default_rng(0))[0]
    torch.testing.assert_close(image[0][2:12, 2:23, 1:23], case.image[0], rtol=0, atol=0.05)
    assert float(image[0].sum()) == pytest.approx(float(case.image.sum()), rel=1e-5)


@pytest.mark.parametrize(("plane", "patch"), [("axial", (1, 16, 16)), ("coronal", (8, 1, 16))])
def test_slices_are_slices_of_the_scan_also_with_augmentation(plane, patch, monkeypatch):
    moving = Augmentation(rotate_deg=20, scale=0.1, shift_mm=20, elastic_mm=6, flip_axes=("x",))
    case, wanted = numbered(patch, moving, dims=2, plane=plane)
    seen = []

    def remember(*arguments):
        seen.append(sampling_points(*arguments)[..., wanted.across])
        return sampling_points(*arguments)

    monkeypatch.setattr(patches, "sampling_points", remember)
    for step in range(12):
        patches.batch_at([case], wanted, 0, step)
    assert all(torch.equal(depth, depth.flatten()[0].round().expand_as(depth)) for depth in seen)
    assert len({float(depth.flatten()[0]) for depth in seen}) > 2


@pytest.mark.parametrize("nonzero", [True, False])
def test_what_is_empty_in_every_channel_stays_empty_where_it_is_not_normalised(nonzero):
    """Prediction sees exactly 0 there, beyond the head, and so does a network that learns."""
    changing = Augmentation(bias_field=0.3, contrast=0.3, gain=0.1, shift=0.2, noise=0.2)
    case, wanted = numbered((6, 12, 12), changing)
    wanted = wanted.with_settings({"preprocessing.nonzero": nonzero})
    image = torch.zeros(1, *case.labels.shape)
    image[:, :, :, ::2] = 1 + torch.rand(image[:, :, :, ::2].shape, generator=torch.Generator().manual_seed(0))
    empty = replace(case, image=image)
    for seed in range(6):
        plain = draw(empty, wanted.model_copy(update={"augmentation": Augmentation()}), np.random.default_rng(seed))[0]
        found = draw(empty, wanted, np.random.default_rng(seed))[0]
        outside = plain == 0
        assert outside.any() and not outside.all()
        assert bool((found[outside] == 0).all()) == nonzero
        assert (found[~outside] != plain[~outside]).float().mean() > 0.9
