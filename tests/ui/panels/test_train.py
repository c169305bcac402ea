"""The Train panel: a stopped fine-tuning can be resumed or discarded, and a verdict says what limits it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtWidgets import QMessageBox, QPushButton

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.engine.recipes.tuning import FineTuneSettings
from napari_boundaryseg.engine.task_list import FineTune, TimeSteps
from napari_boundaryseg.jobs import worker_runner
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions import trainings
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.ui import hooks


@pytest.fixture
def session(controller_viewer: Any, bench: Any, pelvis_files: list[Path], tmp_path: Path) -> Iterator[Any]:
    """A session whose project has two accepted cases."""
    project = Project(tmp_path / "study")
    for path in pelvis_files[:2]:
        scan = formats.read(path)
        labels = formats.read_labels(path.with_name(f"{scan.name}_labels.nii.gz"), scan, preset("pelvis-mr"))
        project.add_case(scan, labels)
    session = hooks.controller_of(controller_viewer).session
    session.project = project
    yield session


def stop(session: Any, weights: Path, name: str = "training-1") -> Path:
    """Leave what a fine-tuning leaves whose process was killed before its first save."""
    project = session.project
    case = project.cases()[0]
    folder: Path = project.models_folder / name
    folder.mkdir()
    model = weights / "tiny-pelvis.safetensors"
    trainings.keep(folder, trainings.order_of(project, model, [case], [], FineTuneSettings(steps=7), 3))
    session.project_changed.emit(project)
    return folder


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    """Let a person press a button of the next question; return what was asked."""
    asked: list[str] = []

    def press(box: QMessageBox) -> int:
        asked.append(box.text())
        (chosen,) = [one for one in box.findChildren(QPushButton) if one.text() == text]
        chosen.click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press)
    return asked


def test_a_stopped_training_is_offered_and_resumed_as_it_was_begun(
    session: Any, find: Callable[[str], Any], weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find("train_panel.stopped").parentWidget().isHidden()
    folder = stop(session, weights)
    assert not find("train_panel.stopped").parentWidget().isHidden()
    assert find("train_panel.stopped").item(0).text() == "tiny-pelvis, 1 case: step 0 of 7"
    begun: list[FineTune] = []

    def run(task: FineTune, started: Callable[[Job], None], **_: Any) -> Job:
        begun.append(task)
        job = Job(task)
        started(job)
        return job

    monkeypatch.setattr(session.runner, "run", run)
    find("train_panel.resume").click()
    (task,) = begun
    assert (task.resume, task.steps, task.seed, task.out_folder) == (True, 7, 3, str(folder))
    assert [case.name for case in task.cases] == [session.project.cases()[0].name]
    assert find("train_panel.stopped").parentWidget().isHidden(), "it runs"
    session.training.end("cancelled")
    assert find("train_panel.stopped").count() == 1
    assert folder.is_dir()


def test_one_is_discarded_only_after_a_question(
    session: Any, find: Callable[[str], Any], weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = stop(session, weights)
    asked = answer(monkeypatch, "Keep")
    find("train_panel.discard").click()
    assert asked == ["What this training has learnt will be removed:\ntiny-pelvis, 1 case: step 0 of 7"]
    assert folder.is_dir()
    answer(monkeypatch, "Discard")
    find("train_panel.discard").click()
    assert not folder.exists()
    assert find("train_panel.stopped").parentWidget().isHidden()


def test_a_training_that_is_cancelled_goes_on_where_it_stopped(
    session: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    weights: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In the real worker: Cancel at a step, Resume, and the first step after it is the next one."""
    monkeypatch.setattr(worker_runner, "PATIENCE_S", 10_000.0)  # a busy machine takes its time for one step
    session.model = weights / "tiny-pelvis.safetensors"
    find("train_panel.steps").setValue(500)
    steps: list[int] = []

    def on_progress(fraction: float, text: str) -> None:
        if text.startswith("Training, step "):
            steps.append(int(text.split()[2]))
            session.training.cancel()

    def watch(job: Job | None) -> None:
        if job is not None:
            job.progressed.connect(on_progress)

    session.training_changed.connect(watch)
    find("train_panel.start").click()
    wait(lambda: session.training is None)
    (found,) = trainings.unfinished(session.project)
    assert found.step >= steps[-1] > 0
    assert find("train_panel.stopped").item(0).text() == found.text
    del steps[:]
    find("train_panel.resume").click()
    wait(lambda: session.training is None)
    assert steps[0] == found.step + 1
    assert session.project.models() == []


def test_a_verdict_says_what_limits_it(find: Callable[[str], Any], bench: Any) -> None:
    table = find("train_panel.comparison").parentWidget()
    table.show_comparison(
        {
            "format": "napari-boundaryseg-comparison/2",
            "verdict": "no evidence",
            "n": 0,
            "n_cases": 0,
            "metric": "dsc",
            "interval": "paired t, 95 %",
            "change": {"mean": None, "low": None, "high": None},
            "cases": [],
            "unscored": [{"case": "a", "organ": "Rectum", "volume_ml_before": 3.0, "volume_ml_after": 0.0}],
            "not_in_references": ["Rectum"],
            "not_taught": ["Rectum", "Bladder"],
            "excluded": {"b": "an earlier version of the model was trained on this scan, or on a copy of it"},
            "unknown_ancestry": True,
        }
    )
    said = find("train_panel.verdict").text()
    for words in (
        "no case could judge",
        "No case has Rectum",
        "No training case has Bladder",
        "3.00 mL are found before and 0.00 mL after (mean of 1 case), which is not scored",
        "b may not judge: an earlier version",
        "could not be checked",
    ):
        assert words in said


def test_a_comparison_of_an_older_version_says_which_interval_it_has(find: Callable[[str], Any]) -> None:
    table = find("train_panel.comparison").parentWidget()
    change = {"mean": 0.1, "low": 0.05, "high": 0.2}
    table.show_comparison({"verdict": "better", "n": 3, "change": change, "cases": []})
    assert "bootstrap of an older version" in find("train_panel.verdict").text()
    assert "+0.100 (95 % interval +0.050 to +0.200, n = 3" in find("train_panel.verdict").text()


def test_a_model_that_was_judged_by_its_own_result_is_said_to_be(find: Callable[[str], Any]) -> None:
    table = find("train_panel.comparison").parentWidget()
    change = {"mean": -0.02, "low": None, "high": None}
    rows = [{"case": "a", "organ": "Rectum", "dsc_before": 1.0, "dsc_after": 0.98}]
    table.show_comparison({"verdict": "no evidence", "n": 1, "change": change, "cases": rows})
    assert (
        "The model against itself: a is labelled with the old model's own result" in find("train_panel.verdict").text()
    )
    assert "no interval" in find("train_panel.verdict").text(), "one case has none"


def test_without_a_held_out_case_the_panel_says_that_the_model_will_not_be_used(
    session: Any, find: Callable[[str], Any]
) -> None:
    cases = find("train_panel.cases")
    for row in range(cases.rowCount()):
        cases.cellWidget(row, 1).setCurrentText("Train")
    assert "the new model is not put to use" in find("train_panel.hint").text()


def test_only_what_fits_the_model_is_offered_and_nobody_trains_and_judges(
    session: Any, find: Callable[[str], Any], weights: Path, pelvis_files: list[Path]
) -> None:
    scan = replace(formats.read(pelvis_files[2]), name="z")
    labels = formats.read_labels(pelvis_files[2].with_name("case3_labels.nii.gz"), scan, preset("pelvis-mr"))
    session.project.add_case(scan, scan.with_labels(labels.array == 1, preset("hippocampus")))
    session.model = weights / "tiny-pelvis.safetensors"
    session.project_changed.emit(session.project)
    cases = find("train_panel.cases")
    assert cases.roles() == {"case1": "Train", "case2": "Held out", "z": "Leave out"}
    assert not find("train_panel.role.z").isEnabled()
    assert "Not for this model: it holds Hippocampus_A" in find("train_panel.role.z").toolTip()
    assert find("train_panel.model").text() == "Trains: tiny-pelvis, as chosen in Segment"
    assert "Patient not known: case1, case2." in find("train_panel.hint").text()
    with session.project.writing() as database:
        database.execute("UPDATE cases SET patient = 'P1'")
    session.project_changed.emit(session.project)
    assert cases.roles() == {"case1": "Train", "case2": "Train", "z": "Leave out"}
    cases.set_role("case1", "Held out")
    assert cases.roles() == {"case1": "Held out", "case2": "Held out", "z": "Leave out"}, "never on both sides"
    assert not find("train_panel.start").isEnabled()
    cases.set_role("case2", "Leave out")
    assert "are of one patient" not in find("train_panel.hint").text()


def test_how_long_it_takes_is_said_before_the_start(
    session: Any, find: Callable[[str], Any], weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is timed unasked; what was timed is told for other steps, and anew for another part."""
    stop(session, weights)
    asked: list[TimeSteps] = []

    def run(task: TimeSteps, started: Callable[[Job], None], **_: Any) -> Job:
        asked.append(task)
        job = Job(task)
        started(job)
        job.end("returned", result={"step_s": 2.0, "look_s": 1.0})
        return job

    monkeypatch.setattr(session.runner, "run", run)
    said = find("train_panel.time")
    assert said.isHidden()
    find("train_panel.how_long").click()
    assert [task.part for task in asked] == ["all"]
    assert said.text().startswith("On this device: about 4 min, ")
    assert not said.isHidden()
    find("train_panel.steps").setValue(160)
    assert said.text().startswith("On this device: about 8 min, ")
    find("train_panel.how_long").click()
    assert len(asked) == 1
    find("train_panel.part").setCurrentText("Norms only")
    assert said.isHidden()
    find("train_panel.how_long").click()
    assert asked[-1].part == "norm"
