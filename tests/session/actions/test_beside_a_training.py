"""Beside a training, with the real processes: scans are opened, segmented, accepted, exported."""

from __future__ import annotations

import os
import queue
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import PATIENCE_S
from session_cases import Told, accept_all, box_labels, box_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.jobs import worker_runner
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.lanes import Lanes
from napari_boundaryseg.session.actions import accept, export, fine_tune, trainings
from napari_boundaryseg.session.actions import scan as scan_actions
from napari_boundaryseg.session.actions.segment import discard_kept, segment, take_kept
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session

MANY = 100_000
"""Steps that nobody waits for."""


class Beside(Told):
    """A session without a window, whose news is taken while somebody waits."""

    def __init__(self, project: Project) -> None:
        self.calls: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        super().__init__(Session(Lanes(dispatch=self.calls.put), project))

    def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self.calls.get(timeout=PATIENCE_S)()

    def end(self, job: Job) -> Job:
        self.until(lambda: job.ended)
        return job

    def train(self, model: Path, steps: int = MANY) -> Job:
        """A training that has come to its steps."""
        names = [case.name for case in self.session.project.cases()]
        job = fine_tune.fine_tune(self.session, model, names, steps=steps)
        self.until(lambda: job.text.startswith("Training, step") or job.ended)
        assert job.state == "running", job.error
        return job


@pytest.fixture
def beside(project: Project, monkeypatch: pytest.MonkeyPatch) -> Iterator[Beside]:
    """A project with the accepted case a, and a second scan on the disk."""
    monkeypatch.setattr(worker_runner, "PATIENCE_S", PATIENCE_S)  # a busy machine takes its time for one step
    made = Beside(project)
    scan = box_scan("a", 1)
    project.add_case(scan, box_labels(scan))
    made.session.scan = scan
    yield made
    made.session.close()


def test_while_a_model_trains_the_next_scan_is_opened_segmented_accepted_and_exported(
    beside: Beside, tiny_model: Path, tmp_path: Path
) -> None:
    session, training = beside.session, beside.train(tiny_model)
    formats.write(box_scan("b", 2), tmp_path / "b.nii.gz")
    beside.end(scan_actions.open_scan(session, tmp_path / "b.nii.gz"))
    assert session.scan.name == "b"
    beside.end(segment(session, tiny_model, device="cpu"))
    assert session.prediction is not None
    labels = box_labels(session.scan)
    beside.end(accept.accept(session, labels))
    assert [case.name for case in session.project.cases()] == ["a", "b"]
    written: list[list[Path]] = []
    beside.end(export.start_export(session, labels, {"labels", "edges"}, tmp_path / "out", written.append))
    assert {path.name for path in written[0]} == {"b_seg.nii.gz", "b_edges.nii.gz"}
    assert session.training is training
    assert training.state == "running"
    assert beside.of("error") == []


def test_a_training_is_cancelled_kept_and_resumed_while_a_model_segments(beside: Beside, tiny_model: Path) -> None:
    session = beside.session
    training = beside.train(tiny_model, steps=16)
    found = segment(session, tiny_model, device="cpu")
    training.cancel()
    beside.end(training)
    assert "What it has learnt is kept" in session.training_outcome[1]
    (stopped,) = trainings.unfinished(session.project)
    resumed = fine_tune.resume(session, stopped)
    assert session.training_outcome is None
    assert beside.end(found).state == "returned"
    assert session.prediction is not None
    assert beside.end(resumed).state == "returned", resumed.error
    assert [version.version for version in session.project.models()] == [2]
    assert "tiny-v2 was added" in session.training_outcome[1]


def test_a_training_whose_process_is_killed_is_kept_and_said_and_nothing_else_ends(
    beside: Beside, tiny_model: Path
) -> None:
    session, training = beside.session, beside.train(tiny_model)
    beside.end(segment(session, tiny_model, device="cpu"))
    pid = session.runner.pid
    os.kill(session.runner.pid_of("training"), signal.SIGKILL)
    beside.end(training)
    level, said = session.training_outcome
    assert (level, said) == ("error", beside.one_error())
    assert said.startswith("The training process ended without an answer")
    assert said.endswith("What it has learnt is kept: Train lists it, to be resumed or discarded.")
    assert len(trainings.unfinished(session.project)) == 1
    assert session.runner.pid == pid
    assert beside.end(segment(session, tiny_model, device="cpu")).state == "returned"


def test_closing_keeps_the_training_that_runs_and_the_one_that_waits(beside: Beside, tiny_model: Path) -> None:
    session, training = beside.session, beside.train(tiny_model)
    behind = fine_tune.fine_tune(session, tiny_model, ["a"], steps=7)
    session.close()
    assert (training.state, behind.state) == ("cancelled", "cancelled")
    first, second = trainings.unfinished(session.project)
    assert first.step > 0
    assert (second.step, second.order.settings.steps) == (0, 7)


def other_open(beside: Beside, model: Path) -> tuple[Any, Any]:
    """A scan that was segmented while another one was opened: its result has come."""
    first = beside.session.scan
    job = segment(beside.session, model, device="cpu")
    beside.session.scan = other = box_scan("other", 5)
    assert beside.end(job).state == "returned"
    return first, other


def test_a_result_for_a_scan_that_is_not_open_any_more_is_kept_for_it(
    beside: Beside, tiny_model: Path, tmp_path: Path
) -> None:
    session = beside.session
    first, other = other_open(beside, tiny_model)
    assert (session.scan, session.prediction) == (other, None)
    assert session.kept_results.of(other) is None
    assert beside.of("info")[-1] == "a is segmented; the result is kept until that scan is opened again."
    formats.write(first, tmp_path / "renamed.nii.gz")
    beside.end(scan_actions.open_scan(session, tmp_path / "renamed.nii.gz"))
    assert session.kept_results.of(session.scan) is not None, "it is known by its voxels"
    take_kept(session)
    np.testing.assert_array_equal(session.prediction.labels.geometry.affine, first.affine)
    assert session.kept_results.of(session.scan) is None
    session.prediction = None
    assert not list(session.scratch.glob("prediction-*")), "and then its arrays go"


def test_a_kept_result_that_nobody_wants_leaves_nothing(beside: Beside, tiny_model: Path) -> None:
    session = beside.session
    session.scan, _ = other_open(beside, tiny_model)
    discard_kept(session)
    assert session.prediction is None
    assert session.kept_results.of(session.scan) is None
    assert not list(session.scratch.iterdir())


def test_only_the_newest_results_are_kept_and_what_goes_is_said(
    beside: Beside, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from napari_boundaryseg.session import kept_results

    monkeypatch.setattr(kept_results, "MOST", 1)
    session = beside.session
    first, _ = other_open(beside, tiny_model)
    session.scan = second = box_scan("b", 2)
    other_open(beside, tiny_model)
    assert session.kept_results.of(first) is None
    assert session.kept_results.of(second) is not None
    assert beside.of("info")[-1].endswith("The older one of a was dropped: segment it again.")
    assert len(list(session.scratch.glob("prediction-*"))) == 1


def test_several_scans_wait_for_the_model_in_turn_and_each_gets_its_own_result(
    beside: Beside, tiny_model: Path
) -> None:
    session = beside.session
    scans = [box_scan(name, seed) for seed, name in enumerate("xyz", start=10)]
    jobs = []
    for scan in scans:
        session.scan = scan
        jobs.append(segment(session, tiny_model, device="cpu"))
    assert [job.about for job in session.jobs.in_lane("work")] == ["x", "y", "z"]
    jobs[1].cancel()
    for job in jobs:
        beside.end(job)
    assert [job.state for job in jobs] == ["returned", "cancelled", "returned"]
    assert "y: Cancelled. Nothing was changed." in beside.of("info")
    assert session.kept_results.of(scans[0]).scan_name == "x"
    assert session.kept_results.of(scans[1]) is None
    assert session.prediction is not None, "z is open"


def test_a_question_is_asked_for_the_open_scan_only(beside: Beside, make_model: Callable[..., Path]) -> None:
    session, asked = beside.session, []

    def ask(kind: str, text: str) -> None:
        asked.append((kind, text))

    small = make_model("small", expected_field_mm=(5.0, 5.0, 5.0))
    beside.end(segment(session, small, device="cpu", question=ask))
    assert [kind for kind, _ in asked] == ["RegionNeeded"]
    assert beside.said == []
    job = segment(session, small, device="cpu", question=ask)
    session.scan = box_scan("other", 5)
    beside.end(job)
    assert len(asked) == 1
    assert beside.one_error().startswith("a: ")


def test_a_model_that_a_person_chose_meanwhile_stays_chosen(
    told: Told, tiny_model: Path, make_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_model("other")
    accept_all(told.session, box_scan("a", 1), box_scan("b", 2))
    monkeypatch.setattr(fine_tune, "wins", lambda comparison: True)
    told.session.model = tiny_model
    told.session.training_changed.connect(lambda job: job and setattr(told.session, "model", other))
    fine_tune.fine_tune(told.session, tiny_model, ["a"], ["b"], steps=1)
    assert [version.active for version in told.session.project.models()] == [True]
    assert told.session.model == other


def test_a_training_of_a_project_that_was_closed_meanwhile_changes_nothing_of_the_open_one(
    told: Told, tiny_model: Path, tmp_path: Path
) -> None:
    accept_all(told.session, box_scan("a", 1))
    first, second, seen = told.session.project, Project(tmp_path / "second"), []
    told.session.training_changed.connect(lambda job: job and setattr(told.session, "project", second))
    told.session.project_changed.connect(seen.append)
    fine_tune.fine_tune(told.session, tiny_model, ["a"], steps=1)
    assert set(seen) == {second}
    assert (len(first.models()), second.models()) == (1, [])
    assert told.of("info")[-1].startswith("In study: tiny-v2 was added")
