"""Prediction: everything on the scan's own grid, read-only; a box limits it; what does not fit is refused."""

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine import predictor as module
from napari_boundaryseg.engine.card import Card
from napari_boundaryseg.engine.checkpoint import LoadedModel, build_network
from napari_boundaryseg.engine.devices import first_that_fits
from napari_boundaryseg.engine.prediction_files import load_prediction, save_prediction
from napari_boundaryseg.engine.predictor import Predictor, predict
from napari_boundaryseg.engine.recipe import Inference, Preprocessing, recipe
from napari_boundaryseg.errors import InputError, RegionNeeded
from napari_boundaryseg.progress import Cancelled


def model(tmp_path, scheme="pelvis-mr", field=None, **inference) -> LoadedModel:
    wanted = recipe("pelvis-mr-sgm").model_copy(update={
        "scheme": preset(scheme), "network_arguments": {"width": 8, "norm": "group"}, "expected_field_mm": field,
        "preprocessing": Preprocessing(), "patch_vox": (16, 16, 16), "inference": Inference(**inference),
    })
    torch.manual_seed(1)
    return LoadedModel(Card(name="tiny", recipe=wanted, parameters=0), build_network(wanted).eval(), "0" * 64,
                       tmp_path / "tiny.safetensors")


def scan(shape=(21, 18, 20), seed=0, affine=None) -> Volume:
    array = np.random.default_rng(seed).normal(size=(1, *shape)).astype(np.float32)
    return Volume(array, Geometry(shape, np.diag([-1.0, 1.0, 2.0, 1.0]) if affine is None else affine), name="scan")


def test_everything_is_on_the_scans_grid_and_read_only(tmp_path):
    volume = scan()
    result = predict(volume, model(tmp_path))
    shape = volume.geometry.shape
    assert result.labels.array.shape == shape
    assert result.probabilities.shape == (4, *shape)
    np.testing.assert_allclose(result.probabilities.sum(0), 1, atol=1e-4)
    assert list(result.contours) == ["Bladder", "Prostate", "Rectum"]
    assert dict(result.contour_sources) == {"Bladder": "hard head", "Prostate": "soft head", "Rectum": "hard head",
                                            "edges": "contour heads"}
    assert set(result.attention) == {"level 0", "level 1", "level 2"}
    assert len(result.channel_weights["level 0"]) == 8
    for array in (result.probabilities, result.edges, *result.contours.values(), *result.attention.values()):
        assert array.shape[-3:] == shape
        assert 0 <= array.min() <= array.max() <= 1.0001
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    np.testing.assert_array_equal(result.probabilities.argmax(0), result.labels.array)


def test_labels_carry_the_schemes_own_integers(tmp_path):
    result = predict(scan(), model(tmp_path, scheme="brats-2022"))
    assert set(np.unique(result.labels.array)) <= {0, 1, 2, 4}


def test_a_turned_scan_gives_turned_labels(tmp_path):
    loaded, plain = model(tmp_path), scan(affine=np.eye(4))
    turned = Volume(plain.array[:, ::-1].transpose(0, 2, 1, 3), Geometry(
        (18, 21, 20), np.array([[0, -1, 0, 20], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])))
    a, b = (predict(v, loaded).labels.array for v in (plain, turned))
    np.testing.assert_array_equal(a[::-1].transpose(1, 0, 2), b)


def test_a_box_limits_the_prediction(tmp_path):
    box = (slice(2, 12), slice(4, 14), slice(0, 20))
    result = predict(scan(), model(tmp_path), box=box)
    inside = np.zeros(result.labels.array.shape, bool)
    inside[box] = True
    assert not result.labels.array[~inside].any()
    assert (result.probabilities[0][~inside] == 1).all()
    assert not result.edges[~inside].any()
    assert result.details["box"] == [[2, 12], [4, 14], [0, 20]]
    with pytest.raises(InputError, match="outside the scan"):
        predict(scan(), model(tmp_path), box=(slice(50, 60),) * 3)


def test_a_far_larger_scan_needs_a_box(tmp_path):
    small = model(tmp_path, field=(8.0, 8.0, 40.0))
    with pytest.raises(RegionNeeded, match="Draw a box"):
        predict(scan(), small)
    assert predict(scan(), small, box=(slice(0, 8), slice(0, 8), slice(0, 20))).labels.array.any()
    assert predict(scan(), small, whole=True).labels.array.any()


def test_channels_that_do_not_fit_are_refused(tmp_path):
    volume = scan()
    two = Volume(np.repeat(volume.array, 2, 0), volume.geometry, ("a", "b"), "two")
    with pytest.raises(InputError, match="it has 2 channels, tiny needs 1"):
        predict(two, model(tmp_path))


def test_mirrored_averaging_is_symmetric(tmp_path):
    volume = scan(shape=(16, 16, 16), affine=np.eye(4))
    mirrored = Volume(volume.array[:, ::-1], volume.geometry)
    loaded = model(tmp_path, flip_axes=("x",))
    a, b = (predict(v, loaded).probabilities for v in (volume, mirrored))
    np.testing.assert_allclose(a, b[:, ::-1], atol=1e-5)
    plain = predict(volume, model(tmp_path)).probabilities
    assert not np.allclose(a, plain, atol=1e-3)


def test_an_answer_that_is_not_a_number_is_an_error(tmp_path):
    loaded = model(tmp_path)
    loaded.network.segment.bias.data[0] = float("nan")
    with pytest.raises(InputError, match="not a number"):
        predict(scan(), loaded)


def test_cancel_goes_through(tmp_path):
    def stop(fraction, text=""):
        if "Window 2" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        Predictor(model(tmp_path)).predict(scan(shape=(40, 20, 20)), progress=stop)


def test_a_prediction_survives_the_way_to_the_window(tmp_path):
    result = predict(scan(), model(tmp_path))
    back = load_prediction(save_prediction(result, tmp_path / "out"))
    np.testing.assert_array_equal(back.labels.array, result.labels.array)
    assert back.labels.scheme == result.labels.scheme
    assert list(back.contours) == list(result.contours)
    for name, array in result.contours.items():
        np.testing.assert_array_equal(back.contours[name], array)
    assert back.details["model"] == "tiny"


def test_out_of_memory_tries_more_frugal_plans_and_says_so(monkeypatch):
    tried = []

    def run(plan):
        tried.append((plan.device, plan.store, plan.batch))
        if plan.device != "cpu":
            raise torch.OutOfMemoryError("planted")
        return "done"

    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    result, plan = first_that_fits("cuda", run)
    assert result == "done"
    assert tried == [("cuda", "cuda", 4), ("cuda", "cuda", 1), ("cuda", "cpu", 1), ("cpu", "cpu", 1)]
    assert "computed on the CPU" in plan.note
    with pytest.raises(RuntimeError, match="not memory"):
        first_that_fits("cuda", _broken)


def _broken(plan):
    raise RuntimeError("not memory")


def test_derived_contours_peak_where_the_network_is_unsure():
    probability = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(module.derived_contour(probability), [0, 0.75, 1, 0.75, 0])
