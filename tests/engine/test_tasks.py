"""What the worker is asked to do: JSON in and out, arrays through folders, the same results as without a worker."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.exchange import save_volume
from napari_boundaryseg.data.labels import LabelScheme, Organ, preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine import tasks
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, load_model, save
from napari_boundaryseg.engine.inference.prediction_files import load_prediction
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.recipes.recipe import Augmentation
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.task_list import FineTune, Predict, WarmUp
from napari_boundaryseg.errors import InputError, RegionNeeded
from napari_boundaryseg.progress import Cancelled, silent

OBLIQUE = np.array([[-0.9, 0.1, 0.3, 12.5], [0.2, 1.1, -0.2, -40.25], [0.1, 0.3, -2.0, 7.0], [0, 0, 0, 1]])


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_warm", {})


def write_model(path: Path, seed: int = 0, **settings: object) -> Path:
    wanted = (
        recipe("hippocampus-sgm")
        .model_copy(
            update={
                "patch_vox": (16, 16, 16),
                "batch": 1,
                "augmentation": Augmentation(),
                "expected_field_mm": None,
                "network_arguments": {"width": 4, "norm": "group"},
            }
        )
        .with_settings({"inference.window_vox": (16, 16, 16), "inference.flip_axes": (), **settings})
    )
    torch.manual_seed(seed)
    save(path, Card(name=path.stem, recipe=wanted, parameters=1), build_network(wanted).state_dict())
    return path


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("models") / "tiny.safetensors")


def boxes(seed: int = 0, affine: np.ndarray | None = None, name: str = "case") -> tuple[Volume, Any]:
    array = np.zeros((16, 17, 18), np.uint8)
    array[4:12, 3:8, 4:12] = 1
    array[4:12, 8:13, 4:12] = 2
    image = np.random.default_rng(seed).normal(0, 0.2, array.shape) + np.array([0, 2, -2])[array]
    volume = Volume(
        image[None].astype(np.float32), Geometry(array.shape, np.eye(4) if affine is None else affine), name=name
    )
    return volume, volume.with_labels(array, preset("hippocampus"))


def predicted(model: Path, folder: Path, volume: Volume, **options: Any) -> dict[str, Any]:
    save_volume(volume, folder / "scan")
    progress = options.pop("progress", silent)
    task = Predict(
        scan_folder=str(folder / "scan"), model=str(model), out_folder=str(folder / "out"), device="cpu", **options
    )
    return tasks.predict(task, progress=progress)


def fine_tuned(model: Path, cases: Sequence[Any], held_out: Sequence[Any], folder: Path, **options: Any) -> Any:
    task = FineTune(model=str(model), cases=cases, held_out=held_out, out_folder=str(folder), **options)
    return tasks.fine_tune(task)


@pytest.mark.parametrize("box", [None, [[2, 14], [0, 12], [3, 18]]], ids=["whole", "box"])
@pytest.mark.parametrize("affine", [np.eye(4), OBLIQUE], ids=["unit", "oblique"])
def test_a_prediction_through_folders_equals_the_predictors_own(
    model: Path, tmp_path: Path, affine: np.ndarray, box: list[list[int]] | None
) -> None:
    volume, _ = boxes(affine=affine)
    result = predicted(model, tmp_path, volume, box=box)
    assert json.loads(json.dumps(result)) == result
    assert (result["folder"], result["notes"]) == (str(tmp_path / "out"), [])
    assert result["seconds"] > 0
    found = load_prediction(Path(result["folder"]))
    slices = tuple(slice(*pair) for pair in box) if box else None
    wanted = Predictor(load_model(model), "cpu").predict(volume, box=slices)
    np.testing.assert_array_equal(found.labels.array, wanted.labels.array)
    assert found.labels.geometry.distance_mm(volume.geometry) == 0
    assert found.labels.scheme == wanted.labels.scheme
    np.testing.assert_array_equal(found.probabilities, wanted.probabilities)
    np.testing.assert_array_equal(found.edges, wanted.edges.astype(np.float16))
    for kind in ("contours", "attention"):
        own, other = getattr(found, kind), getattr(wanted, kind)
        assert list(own) == list(other)
        for name in own:
            np.testing.assert_array_equal(own[name], other[name].astype(np.float16))
    assert found.attention_kind == wanted.attention_kind == "gain"
    if slices:
        outside = np.ones(volume.geometry.shape, bool)
        outside[slices] = False
        assert all((one[outside] == 1).all() for one in found.attention.values()), "there it changes nothing"
    assert dict(found.contour_sources) == dict(wanted.contour_sources)
    assert found.channel_weights.keys() == wanted.channel_weights.keys()
    for name, weights in wanted.channel_weights.items():
        assert found.channel_weights[name] == pytest.approx(weights)
    assert found.details["box"] == wanted.details["box"] == box
    assert found.details["sha256"] == wanted.details["sha256"]


def test_arrays_of_a_prediction_cannot_be_written(model: Path, tmp_path: Path) -> None:
    found = load_prediction(Path(predicted(model, tmp_path, boxes()[0])["folder"]))
    for array in (found.labels.array, found.probabilities, found.edges, *found.contours.values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_notes_go_to_the_window(model: Path, tmp_path: Path) -> None:
    volume, _ = boxes()
    array = volume.array.copy()
    array[0, 0, 0, :3] = np.nan
    result = predicted(model, tmp_path, Volume(array, volume.geometry, name="case"))
    assert result["notes"] == ["3 voxels were not numbers and were filled for the network"]


def test_the_last_model_stays_loaded_and_another_takes_its_place(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []
    real = tasks.load_model
    monkeypatch.setattr(tasks, "load_model", lambda path: loaded.append(Path(path).name) or real(path))
    other = write_model(tmp_path / "other.safetensors", seed=1)
    for path in (model, model, other, other, model):
        predicted(path, tmp_path, boxes()[0])
    assert loaded == ["tiny.safetensors", "other.safetensors", "tiny.safetensors"]
    assert len(tasks._warm) == 1


def test_a_model_file_that_was_replaced_is_loaded_again(tmp_path: Path) -> None:
    path = write_model(tmp_path / "a.safetensors", seed=0)
    first = load_prediction(Path(predicted(path, tmp_path / "1", boxes()[0])["folder"]))
    write_model(path, seed=1)
    second = load_prediction(Path(predicted(path, tmp_path / "2", boxes()[0])["folder"]))
    assert not np.allclose(first.probabilities, second.probabilities)


def test_a_far_larger_scan_asks_for_a_box(tmp_path: Path) -> None:
    small = write_model(tmp_path / "small.safetensors", expected_field_mm=(5.0, 5.0, 5.0))
    with pytest.raises(RegionNeeded):
        predicted(small, tmp_path, boxes()[0])
    assert not (tmp_path / "out").exists()
    predicted(small, tmp_path, boxes()[0], whole=True)
    assert load_prediction(tmp_path / "out").labels.array.shape == (16, 17, 18)


@pytest.mark.parametrize(
    "fault, said",
    [
        ("model", "there is no such model"),
        ("scan", "no scan can be read from this folder"),
        ("box", "lies outside the scan"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_writes_nothing(model: Path, tmp_path: Path, fault: str, said: str) -> None:
    save_volume(boxes()[0], tmp_path / "scan")
    with pytest.raises(InputError, match=said):
        tasks.predict(
            Predict(
                scan_folder=str(tmp_path / ("no" if fault == "scan" else "scan")),
                model="no-such-model" if fault == "model" else str(model),
                out_folder=str(tmp_path / "out"),
                box=[[40, 50]] * 3 if fault == "box" else None,
                device="cpu",
            )
        )
    assert not (tmp_path / "out").exists()


def test_progress_runs_forward_and_cancel_goes_through(model: Path, tmp_path: Path) -> None:
    seen: list[float] = []
    predicted(model, tmp_path, boxes()[0], progress=lambda fraction, text="": seen.append(fraction))
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert 0 <= seen[0] <= seen[-1] <= 1

    def stop(fraction: float, text: str = "") -> None:
        if "Window" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        predicted(model, tmp_path / "stopped", boxes()[0], progress=stop)
    assert not (tmp_path / "stopped" / "out").exists()


def stored(folder: Path, name: str, seed: int) -> dict[str, str]:
    """An accepted case as a project stores it: every file is called alike, only the folders differ."""
    volume, labels = boxes(seed)
    (folder / name).mkdir(parents=True)
    image, label = folder / name / "scan.nii.gz", folder / name / "labels-v1.nii.gz"
    formats.write(volume, image)
    formats.write(labels, label)
    return {"name": name, "image": str(image), "label": str(label)}


def test_fine_tuning_gives_a_checkpoint_and_a_comparison(model: Path, tmp_path: Path) -> None:
    cases, held_out = [stored(tmp_path, "a", 1)], [stored(tmp_path, "b", 2)]
    before = model.read_bytes()
    result = fine_tuned(model, cases, held_out, tmp_path / "out", steps=2, device="cpu")
    assert json.loads(json.dumps(result)) == result
    assert Path(result["checkpoint"]).parent == tmp_path / "out"
    assert load_model(result["checkpoint"]).card.step == 2
    assert result["comparison"]["verdict"] == "no evidence"
    assert {row["case"] for row in result["comparison"]["cases"]} == {"b"}
    assert model.read_bytes() == before


def test_without_held_out_cases_there_is_no_comparison(model: Path, tmp_path: Path) -> None:
    result = fine_tuned(model, [stored(tmp_path, "a", 1)], [], tmp_path / "out", steps=1, device="cpu")
    assert result["comparison"] is None
    assert Path(result["checkpoint"]).is_file()


def test_fine_tuning_leaves_the_model_that_is_loaded_for_segmenting_alone(model: Path, tmp_path: Path) -> None:
    first = load_prediction(Path(predicted(model, tmp_path / "1", boxes()[0])["folder"]))
    fine_tuned(model, [stored(tmp_path, "a", 1)], [], tmp_path / "out", steps=2, device="cpu")
    second = load_prediction(Path(predicted(model, tmp_path / "2", boxes()[0])["folder"]))
    np.testing.assert_array_equal(first.probabilities, second.probabilities)


@pytest.mark.parametrize(
    "fault, said",
    [
        ("image", r"^gone\.nii\.gz: it cannot be opened"),
        ("label", r"^gone\.nii\.gz: it cannot be opened"),
        ("other grid", "do not fit"),
        ("other organs", r"holds \[7\], which 'hippocampus' does not name"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused(model: Path, tmp_path: Path, fault: str, said: str) -> None:
    case = stored(tmp_path, "a", 1)
    volume, labels = boxes(affine=np.diag([1, 1, 4, 1.0])) if fault == "other grid" else boxes()
    if fault in ("image", "label"):
        case[fault] = str(tmp_path / "gone.nii.gz")
    elif fault == "other grid":
        formats.write(labels, case["label"])
    else:
        formats.write(volume.with_labels(np.where(labels.array == 2, 7, 0)), case["label"])
    with pytest.raises(InputError, match=said):
        fine_tuned(model, [case], [], tmp_path / "out", steps=1, device="cpu")
    assert not (tmp_path / "out").exists()


def case_of_scheme(folder: Path, name: str, seed: int, scheme: LabelScheme, numbers: dict[int, int]) -> dict[str, Any]:
    """An accepted case whose labels 1 and 2 were drawn as other numbers of another scheme."""
    stored_case: dict[str, Any] = stored(folder, name, seed)
    volume, labels = boxes(seed)
    array = np.zeros_like(labels.array)
    for own, other in numbers.items():
        array[labels.array == own] = other
    formats.write(volume.with_labels(array, scheme), stored_case["label"])
    return {**stored_case, "scheme": scheme.model_dump(mode="json")}


def test_labels_are_read_under_the_names_that_they_were_drawn_with(model: Path, tmp_path: Path) -> None:
    swapped = LabelScheme(
        name="swapped",
        organs=(Organ(id=1, name="posterior", colour="#112233"), Organ(id=5, name="Hippocampus_A", colour="#112233")),
    )
    other = case_of_scheme(tmp_path, "a", 1, swapped, {1: 5, 2: 1})
    plain = {**stored(tmp_path, "b", 1), "name": "a", "scheme": None, "box": None}
    one, two = (
        load_model(
            fine_tuned(model, [case], [], tmp_path / out, steps=2, device="cpu")["checkpoint"]
        ).network.state_dict()
        for case, out in ((other, "1"), (plain, "2"))
    )
    assert all(torch.equal(one[name], two[name]) for name in one)


@pytest.mark.parametrize("role", ["training", "held out"])
@pytest.mark.parametrize(
    "scheme, numbers, said",
    [
        (preset("prostate"), {1: 1}, "bad: it holds Prostate, and the model knows only"),
        (
            LabelScheme(name="half", organs=(Organ(id=1, name="Hippocampus_A", colour="#112233"),)),
            {1: 1},
            "bad: its labels 'half' have no Hippocampus_P",
        ),
    ],
)
def test_other_organs_are_never_taught(
    model: Path, tmp_path: Path, role: str, scheme: LabelScheme, numbers: dict[int, int], said: str
) -> None:
    bad, good = case_of_scheme(tmp_path, "bad", 1, scheme, numbers), stored(tmp_path, "good", 2)
    cases = ([bad], [good]) if role == "training" else ([good], [bad])
    with pytest.raises(InputError, match=said):
        fine_tuned(model, *cases, tmp_path / "out", steps=1, device="cpu")
    assert not (tmp_path / "out").exists()


def test_a_scheme_that_cannot_be_read_is_one_sentence(model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a: what its labels mean cannot be read"):
        fine_tuned(
            model,
            [{**stored(tmp_path, "a", 1), "scheme": {"name": "x"}}],
            [],
            tmp_path / "out",
            steps=1,
            device="cpu",
        )


def test_boxes_of_cases_reach_training_and_comparison(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Any]] = []
    monkeypatch.setattr(
        tasks.tuning,
        "fine_tune",
        lambda model, cases, folder, *, held_out, **_: (
            seen.extend([[case.box for case in cases], [case.box for case in held_out]]) or model.path
        ),
    )
    box = [[0, 14], [1, 14], [2, 15]]
    cases = [{**stored(tmp_path, "a", 1), "box": box}, stored(tmp_path, "b", 2)]
    fine_tuned(model, cases, [{**stored(tmp_path, "c", 3), "box": None}], tmp_path / "out")
    assert seen == [[tuple(map(tuple, box)), None], [None]]


def test_warming_up_is_done() -> None:
    assert tasks.warm_up(WarmUp()) is True


@pytest.mark.parametrize("ends_well", [True, False])
def test_after_a_prediction_the_gpu_is_given_back_what_is_not_used(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends_well: bool
) -> None:
    """A training of another process may need it."""
    given: list[str] = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: given.append("back"))
    if not ends_well:
        monkeypatch.setattr(Predictor, "predict", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            predicted(model, tmp_path, boxes()[0])
    else:
        predicted(model, tmp_path, boxes()[0])
    assert given == ["back"]
