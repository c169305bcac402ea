"""Fine-tuning on accepted cases: under the right names, with an honest verdict, and nothing is lost at the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from session_cases import Told, accept_all, box_labels, box_scan, refuse

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.task_list import FineTune
from napari_boundaryseg.engine.tasks import _labelled
from napari_boundaryseg.engine.training import fine_tune as tuning
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions import accept, fine_tune
from napari_boundaryseg.session.project.project import Project


@pytest.fixture
def tuned(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Let a training end at once with this verdict."""

    def instead(verdict: str = "better", **more: Any) -> Path:
        def fine_tune(model: Any, cases: Any, folder: Path, **_: Any) -> Path:
            change = {"mean": 0.125, "low": 0.1, "high": 0.15}
            atomic_json(folder / "comparison.json", {"verdict": verdict, "n": 4, "change": change, **more})
            (folder / "best.safetensors").write_bytes(model.path.read_bytes())
            return folder / "best.safetensors"

        monkeypatch.setattr(tuning, "fine_tune", fine_tune)
        return tiny_model

    return instead


def test_every_case_goes_to_the_worker_with_the_names_and_the_part_that_it_was_accepted_with(
    told: Told, tuned: Callable[..., Path]
) -> None:
    box = (slice(1, 15), slice(1, 15), slice(1, 15))
    accept_all(told.session, box_scan("a", 1))
    told.session.scan = scan = box_scan("b", 2)
    accept.accept(told.session, box_labels(scan).with_scheme(preset("pelvis-mr")), box)
    job = fine_tune.fine_tune(told.session, tuned(), ["a"], ["b"])
    (a,), (b,) = job.task.cases, job.task.held_out
    assert (a.name, a.box, b.name, b.box) == ("a", None, "b", ((1, 15),) * 3)
    assert a.scheme == preset("hippocampus")
    assert b.scheme == preset("pelvis-mr")


def test_slices_that_were_looked_at_go_to_the_worker_and_are_told(told: Told, tuned: Callable[..., Path]) -> None:
    told.session.scan = scan = box_scan("a", 1)
    looked = LookedAt(axis=2, slices={1: (6, 7), 2: ()})
    accept.accept(told.session, box_labels(scan), looked=looked)
    assert "train a model or judge one: 2 of Hippocampus_A." in told.of("info")[-1]
    accept_all(told.session, box_scan("b", 2))
    job = fine_tune.fine_tune(told.session, tuned(), ["a"], ["b"])
    assert (job.task.cases[0].looked, job.task.held_out[0].looked) == (looked, None)
    (scan_,) = _labelled(job.task.cases, preset("hippocampus"))
    assert scan_.looked == looked


def test_without_a_held_out_case_a_version_is_added_and_not_used(told: Told, tiny_model: Path) -> None:
    shipped = tiny_model.read_bytes()
    accept_all(told.session, box_scan("a", 1), box_scan("b", 2))
    told.session.model = tiny_model
    job = fine_tune.fine_tune(told.session, tiny_model, ["a", "b"], steps=2)
    assert (job.state, told.of("error")) == ("returned", [])
    (version,) = told.session.project.models()
    assert (version.version, version.active, version.comparison) == (2, False, None)
    assert (told.session.model, told.session.project.active_model("tiny")) == (tiny_model, None)
    assert load_model(version.path).card.parent.startswith("tiny ")
    assert load_model(version.path).card.step == 2
    assert told.of("info")[-1].startswith("tiny-v2 was added and is not in use: nobody judged it")
    assert "Choose Use to use it" in told.of("info")[-1]
    assert tiny_model.read_bytes() == shipped


def test_without_evidence_the_old_model_stays_in_use(told: Told, tiny_model: Path) -> None:
    accept_all(told.session, box_scan("a", 1), box_scan("b", 2))
    told.session.model = tiny_model
    fine_tune.fine_tune(told.session, tiny_model, ["a"], ["b"], steps=2)
    (version,) = told.session.project.models()
    assert version.comparison["verdict"] == "no evidence"
    assert version.comparison["n"] == 1
    assert not version.active
    assert told.session.project.active_model("tiny") is None
    assert told.session.model == tiny_model
    assert "not in use: no evidence" in told.of("info")[-1]


@pytest.mark.parametrize("verdict, used", [("better", True), ("worse", False), ("no evidence", False)])
def test_only_a_better_model_is_used(
    told: Told, tiny_model: Path, tuned: Callable[..., Path], verdict: str, used: bool
) -> None:
    accept_all(told.session, box_scan("a", 1), box_scan("b", 2))
    old = told.session.project.add_model(tiny_model).path
    told.session.model = old
    tuned(verdict)
    fine_tune.fine_tune(told.session, old, ["a"], ["b"])
    new = told.session.project.models()[-1]
    assert new.version == 3
    assert told.session.project.active_model("tiny") == (new.path if used else old)
    assert told.session.model == (new.path if used else old)
    assert verdict in told.of("info")[-1]
    assert "Dice +0.125" in told.of("info")[-1]


@pytest.mark.parametrize(
    "names, held_out, said",
    [
        ([], [], "no training case is chosen"),
        (["a", "x"], [], "x: the project has no such case"),
        (["a"], ["y"], "y: the project has no such case"),
    ],
)
def test_cases_that_are_not_there_are_refused(
    told: Told, tiny_model: Path, names: list[str], held_out: list[str], said: str
) -> None:
    accept_all(told.session, box_scan("a", 1))
    with pytest.raises(InputError, match=said):
        fine_tune.fine_tune(told.session, tiny_model, names, held_out)
    assert told.session.job is None


def test_a_case_in_two_roles_adds_no_model(told: Told, tiny_model: Path) -> None:
    accept_all(told.session, box_scan("a", 1))
    assert fine_tune.fine_tune(told.session, tiny_model, ["a"], ["a"], steps=2).state == "failed"
    assert "both a training case and held out" in told.one_error()
    assert told.session.project.models() == []


def test_cases_of_other_organs_add_no_model(told: Told, tiny_model: Path, make_model: Callable[..., Path]) -> None:
    scan = box_scan("a", 1)
    told.session.scan = scan
    accept.accept(told.session, scan.with_labels(np.where(box_labels(scan).array == 2, 3, 0), preset("pelvis-mr")))
    assert fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=2).state == "failed"
    assert "holds Rectum" in told.one_error()
    assert told.session.project.models() == []


@pytest.mark.parametrize("gap", ["not_taught", "not_in_references"])
def test_a_model_that_is_better_but_may_have_lost_an_organ_is_not_used_and_it_is_said(
    told: Told, tuned: Callable[..., Path], gap: str
) -> None:
    accept_all(told.session, box_scan("a", 1), box_scan("b", 2))
    fine_tune.fine_tune(told.session, tuned("better", **{gap: ["Hippocampus_P"]}), ["a"], ["b"])
    (version,) = told.session.project.models()
    assert not version.active
    (said,) = told.of("warning")
    assert "better on the held-out cases (Dice +0.125), but of Hippocampus_P nothing is known" in said
    assert "case has Hippocampus_P" in said


def test_an_organ_that_no_training_case_has_is_said_without_a_comparison_too(told: Told, tiny_model: Path) -> None:
    told.session.scan = scan = box_scan("a", 1)
    accept.accept(told.session, scan.with_labels(box_labels(scan).array % 2, preset("hippocampus")))
    fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    (said,) = told.of("warning")
    assert "No training case has Hippocampus_P" in said
    assert "nobody judged it" in said


def test_a_case_that_an_earlier_version_was_trained_on_judges_none_after_it(told: Told, tiny_model: Path) -> None:
    accept_all(told.session, box_scan("a", 1), box_scan("b", 2))
    fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    (first,) = told.session.project.models()
    fine_tune.fine_tune(told.session, first.path, ["b"], ["a"], steps=1)
    second = told.session.project.models()[-1]
    assert second.comparison["n"] == 0
    assert not second.active
    assert "none of the cases may judge it" in told.of("warning")[-1]
    assert "a may not judge: an earlier version of the model was trained on this scan" in told.of("warning")[-1]


def trainings(project: Project) -> list[str]:
    return sorted(path.name for path in project.models_folder.iterdir() if path.is_dir())


def test_the_folder_of_a_training_goes_once_its_model_is_added(told: Told, tuned: Callable[..., Path]) -> None:
    accept_all(told.session, box_scan("a", 1))
    fine_tune.fine_tune(told.session, tuned(), ["a"])
    assert trainings(told.session.project) == []
    assert len(told.session.project.models()) == 1


@pytest.mark.parametrize(
    "error",
    [
        InputError("tiny-v2.safetensors", "could not be written: disk full", "Free some"),
        OSError(5, "Input/output error"),
    ],
)
def test_a_trained_model_that_cannot_be_added_is_kept_and_named(
    told: Told, tuned: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise error

    accept_all(told.session, box_scan("a", 1))
    monkeypatch.setattr(Project, "add_model", full)
    model = tuned()
    assert fine_tune.fine_tune(told.session, model, ["a"]).state == "failed"
    assert "models/training-1/best.safetensors" in told.one_error()
    kept = told.session.project.models_folder / "training-1" / "best.safetensors"
    assert kept.read_bytes() == model.read_bytes()
    monkeypatch.undo()
    told.session.close()
    assert kept.is_file(), "and it outlives the window"


@pytest.mark.parametrize("end", ["failed", "refused"])
def test_nothing_is_left_of_a_training_that_came_to_nothing(told: Told, tiny_model: Path, end: str) -> None:
    accept_all(told.session, box_scan("a", 1))
    if end == "refused":
        told.session.jobs.added.connect(refuse)
        with pytest.raises(InputError, match="cannot be shown"):
            fine_tune.fine_tune(told.session, tiny_model, ["a"])
        assert told.session.training is None
    else:
        with pytest.raises(InputError, match="there is no such model"):
            fine_tune.fine_tune(told.session, "no-such-model", ["a"])
        told.session.scan = scan = box_scan("other", 1)
        accept.accept(told.session, scan.with_labels(np.where(box_labels(scan).array == 2, 3, 0), preset("pelvis-mr")))
        assert fine_tune.fine_tune(told.session, tiny_model, ["other"]).state == "failed"
    assert trainings(told.session.project) == []


def test_a_case_that_nobody_has_corrected_is_told_to_the_training(
    told: Told, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = told.session
    for seed, (name, by_hand) in enumerate({"a": True, "b": False, "c": None}.items()):
        session.scan = box_scan(name, seed + 1)
        accept.accept(session, box_labels(session.scan), by_hand=by_hand)
    asked: list[FineTune] = []

    def run(session: object, task: FineTune, *more: object, **named: object) -> None:
        asked.append(task)

    monkeypatch.setattr(fine_tune, "in_worker", run)
    fine_tune.fine_tune(session, tiny_model, ["a", "b", "c"], steps=1)
    assert {case.name: case.untouched for case in asked[0].cases} == {"a": False, "b": True, "c": False}
