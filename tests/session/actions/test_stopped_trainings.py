"""A fine-tuning that is stopped is kept, listed, and resumed with what it was begun with; only a person discards it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from session_cases import Told, accept_all, box_labels, box_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model
from napari_boundaryseg.engine.task_list import FineTune
from napari_boundaryseg.engine.training import fine_tune as tuning
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions import accept, fine_tune, training_folders, trainings
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import repair

STEPS = 4


def stop_at(told: Told, step: int) -> Callable[[Job | None], None]:
    """Let a person press Cancel at a step of the next training."""

    def watch(job: Job | None) -> None:
        if job is not None and isinstance(job.task, FineTune):
            job.progressed.connect(lambda _, text: job.cancel() if f"step {step} " in text else None)

    told.session.training_changed.connect(watch)
    return watch


@pytest.fixture
def stopped(told: Told, tiny_model: Path) -> trainings.Unfinished:
    """Two of four steps of a training on the case a."""
    accept_all(told.session, box_scan("a", 1), box_scan("b", 2))
    watch = stop_at(told, 2)
    assert fine_tune.fine_tune(told.session, tiny_model, ["a"], ["b"], steps=STEPS).state == "cancelled"
    told.session.training_changed.disconnect(watch)
    (found,) = trainings.unfinished(told.session.project)
    return found


def weights(project: Project) -> dict[str, torch.Tensor]:
    return load_model(project.models()[-1].path).network.state_dict()


def test_a_stopped_training_is_kept_and_said(told: Told, stopped: trainings.Unfinished) -> None:
    assert "What it has learnt is kept" in told.of("info")[-1]
    assert (stopped.step, stopped.order.settings.steps) == (2, STEPS), "Cancel is noticed at the next look or step"
    assert stopped.text == "tiny, 1 case: step 2 of 4"
    assert told.session.project.models() == []


def test_resumed_it_ends_as_if_it_had_not_been_stopped(
    told: Told, stopped: trainings.Unfinished, tiny_model: Path
) -> None:
    assert fine_tune.resume(told.session, stopped).state == "returned"
    resumed = weights(told.session.project)
    assert not stopped.folder.exists(), "its model is a version now"
    assert trainings.unfinished(told.session.project) == []
    assert fine_tune.fine_tune(told.session, tiny_model, ["a"], ["b"], steps=STEPS).state == "returned"
    whole = weights(told.session.project)
    assert len(told.session.project.models()) == 2
    assert all(torch.equal(resumed[name], whole[name]) for name in whole)
    assert told.session.project.models()[0].comparison == told.session.project.models()[1].comparison


def test_one_whose_process_was_lost_is_kept_too(told: Told, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lost(model: Any, cases: Any, folder: Path, **_: Any) -> Path:
        (folder / "state.safetensors").write_bytes(b"whatever it is")
        raise RuntimeError("killed")

    accept_all(told.session, box_scan("a", 1))
    monkeypatch.setattr(tuning, "fine_tune", lost)
    assert fine_tune.fine_tune(told.session, tiny_model, ["a"]).state == "failed"
    (found,) = trainings.unfinished(told.session.project)
    assert (found.folder / "state.safetensors").read_bytes() == b"whatever it is"


def test_it_is_resumed_with_the_labels_that_it_was_begun_with(
    told: Told, stopped: trainings.Unfinished, tiny_model: Path
) -> None:
    told.session.scan = scan = box_scan("a", 1)
    accept.accept(told.session, scan.with_labels(np.roll(box_labels(scan).array, 1, axis=0), preset("hippocampus")))
    assert {case.name: case.version for case in told.session.project.cases()} == {"a": 2, "b": 1}
    job = fine_tune.resume(told.session, stopped)
    assert job.state == "returned"
    assert job.task.cases[0].label.endswith("labels-v1.nii.gz")


def test_a_case_that_was_taken_off_the_list_stops_the_resume_and_loses_nothing(
    told: Told, stopped: trainings.Unfinished
) -> None:
    told.session.project.remove_case("a")
    with pytest.raises(InputError, match="a: the project no longer has this case"):
        fine_tune.resume(told.session, stopped)
    assert [one.step for one in trainings.unfinished(told.session.project)] == [2]


def test_a_file_that_was_changed_on_the_disk_is_noticed(told: Told, stopped: trainings.Unfinished) -> None:
    case = next(case for case in told.session.project.cases() if case.name == "a")
    formats.write(box_scan("a", 9), case.image)
    assert fine_tune.resume(told.session, stopped).state == "failed"
    assert "this training was begun with another scan, other labels or another box than a has now" in told.one_error()
    assert stopped.folder.is_dir(), "and what it learnt is kept"


def test_the_model_must_be_the_one_of_then(told: Told, make_model: Callable[..., Path], tmp_path: Path) -> None:
    accept_all(told.session, box_scan("a", 1))
    model = tmp_path / "mine.safetensors"
    model.write_bytes(make_model("mine").read_bytes())
    stop_at(told, 2)
    fine_tune.fine_tune(told.session, model, ["a"], steps=STEPS)
    (found,) = trainings.unfinished(told.session.project)
    model.write_bytes(make_model("mine", batch=2).read_bytes())
    with pytest.raises(InputError, match="it is not the file that this training began with"):
        fine_tune.resume(told.session, found)
    assert found.folder.is_dir()


def test_it_is_discarded_only_when_asked(told: Told, stopped: trainings.Unfinished, tiny_model: Path) -> None:
    fine_tune.fine_tune(told.session, tiny_model, ["b"], steps=1)
    assert stopped.folder.is_dir(), "another training takes another folder"
    trainings.discard(stopped)
    assert not stopped.folder.exists()
    assert trainings.unfinished(told.session.project) == []


def test_one_that_another_process_carries_out_is_neither_listed_nor_discarded(
    told: Told, stopped: trainings.Unfinished
) -> None:
    with FileLock(stopped.folder / "training.lock"):
        assert trainings.unfinished(told.session.project) == []
        with pytest.raises(InputError, match="another process trains in it"):
            trainings.discard(stopped)
    assert stopped.folder.is_dir()


def test_a_project_that_was_moved_resumes_its_trainings(
    told: Told, stopped: trainings.Unfinished, tmp_path: Path
) -> None:
    told.session.project.folder.rename(tmp_path / "elsewhere")
    told.session.project = Project(tmp_path / "elsewhere")
    (found,) = trainings.unfinished(told.session.project)
    assert fine_tune.resume(told.session, found).state == "returned"


@pytest.mark.parametrize("text", ["", "[]", "{}", "no JSON", '{"format": "napari-boundaryseg-training-order/9"}'])
def test_an_order_that_cannot_be_read_hides_the_training_and_deletes_nothing(
    told: Told, stopped: trainings.Unfinished, text: str
) -> None:
    (stopped.folder / trainings.FILE).write_text(text)
    assert trainings.unfinished(told.session.project) == []
    assert (stopped.folder / "state.safetensors").is_file()


def test_nothing_of_a_patient_but_the_names_of_cases_stands_in_the_order(stopped: trainings.Unfinished) -> None:
    order: dict[str, Any] = json.loads((stopped.folder / trainings.FILE).read_text())
    assert order["cases"] == [{"name": "a", "version": 1}]
    assert set(order) == {"format", "model", "sha256", "cases", "held_out", "earlier", "settings", "seed"}


def test_one_that_was_stopped_before_anything_was_saved_leaves_nothing(told: Told, tiny_model: Path) -> None:
    accept_all(told.session, box_scan("a", 1))
    watch: list[Job] = []

    def at_once(job: Job | None) -> None:
        if job is not None:
            watch.append(job)
            job.progressed.connect(lambda *_: job.cancel())

    told.session.training_changed.connect(at_once)
    assert fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=STEPS).state == "cancelled"
    assert "before anything of it was saved" in told.of("info")[-1]
    assert not list(told.session.project.models_folder.iterdir())


class Killed(BaseException):
    """What ends a test's work where a process would be killed."""


def killed(*_: object, **__: object) -> None:
    raise Killed


def subjects(project: Project) -> list[str]:
    return [finding.subject for finding in check(project.folder)]


def test_one_that_is_killed_after_its_model_was_listed_is_not_resumed_but_removed(
    told: Told, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_all(told.session, box_scan("a", 1))
    project = told.session.project
    with monkeypatch.context() as patch:
        patch.setattr(fine_tune, "remove", killed)
        with pytest.raises(Killed):
            fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    assert [model.path.name for model in project.models()] == ["tiny-v2.safetensors"]
    assert trainings.unfinished(project) == [], "to resume it would add its model again"
    (found,) = check(project.folder)
    assert (found.subject, found.problem) == ("models/training-1", "has ended as tiny-v2.safetensors")
    assert fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1).state == "returned"
    assert check(project.folder) == []
    assert not list(project.models_folder.glob("training-*"))


def test_one_that_is_killed_before_it_said_what_is_asked_for_is_removed_by_the_next(
    told: Told, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_all(told.session, box_scan("a", 1))
    with monkeypatch.context() as patch:
        patch.setattr(trainings, "keep", killed)
        with pytest.raises(Killed):
            fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    assert subjects(told.session.project) == ["models/training-1"]
    fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    assert subjects(told.session.project) == []


def test_one_that_is_killed_while_it_is_discarded_is_gone(
    told: Told, stopped: trainings.Unfinished, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(training_folders.shutil, "rmtree", killed)
        with pytest.raises(Killed):
            trainings.discard(stopped)
    project = told.session.project
    assert trainings.unfinished(project) == [], "half of it could not be resumed"
    (left,) = subjects(project)
    assert left.startswith("models/.boundaryseg-")
    fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    assert subjects(project) == []


def test_a_model_that_was_stored_and_not_listed_is_set_aside_while_its_training_is_kept(
    told: Told, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_all(told.session, box_scan("a", 1))
    project = told.session.project
    with monkeypatch.context() as patch:
        patch.setattr(Project, "list_model", killed)
        with pytest.raises(Killed):
            fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    (stray,) = check(project.folder)
    assert stray.subject == "models/tiny-v2.safetensors"
    assert stray.problem == "is not listed: it is the model of training-1, which can be resumed"
    assert repair(project, [stray]) == []
    fine_tune.resume(told.session, trainings.unfinished(project)[0])
    assert [model.path.name for model in project.models()] == ["tiny-v2.safetensors"]
    assert check(project.folder) == []


def test_what_may_be_the_last_copy_of_a_model_is_not_removed(
    told: Told, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept_all(told.session, box_scan("a", 1))
    project = told.session.project
    with monkeypatch.context() as patch:
        patch.setattr(fine_tune, "remove", killed)
        with pytest.raises(Killed):
            fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    listed = project.models()[0].path
    listed.write_bytes(bytes(listed.stat().st_size))
    fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    (kept,) = trainings.unfinished(project)
    assert fine_tune.resume(told.session, kept).state == "returned"
    assert load_model(project.models()[-1].path).card.name == "tiny"
