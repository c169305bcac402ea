"""Two-dimensional networks from recipe to prediction, with neighbouring slices as channels."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.boundaries import inner_boundary
from napari_boundaryseg.data.contour_targets import soft_contour
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.settings import Augmentation, Inference, Preprocessing, Targets
from napari_boundaryseg.engine.training.data.batches import batch_at
from napari_boundaryseg.engine.training.data.cases import prepare
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.phantom import pelvis
from tests.assembled import assembled


@pytest.fixture(scope="module")
def case():
    return pelvis(5, (32, 36, 10), (3.0, 3.0, 6.0))


def recipe(plane="axial", slices=5, **changes):
    patch = {"axial": (1, 32, 32), "coronal": (10, 1, 32), "sagittal": (10, 32, 1)}[plane]
    return Recipe(
        **{
            "name": "small",
            "scheme": preset("pelvis-mr"),
            "network": "hmedn",
            "dims": 2,
            "slices": slices,
            "plane": plane,
            "network_arguments": {"width": 8, "norm": "group"},
            "targets": Targets(sigma_mm=4.0, contours="soft"),
            "losses": {"difficulty-ce": 1.0, "contour-regression": 1.0},
            "patch_vox": patch,
            "batch": 2,
            "preprocessing": Preprocessing(),
            "augmentation": Augmentation(rotate_deg=10, flip_axes=("x",)),
            "steps": 3,
            "steps_per_epoch": 3,
            **changes,
        }
    )


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_train_save_load_predict(case, plane, tmp_path):
    volume, labels = case
    path = fit(recipe(plane), [(volume, labels)], tmp_path, device="cpu")
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert all(np.isfinite(entry["loss"]) for entry in log if "loss" in entry)
    model = load_model(path)
    result = Predictor(model, "cpu").predict(volume, whole=True)
    assert result.labels.array.shape == volume.geometry.shape
    assert set(result.contours) == set(labels.scheme.names)
    assert dict(result.contour_sources) == dict.fromkeys(labels.scheme.names, "soft head") | {"edges": "derived"}
    again = Predictor(model, "cpu").predict(volume, whole=True)
    assert np.array_equal(result.probabilities, again.probabilities)


def test_a_slice_is_predicted_from_itself_and_its_neighbours_alone(case):
    """The whole way round gives a slice what the network gives for it and two neighbours on both sides."""
    torch.manual_seed(0)
    wanted = recipe()
    network = build_network(wanted).eval()
    prepared = prepare(*case, wanted)
    assert prepared.image.shape[0] == 5
    with torch.inference_mode():
        whole = network(prepared.image[None]).logits[0, :, 4]
        image = prepared.image[2]  # the slices themselves are the middle channel
        alone = network.network(image[2:7][None]).logits[0]
    torch.testing.assert_close(whole, alone, rtol=1e-4, atol=1e-4)


def test_targets_are_made_slice_by_slice(case):
    volume, labels = case
    prepared = prepare(volume, labels, recipe())
    assert prepared.maps.keys() == {"soft", "difficulty"}, "no organ's hard contour is taught"
    soft, difficulty = prepared.maps["soft"], prepared.maps["difficulty"]
    assert soft.shape[0] == 3
    for index in (1, 2, 3):
        mask = prepared.labels.numpy() == index
        for k in range(len(mask)):
            expected = soft_contour(inner_boundary(mask[k]), [4.0 / step for step in prepared.spacing_mm[1:]])
            np.testing.assert_allclose(soft[index - 1, k], expected, atol=1e-3)
    assert float(difficulty.min()) >= 1
    assert float(difficulty.max()) == pytest.approx(26, abs=0.1)
    for k, plane in enumerate(difficulty[0]):
        has_organs = bool(prepared.labels[k].any())
        assert float(plane.max()) == pytest.approx(26 if has_organs else 1, abs=0.1), "each slice by itself"


def test_difficulty_reaches_the_batch(case):
    image, target = batch_at([prepare(*case, recipe())], recipe(), 0, 0)
    assert image.shape == (2, 5, 1, 32, 32)
    assert target.maps["difficulty"].shape == (2, 1, 1, 32, 32)
    assert float(target.maps["difficulty"].min()) >= 1
    plain = recipe(losses={"wce-dice": 1.0})
    assert batch_at([prepare(*case, plain)], plain, 0, 0)[1].maps == {}


def test_the_order_of_neighbours_is_reversed_half_of_the_time(case):
    """Channels are made to say which neighbour they are."""
    wanted = recipe(augmentation=Augmentation(flip_axes=("z",)))
    marked = prepare(*case, wanted)
    marked = replace(marked, image=torch.arange(5.0).reshape(5, 1, 1, 1).expand_as(marked.image).contiguous())
    firsts = [int(one[0, 0, 16, 16].round()) for step in range(16) for one in batch_at([marked], wanted, 0, step)[0]]
    assert set(firsts) == {0, 4}
    assert 8 <= firsts.count(4) <= 24
    never = recipe(augmentation=Augmentation(flip_axes=("x",)))
    assert {int(one[0, 0, 16, 16].round()) for step in range(8) for one in batch_at([marked], never, 0, step)[0]} == {0}


def test_the_card_keeps_the_mean_and_sd_of_the_training_scans(case, tmp_path):
    wanted = recipe(preprocessing=Preprocessing(normalise="dataset"))
    known = load_model(fit(wanted, [case], tmp_path, device="cpu", steps=1)).card.recipe.preprocessing
    assert known.means == pytest.approx((float(case[0].array.mean(dtype=np.float64)),), rel=1e-6)
    assert known.sds == pytest.approx((float(case[0].array.std(dtype=np.float64)),), rel=1e-6)


@pytest.mark.parametrize("changes", [{"slices": 4}, {"dims": 3}])
def test_even_numbers_and_volumes_have_no_neighbours(changes):
    with pytest.raises(ValueError, match="slices"):
        recipe(**changes)


def test_specks_and_holes_are_tidied_where_the_recipe_says_so(case, tmp_path):
    volume, labels = case
    array = labels.array.copy()
    array[1:3, 1:3, 1] = 1
    specks = LabelMap(array, labels.geometry, labels.scheme)
    maps = np.moveaxis(np.eye(4, dtype=np.float32)[specks.array], -1, 0)
    as_is, notes = assembled(volume, maps, recipe())
    assert np.array_equal(as_is["labels"].array, specks.array)
    assert notes == []
    tidy, notes = assembled(volume, maps, recipe(inference=Inference(smallest_share=0.2)))
    assert not tidy["labels"].array[1:3, 1:3, 1].any()
    dropped = int((tidy["labels"].array != specks.array).sum()) * volume.geometry.voxel_ml
    assert notes == [f"Only large pieces of organs were kept; {ml_text(dropped)} mL were left out"]
