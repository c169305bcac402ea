"""Prediction: everything on the scan's own grid, read-only; a box limits it; what does not fit is refused."""

import shutil

import numpy as np
import pytest
import torch

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network, load_model
from napari_boundaryseg.engine.devices import first_that_fits, is_full
from napari_boundaryseg.engine.inference import answer as answering
from napari_boundaryseg.engine.inference import predictor as module
from napari_boundaryseg.engine.inference.assembling import postprocess as assembling
from napari_boundaryseg.engine.inference.prediction_files import load_prediction, save_prediction
from napari_boundaryseg.engine.inference.predictor import Predictor, predict
from napari_boundaryseg.engine.recipes.recipe import Inference, Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.errors import InputError, RegionNeeded
from napari_boundaryseg.phantom.two_part import two_part_structure
from napari_boundaryseg.progress import Cancelled


def model(tmp_path, scheme="pelvis-mr", field=None, **inference) -> LoadedModel:
    wanted = recipe("pelvis-mr-sgm").model_copy(
        update={
            "scheme": preset(scheme),
            "network_arguments": {"width": 8, "norm": "group"},
            "expected_field_mm": field,
            "preprocessing": Preprocessing(),
            "patch_vox": (16, 16, 16),
            "inference": Inference(**inference),
        }
    )
    torch.manual_seed(1)
    return LoadedModel(
        Card(name="tiny", recipe=wanted, parameters=0),
        build_network(wanted).eval(),
        "0" * 64,
        tmp_path / "tiny.safetensors",
    )


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
    assert dict(result.contour_sources) == {
        "Bladder": "hard head",
        "Prostate": "soft head",
        "Rectum": "hard head",
        "edges": "derived",
    }
    assert set(result.attention) == {"level 0", "level 1", "level 2"}
    assert result.attention_kind == "gain"
    assert len(result.channel_weights["level 0"]) == 8
    for array in (result.probabilities, result.edges, *result.contours.values(), *result.attention.values()):
        assert array.shape[-3:] == shape
        most = 2 if any(array is one for one in result.attention.values()) else 1.0001  # a gain
        assert 0 <= array.min() <= array.max() <= most
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    np.testing.assert_array_equal(result.probabilities.argmax(0), result.labels.array)


def test_labels_carry_the_schemes_own_integers(tmp_path):
    result = predict(scan(), model(tmp_path, scheme="brats-2022"))
    assert set(np.unique(result.labels.array)) <= {0, 1, 2, 4}


def test_a_turned_scan_gives_turned_labels(tmp_path):
    loaded, plain = model(tmp_path), scan(affine=np.eye(4))
    turned = Volume(
        plain.array[:, ::-1].transpose(0, 2, 1, 3),
        Geometry((18, 21, 20), np.array([[0, -1, 0, 20], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])),
    )
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
    result = predict(scan(), model(tmp_path), box=((2, 12), slice(4, None), slice(None)))
    assert result.details["box"] == [[2, 12], [4, 18], [0, 20]]


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


def test_channels_are_put_into_the_models_order(tmp_path):
    loaded = model(tmp_path)
    wanted = loaded.card.recipe.model_copy(update={"channels": ("T1", "T2")})
    loaded = LoadedModel(
        loaded.card.model_copy(update={"recipe": wanted}), build_network(wanted).eval(), "0" * 64, loaded.path
    )
    array = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)
    geometry = Geometry((16, 16, 16), np.eye(4))
    one = predict(Volume(array, geometry, ("T1", "T2")), loaded)
    two = predict(Volume(array[::-1], geometry, ("T2", "T1")), loaded)
    np.testing.assert_array_equal(one.probabilities, two.probabilities)
    assert one.details["notes"] == []
    assert two.details["notes"] == ["The channels were put into the model's order: T1, T2"]


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
        if "Window 3" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        Predictor(model(tmp_path)).predict(scan(shape=(40, 20, 20)), progress=stop)


def test_a_prediction_survives_the_way_to_the_window(tmp_path):
    result = predict(scan(), model(tmp_path))
    back = load_prediction(save_prediction(result, tmp_path / "out"))
    np.testing.assert_array_equal(back.labels.array, result.labels.array)
    assert back.labels.scheme == result.labels.scheme
    np.testing.assert_array_equal(back.probabilities, result.probabilities)
    assert list(back.contours) == list(result.contours)
    for name, array in result.contours.items():
        np.testing.assert_array_equal(back.contours[name], array.astype(np.float16))
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
    assert tried == [("cuda", "cuda", 4), ("cuda", "cpu", 1), ("cpu", "cpu", 1)]
    assert "computed on the CPU" in plan.note
    with pytest.raises(RuntimeError, match="not memory"):
        first_that_fits("cuda", _broken)


def _broken(plan):
    raise RuntimeError("not memory")


def test_derived_contours_peak_where_the_network_is_unsure():
    probability = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    np.testing.assert_allclose(assembling.derived_contour(probability), [0, 0.75, 1, 0.75, 0])


FULL_CPU = (
    "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to "
    "allocate 4000000000000 bytes. Error code 12 (Cannot allocate memory)"
)


def full(*_, **__):
    raise RuntimeError(FULL_CPU)


def test_torch_says_in_words_that_main_memory_is_full():
    with pytest.raises(RuntimeError, match="allocate memory") as caught:
        torch.empty(2**50)
    assert is_full(caught.value)
    assert is_full(MemoryError())
    assert is_full(torch.OutOfMemoryError())
    assert not is_full(RuntimeError("shapes do not fit"))


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError(FULL_CPU), torch.OutOfMemoryError("CUDA")])
@pytest.mark.parametrize(
    "place",
    [
        (module.NetworkGrid, "image"),
        (answering, "slabs"),
        (torch, "isfinite"),
        (answering, "on_scan_grid"),
        (module.InMemory, "new"),
        (module.Assembly, "add"),
        (module.Assembly, "parts"),
    ],
    ids=["preparing", "network", "checking", "scan grid", "maps", "assembling", "labels"],
)
def test_memory_that_runs_out_anywhere_asks_for_a_box(tmp_path, monkeypatch, place, error):
    def runs_out(*_, **__):
        raise error

    monkeypatch.setattr(*place, runs_out)
    with pytest.raises(InputError, match=r"memory: there is not enough for this scan\. Draw a box"):
        predict(scan(), model(tmp_path), device="cpu")


def test_the_check_for_numbers_looks_at_one_map_after_the_other(tmp_path, monkeypatch):
    sizes, real = [], torch.isfinite
    monkeypatch.setattr(torch, "isfinite", lambda x: sizes.append(x.ndim) or real(x))
    result = predict(scan(), model(tmp_path), device="cpu")
    assert set(sizes) == {3}
    assert len(sizes) > len(result.probabilities)


def test_float32_is_float32_while_a_network_runs_and_only_then(tmp_path, monkeypatch):
    kinds, seen, real = (torch.backends.cudnn, torch.backends.cuda.matmul), [], answering.slabs
    before = [kind.allow_tf32 for kind in kinds]
    assert before[0], "torch's default, which would make float32 on CUDA mean TF32"

    def watched(*arguments, **options):
        seen.append([kind.allow_tf32 for kind in kinds])
        return real(*arguments, **options)

    monkeypatch.setattr(answering, "slabs", watched)
    predict(scan(), model(tmp_path), device="cpu")
    assert seen == [[False, False]]
    monkeypatch.setattr(answering, "slabs", full)
    with pytest.raises(InputError):
        predict(scan(), model(tmp_path), device="cpu")
    assert [kind.allow_tf32 for kind in kinds] == before


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no GPU")
def test_cuda_gives_the_labels_of_the_cpu(tmp_path):
    loaded, volume = model(tmp_path), scan(shape=(40, 37, 33))
    on_cpu, on_gpu = (predict(volume, loaded, device=device) for device in ("cpu", "cuda"))
    np.testing.assert_allclose(on_gpu.probabilities, on_cpu.probabilities, atol=1e-4)
    top = np.sort(on_cpu.probabilities, axis=0)
    unsure = top[-1] - top[-2] < 1e-3
    np.testing.assert_array_equal(on_gpu.labels.array[~unsure], on_cpu.labels.array[~unsure])


@pytest.mark.parametrize("names", [("channel 0", "channel 1"), ("a_0000", "a_0001"), ("T1", "other")])
def test_channels_that_are_taken_by_their_order_are_told(tmp_path, names):
    loaded = model(tmp_path)
    wanted = loaded.card.recipe.model_copy(update={"channels": ("T1", "T2")})
    loaded = LoadedModel(
        loaded.card.model_copy(update={"recipe": wanted}), build_network(wanted).eval(), "0" * 64, loaded.path
    )
    array = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)
    found = predict(Volume(array, Geometry((16, 16, 16), np.eye(4)), names), loaded)
    (note,) = found.details["notes"]
    assert note == f"Its channels {', '.join(names)} are taken as T1, T2, by their order: the names do not say it."


def test_results_of_a_version_are_called_after_it_and_those_of_a_training_after_its_card(tmp_path):
    """A version's card bears the name of the model that it was made from; a training calls its files last and best."""
    scan = two_part_structure(1)[0]
    for stem, called in (("hippocampus-sgm-v2", "hippocampus-sgm-v2"), ("last", "hippocampus-sgm")):
        shutil.copy(model_library.shipped()["hippocampus-sgm"], tmp_path / f"{stem}.safetensors")
        result = Predictor(load_model(tmp_path / f"{stem}.safetensors"), "cpu").predict(scan, attention=False)
        assert result.details["model"] == called
