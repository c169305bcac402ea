"""The next case is ready before it is asked for: never an old file, never in a person's way, never more than one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from session_cases import Told, box_labels, box_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.engine.task_list import FineTune, Predict
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.actions.accept import accept
from napari_boundaryseg.session.actions.ahead import Ahead, ReadAhead
from napari_boundaryseg.session.actions.cases import add_folder, open_case
from napari_boundaryseg.session.actions.scan import open_scan
from napari_boundaryseg.session.actions.segment import segment, take_kept
from napari_boundaryseg.session.case_list import CaseRow, case_rows


@pytest.fixture
def study(told: Told, tmp_path: Path) -> Told:
    """A list of three scans, the first one open."""
    (tmp_path / "scans").mkdir()
    for seed, name in enumerate("abc"):
        formats.write(box_scan(name, seed), tmp_path / "scans" / f"{name}.nii.gz")
    add_folder(told.session, tmp_path / "scans")
    open_case(told.session, case_rows(told.session.project)[0])
    return told


@pytest.fixture
def ahead(study: Told) -> Ahead:
    return Ahead(study.session)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read."""
    names: list[str] = []
    really = formats.read

    def remember(*paths: Path, **more: Any) -> Any:
        names.extend(path.name for path in paths)
        return really(*paths, **more)

    monkeypatch.setattr(formats, "read", remember)
    return names


def row(study: Told, n: int) -> CaseRow:
    return case_rows(study.session.project)[n]


def test_a_case_that_was_read_ahead_is_opened_without_reading_it(study: Told, ahead: Ahead, read: list[str]) -> None:
    ahead.follow(row(study, 1))
    ahead.follow(row(study, 1))
    assert read == ["b.nii.gz"]
    open_case(study.session, row(study, 1), ready=ahead.take(row(study, 1)))
    assert read == ["b.nii.gz"]
    scan = study.session.scan
    assert (scan.name, [path.name for path in scan.source]) == ("b", ["b.nii.gz"])
    assert row(study, 1).item.scan_hash == hash_of(scan)
    assert ahead.take(row(study, 1)) is None, "it is kept no longer"


def test_a_file_that_has_changed_since_is_read_again(study: Told, ahead: Ahead, tmp_path: Path) -> None:
    ahead.follow(row(study, 1))
    formats.write(box_scan("b", 9), tmp_path / "new.nii.gz")
    (tmp_path / "new.nii.gz").replace(tmp_path / "scans" / "b.nii.gz")
    open_case(study.session, row(study, 1), ready=ahead.take(row(study, 1)))
    np.testing.assert_array_equal(study.session.scan.array, box_scan("b", 9).array)
    ahead.follow(row(study, 2))
    (tmp_path / "scans" / "c.nii.gz").unlink()
    open_case(study.session, row(study, 2), ready=ahead.take(row(study, 2)))
    assert study.one_error().startswith("c.nii.gz: it cannot be opened")


def test_only_one_case_is_ahead_and_one_that_cannot_be_read_is_no_error_yet(
    study: Told, ahead: Ahead, read: list[str], tmp_path: Path
) -> None:
    (tmp_path / "scans" / "c.nii.gz").write_bytes(b"no scan")
    ahead.follow(row(study, 1))
    ahead.follow(row(study, 2))
    ahead.go_on()
    assert read == ["b.nii.gz", "c.nii.gz"], "and not again and again"
    assert ahead.take(row(study, 1)) is None
    assert study.of("error") == []
    ahead.follow(None)
    assert ahead.take(row(study, 2)) is None


def test_the_next_case_is_segmented_only_if_wished_and_for_that_case_only(
    study: Told, ahead: Ahead, tiny_model: Path, make_model: Callable[..., Path]
) -> None:
    session = study.session
    session.model = tiny_model
    ahead.follow(row(study, 1))
    b = box_scan("b", 1)
    assert session.kept_results.of(b) is None
    ahead.segments = True
    ahead.go_on()
    kept = session.kept_results.of(b)
    assert (kept.ahead, kept.prediction.details["model"]) == (True, "tiny")
    assert study.of("info")[-1].endswith("added."), "nobody asked, nobody is told"
    session.model = make_model("another")
    ahead.go_on()
    assert not kept.folder.exists()
    kept = session.kept_results.of(b)
    assert kept.prediction.details["model"] == "another"
    ahead.follow(row(study, 2))
    assert session.kept_results.of(b) is None
    assert not kept.folder.exists()
    assert session.kept_results.of(box_scan("c", 2)).ahead
    ahead.segments = False
    ahead.go_on()
    assert session.kept_results.of(box_scan("c", 2)) is None


def test_a_result_for_the_case_that_is_opened_stays(study: Told, ahead: Ahead, tiny_model: Path) -> None:
    study.session.model, ahead.segments = tiny_model, True
    ahead.follow(row(study, 1))
    open_case(study.session, row(study, 1), ready=ahead.take(row(study, 1)))
    ahead.follow(row(study, 2))
    assert study.session.kept_results.of(study.session.scan).ahead


def test_where_a_person_has_worked_no_model_goes_ahead(study: Told, tiny_model: Path, tmp_path: Path) -> None:
    session, b = study.session, box_scan("b", 1)
    session.model = tiny_model
    ahead = Ahead(session, lambda: {hash_of(b)})
    ahead.segments = True
    ahead.follow(row(study, 1))
    assert session.kept_results.of(b) is None, "there is work that was not accepted"
    ahead = Ahead(session)
    open_case(session, row(study, 2))
    accept(session, box_labels(session.scan))
    ahead.segments = True
    ahead.follow(row(study, 2))
    assert session.kept_results.of(session.scan) is None, "it is accepted"


class Holding:
    """A runner that begins every job and ends none."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.told: list[tuple[type, str]] = []

    def run(self, task: Any, started: Callable[[Job], None], **_: Any) -> Job:
        job = Job(task)
        job.controlled_by(lambda command: self.told.append((type(task), command)))
        self.jobs.append(job)
        started(job)
        return job

    def call(self, task: Any, function: Any, *_: Any, started: Callable[[Job], None], abandon: bool = False) -> Job:
        return self.run(task, started)

    def close(self) -> None:
        """Nothing is left to close."""


def test_it_gives_way_to_whatever_a_person_asks_for(study: Told, tiny_model: Path, tmp_path: Path) -> None:
    session = study.session
    ahead = Ahead(session)
    b = row(study, 1)
    session.runner = runner = Holding()
    session.model = tiny_model
    ahead.follow(b)
    assert [type(job.task) for job in runner.jobs] == [ReadAhead]
    assert list(session.jobs) == [], "a person waits for nothing"
    segment(session, tiny_model)
    assert runner.told == [], "files and models do not wait for each other"
    open_scan(session, tmp_path / "scans" / "c.nii.gz")
    assert runner.told == [(ReadAhead, "cancel")]
    runner.jobs[0].end("cancelled")
    assert len(runner.jobs) == 3
    for job in runner.jobs[1:]:
        job.end("cancelled")
    assert isinstance(runner.jobs[-1].task, ReadAhead), "it begins again once nobody waits"


def test_a_model_that_goes_ahead_is_stopped_for_the_open_scan(study: Told, tiny_model: Path) -> None:
    session = study.session
    ahead = Ahead(session)
    ahead.follow(row(study, 1))
    session.model = tiny_model
    session.runner = runner = Holding()
    ahead.segments = True
    ahead.go_on()
    (first,) = runner.jobs
    assert first.about == "b, the next case"
    segment(session, tiny_model)
    assert runner.told == [(Predict, "cancel")]
    first.end("cancelled")
    assert len(runner.jobs) == 2
    runner.jobs[1].end("cancelled")
    assert [type(job.task) for job in runner.jobs] == [Predict] * 3
    assert study.of("error") == []
    session.jobs.add(Job(FineTune(model="m", cases=(), out_folder="f")))
    assert runner.told == [(Predict, "cancel")], "a training gives way itself"


def opened_with_its_result(study: Told, ahead: Ahead, n: int) -> None:
    """A case is opened, and what was found ahead is shown, as the window does."""
    open_case(study.session, row(study, n), ready=ahead.take(row(study, n)))
    if study.session.kept_results.of(study.session.scan) is not None:
        take_kept(study.session)


def test_a_case_whose_result_was_shown_is_not_computed_again(study: Told, ahead: Ahead, tiny_model: Path) -> None:
    session = study.session
    session.model, ahead.segments = tiny_model, True
    ahead.follow(row(study, 1))
    opened_with_its_result(study, ahead, 1)
    assert session.prediction is not None
    begun: list[type] = []
    session.jobs.added.connect(lambda job: begun.append(type(job.task)))
    open_case(session, row(study, 0))
    ahead.follow(row(study, 1))
    assert Predict not in begun, "it was shown, and comes back with its scan"
    assert session.left_results.of(box_scan("b", 1)) is not None


def test_a_result_that_is_kept_for_a_case_is_not_computed_again(study: Told, ahead: Ahead, tiny_model: Path) -> None:
    session = study.session
    session.model, ahead.segments = tiny_model, True
    ahead.follow(row(study, 1))
    kept = session.kept_results.of(box_scan("b", 1))
    open_case(session, row(study, 1), ready=ahead.take(row(study, 1)))
    open_case(session, row(study, 0))  # at once: nobody has taken it
    ahead.follow(row(study, 1))
    assert session.kept_results.of(box_scan("b", 1)) is kept


def begun_ahead(study: Told, model: Path) -> tuple[Ahead, Holding, Job, set[str]]:
    """The second case was read and its segmentation runs; and the scans that are in work."""
    session, in_work = study.session, set[str]()
    ahead = Ahead(session, lambda: in_work)
    session.scan_changed.connect(lambda _: ahead.follow(None))
    ahead.follow(row(study, 1))
    session.model = model
    direct, session.runner = session.runner, Holding()
    runner, ahead.segments = session.runner, True
    ahead.go_on()
    session.runner = direct
    return ahead, runner, runner.jobs[0], in_work


@pytest.mark.parametrize("then", ["left", "accepted", "drawn on"])
def test_what_runs_for_a_case_that_is_opened_is_its_own_until_nobody_needs_it(
    study: Told, tiny_model: Path, then: str
) -> None:
    session = study.session
    ahead, runner, job, in_work = begun_ahead(study, tiny_model)
    open_case(session, row(study, 1), ready=ahead.take(row(study, 1)))
    assert (job.about, runner.told) == ("b", []), "it is the next case no more"
    if then == "left":
        open_case(session, row(study, 0))
    elif then == "accepted":
        accept(session, box_labels(session.scan))
        ahead.follow(None)
    else:
        in_work.add(hash_of(session.scan))
        ahead.follow(None)
    assert runner.told == [(Predict, "cancel")]


def test_a_persons_own_job_goes_before_what_runs_for_a_case_that_was_opened(study: Told, tiny_model: Path) -> None:
    ahead, runner, _, _ = begun_ahead(study, tiny_model)
    open_case(study.session, row(study, 1), ready=ahead.take(row(study, 1)))
    study.session.jobs.add(Job(Predict(scan_folder="s", model="m", out_folder="o")))
    assert runner.told == [(Predict, "cancel")]


def test_what_a_person_has_cancelled_does_not_begin_again_by_itself(study: Told, tiny_model: Path) -> None:
    ahead, _, job, _ = begun_ahead(study, tiny_model)
    begun: list[type] = []
    study.session.jobs.added.connect(lambda job: begun.append(type(job.task)))
    job.end("cancelled")
    ahead.go_on()
    ahead.follow(None)
    ahead.follow(row(study, 1))
    assert ahead.ready is not None
    assert begun == []
    ahead.segments = True
    ahead.go_on()
    assert begun == [Predict], "a person asked anew"
