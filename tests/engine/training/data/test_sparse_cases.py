"""Cases of which a person has looked at some slices: what counts, what is taught, and what the cut must not teach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import ndimage

from napari_boundaryseg import losses
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation
from napari_boundaryseg.engine.recipes.shipped import RECIPES, recipe
from napari_boundaryseg.engine.training.data.batches import batch_at, draw
from napari_boundaryseg.engine.training.data.cases import prepare, prepare_all, prepare_loosely
from napari_boundaryseg.engine.training.data.random_boxes import boxed
from napari_boundaryseg.engine.training.loop.seen_cases import SeenCases, digest_of
from napari_boundaryseg.engine.training.loop.validate import dice_scores
from napari_boundaryseg.models import ModelOutput
from napari_boundaryseg.phantom.two_part import two_part_structure

RECIPE = recipe("hippocampus-sgm")
ALL_MAPS = {"wce-dice": 1.0, "hard-contour": 1.0, "soft-contour": 1.0, "difficulty-ce": 1.0, "signed-distance": 0.1}
A, P = 1, 2


def wanted(**changes: object) -> Recipe:
    return RECIPE.with_settings({"losses": ALL_MAPS, "loss_arguments": {}, **changes})


def scan(seed: int = 1) -> tuple[Volume, LabelMap]:
    return two_part_structure(seed)


def spoilt(labels: LabelMap, looked: LookedAt, seed: int = 5) -> LabelMap:
    """The same on the slices that were looked at; elsewhere whatever a model may say."""
    rng = np.random.default_rng(seed)
    array = labels.array.copy()
    organs = looked.known(array.shape[looked.axis], (A, P))
    planes = np.moveaxis(array, looked.axis, 0)
    for at in np.flatnonzero(~organs.any(0)):
        planes[at] = rng.choice([0, A, P], planes[at].shape)
    return replace(labels, array=array)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_slices_of_each_organ_count_where_they_lie_on_the_networks_grid(axis: int) -> None:
    """Of a scan stored in another order than the network's, at its own spacing: one plane for each slice."""
    volume, labels = scan()
    middle = labels.array.shape[axis] // 2
    looked = LookedAt(axis=axis, slices={A: (middle, middle + 3), P: (middle + 3,)})
    settings = wanted(**{"preprocessing.spacing_mm": None})
    case = prepare(volume, labels, settings, looked=looked)
    whole = prepare(volume, labels, settings)
    assert case.valid is not None
    assert case.valid.shape == (2, *case.labels.shape)
    along = 2 - axis  # the phantom's axes are those of the patient
    for organ, planes in ((0, [middle, middle + 3]), (1, [middle + 3])):
        counts = case.valid[organ].movedim(along, 0).flatten(1)
        assert torch.where(counts.any(1))[0].tolist() == planes
        assert counts[planes].all()
    known = case.valid.all(0)
    assert torch.equal(case.labels[known], whole.labels[known])
    for voxels in case.voxels:
        assert case.valid[:, *voxels.T].any(0).all(), "patches are centred on what is known"


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_what_lies_on_other_slices_reaches_no_target_map(axis: int) -> None:
    """Whatever is drawn there: labels, contours, difficulty, distances are the same to the last bit."""
    volume, labels = scan()
    middle = labels.array.shape[axis] // 2
    looked = LookedAt(axis=axis, slices={A: (middle - 4, middle), P: (middle - 4, middle)})
    one, two = (prepare(volume, each, wanted(), looked=looked) for each in (labels, spoilt(labels, looked)))
    assert sorted(one.maps) == ["difficulty", "signed-distance", "soft"]
    assert torch.equal(one.labels, two.labels)
    for name, drawn in one.maps.items():
        assert torch.equal(drawn, two.maps[name]), name


def test_the_cut_is_no_border() -> None:
    """A bar that was drawn on the one slice that was looked at: no contour across it, distances within it."""
    volume, labels = scan()
    array = np.zeros_like(labels.array)
    array[12:20, 20:30, :] = A
    looked = LookedAt(axis=2, slices={A: (10,), P: (10,)})
    settings = wanted(**{"targets.contours": "hard", "losses": {**ALL_MAPS, "contour-regression": 1.0}})
    array[:, :, np.arange(array.shape[2]) != 10] = 0
    case = prepare(volume, replace(labels, array=array), settings, looked=looked)
    cut = prepare(volume, replace(labels, array=array), settings)
    plane = case.labels[10].numpy() == 1
    contour = plane & ~ndimage.binary_erosion(plane)
    assert np.array_equal(case.maps["hard"][0, 10].numpy() > 0, contour)
    assert np.array_equal(cut.maps["hard"][0, 10].numpy() > 0, plane), "as if it ended there, all of it is border"
    distance = ndimage.distance_transform_edt(~plane) - ndimage.distance_transform_edt(plane)
    np.testing.assert_allclose(case.maps["signed-distance"][0, 10].float().numpy(), distance, rtol=2e-3)


@pytest.mark.parametrize("augmentation", [RECIPE.augmentation, Augmentation(rotate_deg=40, scale=0.3, elastic_mm=3)])
def test_of_a_turned_and_bent_patch_nothing_depends_on_other_slices(augmentation: Augmentation) -> None:
    volume, labels = scan()
    looked = LookedAt(axis=1, slices={A: (36, 37), P: (20, 36)})
    settings = wanted().model_copy(update={"augmentation": augmentation})
    one, two = (prepare(volume, each, settings, looked=looked) for each in (labels, spoilt(labels, looked)))
    for seed in range(4):
        first, second = (draw(case, settings, np.random.default_rng(seed)) for case in (one, two))
        assert torch.equal(first[3], second[3])
        assert 0 < first[3].sum() < first[3].numel()
        assert torch.equal(first[1], second[1])
        assert all(torch.equal(first[2][name], second[2][name]) for name in first[2])


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipes_losses_teach_nothing_on_other_slices(name: str) -> None:
    """From the scan to the gradient of every head: exactly zero on what nobody has looked at."""
    source = RECIPES[name]
    settings = RECIPE.model_copy(
        update={
            "losses": source.losses,
            "loss_arguments": _arguments(source),
            "targets": source.targets.model_copy(update={"difficulty_gains": ()}),
            "patch_vox": (24, 32, 24),
            "batch": 2,
        }
    )
    volume, labels = scan()
    looked = LookedAt(axis=1, slices={A: (36, 40), P: (20, 36)})
    _, target = batch_at([prepare(volume, labels, settings, looked=looked)], settings, 0, 0)
    assert target.valid is not None
    assert target.any_known is not None
    shape = target.labels.shape[1:]
    heads = {
        key: torch.randn(2, n, *shape, requires_grad=True)
        for key, n in (("logits", 3), ("main", 3), ("edges", 1), ("hard", len(settings.clear)))
        if n
    }
    if settings.blurry:
        heads["soft"] = torch.randn(2, len(settings.blurry), *shape, requires_grad=True)
    total, _ = losses.weighted(settings.losses, settings.loss_arguments)(ModelOutput(**heads), target)
    total.backward()
    assert float(heads["logits"].grad.abs().sum()) > 0
    for key, head in heads.items():
        if head.grad is not None:
            assert not (head.grad * ~target.any_known).any(), key


def _arguments(source: Recipe) -> dict[str, dict[str, object]]:
    return {
        loss: {key: (1.0, 2.0, 3.0) if key == "class_weights" else value for key, value in given.items()}
        for loss, given in source.loss_arguments.items()
    }


def test_thick_planes_show_the_slices_that_they_hold() -> None:
    """At three times the spacing every slice falls into one plane; the next ones show another slice."""
    volume, labels = scan()
    looked = LookedAt(axis=1, slices={A: (12, 21), P: (12, 21)})
    case = prepare(volume, labels, wanted(**{"preprocessing.spacing_mm": (1.0, 3.0, 1.0)}), looked=looked)
    assert case.valid is not None
    assert torch.where(case.valid[0].any(2).any(0))[0].tolist() == [4, 7]


def test_a_loose_case_keeps_its_extent() -> None:
    """The box that is drawn round the organs is as if all slices were known: labels that go on do not widen it."""
    volume, labels = scan()
    settings = wanted(**{"box_margin_mm": (4.0, 4.001)}).model_copy(update={"augmentation": Augmentation()})
    middle = 36
    looked = LookedAt(axis=1, slices={A: (middle,), P: (middle,)})
    case, whole = prepare_loosely(volume, labels, settings, looked=looked), prepare_loosely(volume, labels, settings)
    shapes = [tuple(boxed(one, settings, np.random.default_rng(0)).labels.shape) for one in (case, whole)]
    assert shapes[0][1] == shapes[1][1]
    found = boxed(case, settings, np.random.default_rng(0))
    assert found.valid is not None
    assert torch.where(found.valid[0].any(2).any(0))[0].numel() == 1


def test_a_validation_counts_what_was_looked_at() -> None:
    volume, labels = scan()
    looked = LookedAt(axis=1, slices={A: tuple(range(20, 40, 4))})
    case = prepare_all([LabelledScan(volume, spoilt(labels, looked), None, looked)], RECIPE)[0]
    truth = prepare(volume, labels, RECIPE).labels

    class Perfect(torch.nn.Module):
        def forward(self, image: torch.Tensor) -> ModelOutput:
            return ModelOutput(20.0 * torch.nn.functional.one_hot(truth.long(), 3).movedim(-1, 0)[None].float())

    settings = RECIPE.model_copy(update={"patch_vox": tuple(truth.shape)})
    scores = dice_scores(Perfect(), [case], settings, torch.device("cpu"))
    assert scores.choosing == {"Hippocampus_A": [1.0]}


def test_what_is_noted_of_a_case_is_what_was_looked_at() -> None:
    volume, labels = scan()
    looked = LookedAt(axis=1, slices={A: (int(np.argwhere(labels.array == A)[:, 1].max()),)})
    seen = SeenCases()
    list(seen.over([LabelledScan(volume, labels, None, looked)]))
    assert seen.without(RECIPE.scheme) == ("Hippocampus_P",)
    digests = {
        digest_of(LabelledScan(volume, labels, None, one)) for one in (None, looked, LookedAt(axis=1, slices={}))
    }
    assert len(digests) == 3
