"""A scan as a network is given it: the same value for training, prediction and the check of the field of view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.checkpoints.card import new_card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network, load_model, save
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing import prepared_scan as module
from napari_boundaryseg.engine.preprocessing.field_of_view import part_of
from napari_boundaryseg.engine.preprocessing.network_grid import NetworkGrid
from napari_boundaryseg.engine.preprocessing.prepared_scan import PreparedScan
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.data.cases import prepare
from napari_boundaryseg.errors import RegionNeeded
from napari_boundaryseg.phantom import brain

BOX = (slice(4, 30), slice(6, 38), slice(5, 32))
ORDER = [2, 0, 3, 1]


def scan() -> tuple[Volume, LabelMap]:
    """A brain of four channels, not in the order in which a model wants them."""
    volume, labels = brain(7, (37, 43, 35), 4.0, varied=True)
    channels = tuple(volume.channels[n] for n in ORDER)
    volume = Volume(volume.array[ORDER], volume.geometry, channels, name="brain")
    return volume, volume.with_labels(labels.array, labels.scheme)


def wanted(**changes: object) -> Recipe:
    return recipe("brain-tumour-egcnn").with_settings(
        {
            "synthetic": "",
            "network": "unet",
            "network_arguments": {"width": 8, "norm": "group"},
            "losses": {"wce-dice": 1.0},
            "preprocessing.spacing_mm": (8.0, 8.0, 8.0),
            "patch_vox": (16, 16, 16),
            "inference.window_vox": (16, 16, 16),
            "expected_field_mm": None,
            **changes,
        }
    )


def by_hand(volume: Volume, settings: Recipe, box: tuple[slice, ...] | None) -> tuple[np.ndarray, NetworkGrid]:
    """One step after the other, with nothing shared."""
    places = [volume.channels.index(name) for name in settings.channels]
    ordered = replace(volume, array=volume.array[places], channels=settings.channels)
    grid = NetworkGrid(ordered, settings.preprocessing, box)
    return grid.image(), grid


@pytest.mark.parametrize("box", [None, BOX])
def test_it_is_each_step_by_hand_bit_by_bit(box):
    volume, labels = scan()
    image, grid = by_hand(volume, wanted(), box)
    prepared = PreparedScan.of(volume, wanted()).within(box)
    assert prepared.volume.channels == wanted().channels
    assert prepared.grid.box == grid.box
    assert np.array_equal(prepared.image().numpy(), image)
    case = prepare(volume, labels, wanted(), box)
    _, grown = by_hand(volume, wanted(), part_of(PreparedScan.of(volume, wanted()), labels, box))
    assert np.array_equal(case.image.numpy(), grown.image())
    assert np.array_equal(case.labels.numpy(), grown.labels(labels))
    assert case.spacing_mm == grown.spacing_zyx


def test_neighbouring_slices_are_its_channels():
    settings = wanted(network="hmedn", dims=2, slices=3, patch_vox=(1, 16, 16), **{"inference.window_vox": None})
    image, _ = by_hand(scan()[0], settings, BOX)
    found = PreparedScan.of(scan()[0], settings).within(BOX).image().numpy()
    assert np.array_equal(found[1::3], image)
    assert np.array_equal(found[0::3, 1:], image[:, :-1])
    assert np.array_equal(found[2::3, :-1], image[:, 1:])


def model(settings: Recipe, tmp_path) -> LoadedModel:
    torch.manual_seed(0)
    network = build_network(settings)
    path = tmp_path / "model.safetensors"
    save(path, new_card(settings, sum(p.numel() for p in network.parameters())), network.state_dict())
    return load_model(path)


@pytest.mark.parametrize("box", [None, BOX])
def test_a_prediction_is_what_the_network_says_of_that_image(box, tmp_path):
    volume, _ = scan()
    image, grid = by_hand(volume, wanted(), box)
    settings = wanted(**{"inference.window_vox": grid.shape, "inference.flip_axes": ()})
    loaded = model(settings, tmp_path)
    with torch.inference_mode():
        expected = torch.softmax(loaded.network.eval()(torch.from_numpy(image)[None]).logits[0], 0)
    found = Predictor(loaded, "cpu").predict(volume, box=box)
    inside = grid.back(expected.numpy())
    np.testing.assert_allclose(found.probabilities[(slice(None), *grid.box)], inside, atol=2e-6)
    assert found.details["notes"][0].startswith("The channels were put into the model's order")


def test_a_scan_is_put_in_order_once_and_has_one_grid_until_a_box_is_drawn(monkeypatch, tmp_path):
    ordered, grids = [], []
    in_order, grid = module.in_order, module.NetworkGrid
    monkeypatch.setattr(module, "in_order", lambda *given: ordered.append(1) or in_order(*given))
    monkeypatch.setattr(module, "NetworkGrid", lambda *given: grids.append(given[2]) or grid(*given))
    volume, labels = scan()
    roomy = wanted(expected_field_mm=(400.0, 400.0, 400.0))
    prepare(volume, labels, roomy)
    assert (ordered, grids) == ([1], [None]), "the field of view is looked at on the grid that is used"
    Predictor(model(roomy, tmp_path), "cpu").predict(volume)
    assert (ordered, grids) == ([1] * 2, [None] * 2)
    narrow = wanted(expected_field_mm=(40.0, 40.0, 40.0))
    prepare(volume, labels, narrow)
    assert (len(ordered), len(grids)) == (3, 4)
    assert grids[2] is None
    assert grids[3] is not None
    with pytest.raises(RegionNeeded, match=r"it covers \d+ x \d+ x \d+ mm, far more than the 40 x 40 x 40 mm") as asked:
        Predictor(model(narrow, tmp_path), "cpu").predict(volume)
    names = ", ".join(narrow.scheme.names)
    assert f"It finds {names}. Draw a box round them" in str(asked.value), "the wrong organ, not the wrong size"


def test_its_field_is_that_of_the_grid_along_the_patient_axes():
    field = PreparedScan.of(scan()[0], wanted(**{"preprocessing.crop": ""})).field_mm
    assert field == pytest.approx([n * 4.0 for n in scan()[0].geometry.shape])
