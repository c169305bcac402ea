"""Held-out cases are watched while a model is fine-tuned: what the log says of them, and that they choose nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from test_fine_tune import case, write_model

from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, load_model
from napari_boundaryseg.engine.inference.predictor import Predictor
from napari_boundaryseg.engine.preprocessing.field_of_view import LabelledScan
from napari_boundaryseg.engine.training.fine_tune import fine_tune
from napari_boundaryseg.engine.training.loop.folder import LAST, LOG
from napari_boundaryseg.progress import Cancelled

STEPS = 8
HELD = (3, 4)


@pytest.fixture
def model(tmp_path: Path) -> LoadedModel:
    return load_model(write_model(tmp_path / "tiny.safetensors"))


def logged(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LOG).read_text("utf-8").splitlines()]


def watched(folder: Path) -> list[tuple[int, float]]:
    return [(line["step"], line["mean_dsc"]) for line in logged(folder) if "mean_dsc" in line]


def beside(folder: Path) -> list[dict[str, Any]]:
    return [line for line in logged(folder) if "old_model" in line]


def tune(model: LoadedModel, folder: Path, **more: Any) -> Path:
    given = {"held_out": [case(seed) for seed in HELD], "steps": STEPS, "device": "cpu", **more}
    return fine_tune(model, [case(1), case(2)], folder, **given)


def counted(found: LabelMap, truth: LabelMap) -> float:
    """Mean Dice of both organs, counted by hand."""
    pairs = [(found.array == organ, truth.array == organ) for organ in truth.scheme.ids]
    return float(np.mean([2 * (a & b).sum() / (a.sum() + b.sum()) for a, b in pairs]))


def test_the_lines_are_those_of_the_old_model_and_of_the_training_cases_mean_shape(
    model: LoadedModel, tmp_path: Path
) -> None:
    tune(model, tmp_path / "out")
    (line,) = beside(tmp_path / "out")
    old = Predictor(model, device="cpu", backend="torch")
    wanted = [counted(old.segment(scan, whole=True).labels, labels) for scan, labels in map(case, HELD)]
    assert line["step"] == 0
    assert line["watched"]["cases"] == len(HELD)
    assert line["old_model"] == pytest.approx(np.mean(wanted), abs=0.01)
    assert line["label_prior"] == pytest.approx(1.0, abs=0.03), "all cases have one shape"


def test_the_last_look_is_at_what_was_learnt(model: LoadedModel, tmp_path: Path) -> None:
    tune(model, tmp_path / "out", steps=40, lr=0.03)
    looks = watched(tmp_path / "out")
    assert [step for step, _ in looks] == [10, 20, 30, 40]
    learnt = Predictor(load_model(tmp_path / "out" / LAST), device="cpu", backend="torch")
    wanted = [counted(learnt.segment(scan, whole=True).labels, labels) for scan, labels in map(case, HELD)]
    assert looks[-1][1] == pytest.approx(np.mean(wanted), abs=0.01)
    assert looks[-1][1] > beside(tmp_path / "out")[0]["old_model"] + 0.1


@pytest.mark.parametrize("words", ["step 3 of", "Step 4 on case4", "The old model on case4", "step 8 of"])
def test_a_resumed_training_has_the_log_of_one_that_was_not_stopped(
    model: LoadedModel, tmp_path: Path, words: str
) -> None:
    """Stopped in the middle, while it looks, before its first step, or at its end."""
    tune(model, tmp_path / "whole")

    def stop(fraction: float, text: str = "") -> None:
        if words in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        tune(model, tmp_path / "stopped", progress=stop)
    tune(model, tmp_path / "stopped", resume=True)
    assert beside(tmp_path / "stopped") == beside(tmp_path / "whole")
    assert watched(tmp_path / "stopped") == watched(tmp_path / "whole")
    assert [step for step, _ in watched(tmp_path / "whole")] == [2, 4, 6, 8]


def test_the_old_model_is_not_asked_again_by_a_resume(
    model: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def stop(fraction: float, text: str = "") -> None:
        said.append(text)
        if "step 3 of" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        tune(model, tmp_path / "out", progress=stop)
    assert any("The old model" in text for text in said)
    said.clear()
    tune(model, tmp_path / "out", resume=True, progress=lambda fraction, text="": said.append(text))
    assert said
    assert not any("The old model" in text for text in said)


def test_other_held_out_cases_get_lines_of_their_own(model: LoadedModel, tmp_path: Path) -> None:
    def stop(fraction: float, text: str = "") -> None:
        if "step 5 of" in text:
            raise Cancelled

    with pytest.raises(Cancelled):
        tune(model, tmp_path / "out", progress=stop)
    tune(model, tmp_path / "out", held_out=[case(5)], resume=True)
    assert [line["watched"]["cases"] for line in beside(tmp_path / "out")] == [2, 1]
    last = [n for n, line in enumerate(logged(tmp_path / "out")) if "old_model" in line][-1]
    assert [line["step"] for line in logged(tmp_path / "out")[last:] if "mean_dsc" in line] == [6, 8]


def test_who_is_watched_changes_no_weight(model: LoadedModel, tmp_path: Path) -> None:
    tune(model, tmp_path / "watched", precision="float32")
    tune(model, tmp_path / "alone", held_out=[], precision="float32")
    with_them, without = (load_model(tmp_path / name / LAST).network.state_dict() for name in ("watched", "alone"))
    assert all(torch.equal(value, without[name]) for name, value in with_them.items())
    assert not beside(tmp_path / "alone")
    assert not watched(tmp_path / "alone")


def test_cases_that_are_drawn_in_part_have_no_label_prior(model: LoadedModel, tmp_path: Path) -> None:
    looked = LookedAt(axis=2, slices={1: (5, 8, 10), 2: (5, 8, 10)})
    held = [LabelledScan(*case(seed), None, looked) for seed in HELD]
    tune(model, tmp_path / "out", held_out=held, steps=2)
    (line,) = beside(tmp_path / "out")
    assert line["label_prior"] is None
    assert 0 <= line["old_model"] <= 1


def test_the_label_prior_of_a_shape_elsewhere_is_worth_less(model: LoadedModel, tmp_path: Path) -> None:
    scan, labels = case(3)
    moved = replace(labels, array=np.roll(labels.array, 4, axis=0))
    tune(model, tmp_path / "out", held_out=[(scan, moved)], steps=2)
    (line,) = beside(tmp_path / "out")
    assert line["label_prior"] == pytest.approx(0.5, abs=0.05), "4 of 8 voxels of each organ are where they were"
