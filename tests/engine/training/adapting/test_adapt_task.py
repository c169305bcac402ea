"""The worker's task: folders in, a folder out, the same result as without a worker."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from napari_boundaryseg.data.exchange import save_labels, save_volume
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine import tasks
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model, save
from napari_boundaryseg.engine.inference.prediction_files import load_prediction
from napari_boundaryseg.engine.task_list import Adapt
from napari_boundaryseg.engine.training.adapting.adapt import adapt
from napari_boundaryseg.engine.training.adapting.adapted_files import load_adapted
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.allowed import resolve
from napari_boundaryseg.progress import Cancelled


@pytest.fixture
def task(model: LoadedModel, case: tuple[Volume, LabelMap], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Adapt:
    monkeypatch.setattr(tasks, "_warm", {})
    path = tmp_path / "tiny.safetensors"
    save(path, model.card, model.network.state_dict())
    save_volume(case[0], tmp_path / "scan")
    save_labels(case[1], tmp_path / "labels")
    return Adapt(
        scan_folder=str(tmp_path / "scan"),
        labels_folder=str(tmp_path / "labels"),
        model=str(path),
        slices=(6, 14),
        axis=1,
        box=((0, 16), (2, 20), (0, 18)),
        out_folder=str(tmp_path / "out"),
        keep=str(tmp_path / "out" / "tiny-adapted.safetensors"),
        device="cpu",
    )


def test_it_arrives_as_it_left_and_does_what_the_function_does(task: Adapt, case: tuple[Volume, LabelMap]) -> None:
    arrived = resolve("Adapt", json.loads(json.dumps(task.model_dump())))
    result = arrived()
    assert json.loads(json.dumps(result)) == result
    wanted = adapt(load_model(task.model), *case, task.slices, 1, box=task.box, device="cpu")
    found = load_adapted(Path(result["folder"]))
    assert (result["steps"], found.left_out) == (wanted.steps, wanted.left_out)
    assert list(found.held_out) == list(wanted.held_out)
    for steps, array in wanted.held_out.items():
        np.testing.assert_array_equal(found.held_out[steps], array)
    assert found.scores == wanted.scores
    prediction = load_prediction(Path(result["folder"]))
    np.testing.assert_array_equal(prediction.probabilities, wanted.prediction.probabilities)
    np.testing.assert_array_equal(prediction.labels.array, wanted.prediction.labels.array)
    assert result["notes"] == list(wanted.prediction.details["notes"])  # type: ignore[call-overload]
    assert result["seconds"] > 0


@pytest.mark.parametrize("fault", ["labels", "scan", "slices", "cancelled"])
def test_what_goes_wrong_writes_nothing(task: Adapt, tmp_path: Path, fault: str) -> None:
    change = {"labels": {"labels_folder": "no"}, "scan": {"scan_folder": "no"}, "slices": {"slices": (6,)}}

    def stop(fraction: float, text: str = "") -> None:
        if fault == "cancelled" and text.startswith("Step 3"):
            raise Cancelled

    with pytest.raises(Cancelled if fault == "cancelled" else InputError):
        tasks.adapt(task.model_copy(update=change.get(fault, {})), progress=stop)
    assert not (tmp_path / "out").exists()
