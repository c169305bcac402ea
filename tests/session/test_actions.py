"""What a person can do, without a window: results land in the session, faults are one sentence and change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from session_cases import SHAPE, box_labels, box_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine import fine_tune as tuning
from napari_boundaryseg.engine.checkpoint import load_model
from napari_boundaryseg.engine.predictor import predict
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import InlineRunner, Job
from napari_boundaryseg.progress import Cancelled
from napari_boundaryseg.session import actions
from napari_boundaryseg.session.project import Project
from napari_boundaryseg.session.session import Session


class Told:
    """A session and what it said."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.said: list[tuple[str, str]] = []
        session.message.connect(lambda level, text: self.said.append((level, text)))

    def of(self, level: str) -> list[str]:
        return [text for kind, text in self.said if kind == level]

    def state(self) -> tuple[Any, ...]:
        session = self.session
        return session.scan, session.labels, session.prediction, session.box, session.model, session.project

    def one_error(self) -> str:
        (error,) = self.of("error")
        assert "\n" not in error
        assert str(self.session.scratch) not in error
        return error


@pytest.fixture
def told(scan: Volume, project: Project) -> Iterator[Told]:
    session = Session(InlineRunner(), project)
    session.scan = scan
    yield Told(session)
    session.close()


def accept(session: Session, *scans: Volume) -> None:
    for scan in scans:
        session.scan = scan
        actions.accept(session, box_labels(scan))


def test_opening_a_scan_replaces_the_open_one(told: Told, tmp_path: Path) -> None:
    other = box_scan("other", seed=1)
    formats.write(other, tmp_path / "other.nii.gz")
    told.session.labels = box_labels(told.session.scan)
    job = actions.open_scan(told.session, tmp_path / "other.nii.gz")
    assert job.state == "returned"
    np.testing.assert_array_equal(told.session.scan.array, other.array)
    assert (told.session.scan.name, told.session.labels, told.session.job) == ("other", None, None)
    assert told.said == []


def test_files_of_several_channels_become_one_scan(told: Told, tmp_path: Path) -> None:
    for n in (0, 1):
        formats.write(box_scan(seed=n), tmp_path / f"a_t{n + 1}.nii.gz")
    actions.open_scan(told.session, *(tmp_path / f"a_t{n}.nii.gz" for n in (1, 2)))
    assert told.session.scan.array.shape == (2, *SHAPE)


@pytest.mark.parametrize("fault", ["missing", "empty", "text", "cut", "no file"])
def test_a_scan_that_cannot_be_opened_keeps_the_open_one(told: Told, tmp_path: Path, fault: str) -> None:
    path = tmp_path / "bad.nii.gz"
    if fault == "cut":
        formats.write(told.session.scan, path)
        path.write_bytes(path.read_bytes()[:-200])
    elif fault != "missing":
        path.write_bytes(b"" if fault == "empty" else b"some text")
    told.session.labels = box_labels(told.session.scan)
    before = told.state()
    job = actions.open_scan(told.session, *([] if fault == "no file" else [path]))
    assert job.state == "failed"
    assert told.one_error().startswith("scan: " if fault == "no file" else "bad.nii.gz: ")
    assert told.state() == before
    assert told.session.job is None


def test_labels_of_the_scan_are_opened_and_others_refused(told: Told, labels: LabelMap, tmp_path: Path) -> None:
    formats.write(labels, tmp_path / "own.nii.gz")
    far = box_scan(affine=np.diag([1, 1, 4, 1.0]))
    formats.write(box_labels(far), tmp_path / "far.nii.gz")
    actions.open_labels(told.session, tmp_path / "own.nii.gz", preset("hippocampus"))
    np.testing.assert_array_equal(told.session.labels.array, labels.array)
    assert told.session.labels.scheme == preset("hippocampus")
    before = told.state()
    actions.open_labels(told.session, tmp_path / "far.nii.gz")
    assert "do not fit" in told.one_error()
    assert told.state() == before


def test_labels_that_fit_only_roughly_come_with_a_warning(told: Told, tmp_path: Path) -> None:
    moved = np.eye(4)
    moved[0, 3] = 0.3
    formats.write(box_labels(box_scan(affine=moved)), tmp_path / "near.nii.gz")
    actions.open_labels(told.session, tmp_path / "near.nii.gz")
    assert told.session.labels.geometry.same_as(told.session.scan.geometry)
    assert len(told.of("warning")) == 1


def test_segmenting_sets_a_prediction_on_the_scans_grid(told: Told, tiny_model: Path) -> None:
    job = actions.segment(told.session, tiny_model, device="cpu")
    assert (job.state, told.of("error")) == ("returned", [])
    found, scan = told.session.prediction, told.session.scan
    wanted = predict(scan, tiny_model, device="cpu")
    assert found.labels.geometry.same_as(scan.geometry)
    np.testing.assert_array_equal(found.labels.array, wanted.labels.array)
    np.testing.assert_allclose(found.probabilities, wanted.probabilities, atol=1e-6)
    assert list(found.contours) == ["Hippocampus_A", "Hippocampus_P"]
    assert not list(told.session.scratch.glob("scan-*")), "the scan's copy for the worker is gone"


def test_segmenting_again_replaces_the_prediction(told: Told, tiny_model: Path) -> None:
    actions.segment(told.session, tiny_model, device="cpu")
    first = told.session.prediction
    actions.segment(told.session, tiny_model, device="cpu")
    assert told.session.prediction is not first
    np.testing.assert_array_equal(first.labels.array, told.session.prediction.labels.array)


def test_a_box_limits_what_is_segmented(told: Told, tiny_model: Path) -> None:
    actions.segment(told.session, tiny_model, box=(slice(2, 14), slice(1, 13), slice(3, 15)), device="cpu")
    assert told.session.prediction.details["box"] == [[2, 14], [1, 13], [3, 15]]
    assert (told.session.prediction.probabilities[0, 14:] == 1).all()


def test_voxels_that_are_no_numbers_are_told(told: Told, tiny_model: Path) -> None:
    array = told.session.scan.array.copy()
    array[0, 0, 0, :2] = np.nan
    told.session.scan = replace(told.session.scan, array=array)
    actions.segment(told.session, tiny_model, device="cpu")
    assert told.session.prediction is not None
    assert told.of("warning") == ["2 voxels were not numbers and were filled for the network"]


def test_a_model_of_other_channels_changes_nothing(told: Told, make_model: Callable[..., Path],
                                                   tiny_model: Path) -> None:
    actions.segment(told.session, tiny_model, device="cpu")
    before = told.state()
    job = actions.segment(told.session, make_model("two", channels=("t1", "t2")), device="cpu")
    assert (job.state, job.error_kind) == ("failed", "InputError")
    assert told.one_error() == "case1: it has 1 channels, two needs 2. Open these together: t1, t2."
    assert told.state() == before


@pytest.mark.parametrize("model", ["no-such-model", "cut.safetensors", "empty.safetensors", "scan.nii.gz"])
def test_a_model_that_cannot_be_loaded_changes_nothing(told: Told, tiny_model: Path, tmp_path: Path, model: str
                                                       ) -> None:
    (tmp_path / "cut.safetensors").write_bytes(tiny_model.read_bytes()[:-7])
    (tmp_path / "empty.safetensors").touch()
    formats.write(told.session.scan, tmp_path / "scan.nii.gz")
    before = told.state()
    job = actions.segment(told.session, tmp_path / model, device="cpu")
    assert (job.state, job.error_kind) == ("failed", "InputError")
    assert told.one_error().startswith(f"{model}: ")
    assert told.state() == before


def test_a_far_larger_scan_needs_a_region(told: Told, make_model: Callable[..., Path]) -> None:
    small = make_model("small", expected_field_mm=(5.0, 5.0, 5.0))
    job = actions.segment(told.session, small, device="cpu")
    assert (job.state, job.error_kind) == ("failed", "RegionNeeded")
    assert "Draw a box" in told.one_error()
    assert told.session.prediction is None
    assert actions.segment(told.session, small, device="cpu", whole=True).state == "returned"
    assert told.session.prediction is not None


def test_a_result_for_a_scan_that_was_closed_meanwhile_is_dropped(told: Told, tiny_model: Path) -> None:
    other = box_scan("other")
    runner = told.session.runner

    class Late(InlineRunner):
        def run(self, *arguments: Any, after: Callable[[Any], Any], **keywords: Any) -> Job:
            def swapped(result: Any) -> Any:
                told.session.scan = other
                return after(result)

            return runner.run(*arguments, after=swapped, **keywords)

    told.session.runner = Late()
    actions.segment(told.session, tiny_model, device="cpu")
    assert (told.session.scan, told.session.prediction) == (other, None)
    assert told.of("warning") == ["The scan was closed before its segmentation was ready."]


def test_a_cancelled_job_changes_nothing(told: Told, tiny_model: Path) -> None:
    class Stopped(InlineRunner):
        def run(self, *arguments: Any, before: Callable[[], None], **keywords: Any) -> Job:
            def stop() -> None:
                raise Cancelled

            return super().run(*arguments, before=stop, **keywords)

    told.session.runner = Stopped()
    before = told.state()
    assert actions.segment(told.session, tiny_model).state == "cancelled"
    assert told.state() == before
    assert told.said == [("info", "Cancelled. Nothing was changed.")]
    assert told.session.job is None


def started(session: Session) -> dict[str, Callable[[], object]]:
    scan = session.scan
    return {
        "open_scan": lambda: actions.open_scan(session, "a.nii.gz"),
        "open_labels": lambda: actions.open_labels(session, "a.nii.gz"),
        "segment": lambda: actions.segment(session, "hippocampus-sgm"),
        "accept": lambda: actions.accept(session, box_labels(scan)),
        "start_export": lambda: actions.start_export(session, box_labels(scan), {"labels"}, "out", lambda paths: None),
        "fine_tune": lambda: actions.fine_tune(session, "hippocampus-sgm", ["case1"]),
    }


@pytest.mark.parametrize("action", ["open_scan", "open_labels", "segment", "accept", "start_export", "fine_tune"])
def test_a_second_job_is_refused_while_one_runs(told: Told, labels: LabelMap, action: str) -> None:
    actions.accept(told.session, labels)
    running = Job("a:b", {})
    told.session.job = running
    before = told.state()
    with pytest.raises(InputError, match="something else is running"):
        started(told.session)[action]()
    assert told.session.job is running
    assert told.state() == before
    assert [case.version for case in told.session.project.cases()] == [1]


@pytest.mark.parametrize("action", ["open_labels", "segment", "accept", "start_export"])
def test_without_a_scan_there_is_a_sentence(told: Told, action: str) -> None:
    calls = started(told.session)
    if action in ("accept", "start_export"):
        labels = box_labels(told.session.scan)
        calls = {"accept": lambda: actions.accept(told.session, labels),
                 "start_export": lambda: actions.start_export(told.session, labels, {"labels"}, "out", print)}
    told.session.scan = None
    with pytest.raises(InputError, match="Open a scan first"):
        calls[action]()
    assert told.session.job is None


def test_accepting_stores_the_case(told: Told, labels: LabelMap) -> None:
    changed: list[Any] = []
    told.session.project_changed.connect(changed.append)
    assert actions.accept(told.session, labels).state == "returned"
    (case,) = told.session.project.cases()
    np.testing.assert_array_equal(formats.read_labels(case.label).array, labels.array)
    assert told.session.labels is labels
    assert changed == [told.session.project]
    assert told.said == [("info", "Accepted case1, version 1.")]


def test_what_cannot_be_accepted_is_told(told: Told, labels: LabelMap) -> None:
    job = actions.accept(told.session, replace(labels, array=np.zeros(SHAPE, np.uint8)))
    assert job.state == "failed"
    assert "the labels are empty" in told.one_error()
    assert told.session.project.cases() == []
    assert told.session.labels is None


def test_the_default_project_is_used_where_none_is_open(told: Told, labels: LabelMap, tmp_path: Path,
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOUNDARYSEG_PROJECT", str(tmp_path / "default"))
    told.session.project = None
    actions.accept(told.session, labels)
    assert told.session.project.folder == tmp_path / "default"
    assert [case.name for case in Project(tmp_path / "default").cases()] == ["case1"]


def test_opening_a_project(told: Told, tmp_path: Path) -> None:
    actions.open_project(told.session, tmp_path / "other")
    assert told.session.project.folder == tmp_path / "other"
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: it cannot be used as a project"):
        actions.open_project(told.session, tmp_path / "file")
    assert told.session.project.folder == tmp_path / "other"


def test_fine_tuning_adds_a_version_and_uses_it(told: Told, tiny_model: Path) -> None:
    shipped = tiny_model.read_bytes()
    accept(told.session, box_scan("a", 1), box_scan("b", 2))
    job = actions.fine_tune(told.session, tiny_model, ["a", "b"], steps=2)
    assert (job.state, told.of("error")) == ("returned", [])
    (version,) = told.session.project.models()
    assert (version.version, version.active, version.comparison) == (2, True, None)
    assert told.session.model == version.path
    assert load_model(version.path).card.parent.startswith("tiny ")
    assert load_model(version.path).card.step == 2
    assert told.of("info")[-1].startswith("tiny-v2 was added. No case was held out")
    assert tiny_model.read_bytes() == shipped


def test_without_evidence_the_old_model_stays_in_use(told: Told, tiny_model: Path) -> None:
    accept(told.session, box_scan("a", 1), box_scan("b", 2))
    told.session.model = tiny_model
    actions.fine_tune(told.session, tiny_model, ["a"], ["b"], steps=2)
    (version,) = told.session.project.models()
    assert version.comparison["verdict"] == "no evidence"
    assert version.comparison["n"] == 1
    assert not version.active
    assert told.session.project.active_model("tiny") is None
    assert told.session.model == tiny_model
    assert "not in use: no evidence" in told.of("info")[-1]


@pytest.mark.parametrize("verdict, used", [("better", True), ("worse", False), ("no evidence", False)])
def test_only_a_better_model_is_used(told: Told, tiny_model: Path, monkeypatch: pytest.MonkeyPatch, verdict: str,
                                     used: bool) -> None:
    def fine_tune(model: Any, cases: Any, folder: Path, **_: Any) -> Path:
        atomic_json(folder / "comparison.json", {"verdict": verdict, "n": 4, "change": {"mean": 0.125}})
        return model.path

    accept(told.session, box_scan("a", 1), box_scan("b", 2))
    old = told.session.project.add_model(tiny_model).path
    told.session.model = old
    monkeypatch.setattr(tuning, "fine_tune", fine_tune)
    actions.fine_tune(told.session, old, ["a"], ["b"])
    new = told.session.project.models()[-1]
    assert new.version == 3
    assert told.session.project.active_model("tiny") == (new.path if used else old)
    assert told.session.model == (new.path if used else old)
    assert verdict in told.of("info")[-1]
    assert "Dice +0.125" in told.of("info")[-1]


@pytest.mark.parametrize("names, held_out, said", [
    ([], [], "no training case is chosen"),
    (["a", "x"], [], "x: the project has no such case"),
    (["a"], ["y"], "y: the project has no such case"),
])
def test_cases_that_are_not_there_are_refused(told: Told, tiny_model: Path, names: list[str], held_out: list[str],
                                              said: str) -> None:
    accept(told.session, box_scan("a", 1))
    with pytest.raises(InputError, match=said):
        actions.fine_tune(told.session, tiny_model, names, held_out)
    assert told.session.job is None


def test_a_case_in_two_roles_adds_no_model(told: Told, tiny_model: Path) -> None:
    accept(told.session, box_scan("a", 1))
    assert actions.fine_tune(told.session, tiny_model, ["a"], ["a"], steps=2).state == "failed"
    assert "both a training case and held out" in told.one_error()
    assert told.session.project.models() == []


def test_cases_of_other_organs_add_no_model(told: Told, tiny_model: Path, make_model: Callable[..., Path]) -> None:
    scan = box_scan("a", 1)
    told.session.scan = scan
    actions.accept(told.session, scan.with_labels(np.where(box_labels(scan).array == 2, 3, 0), preset("pelvis-mr")))
    assert actions.fine_tune(told.session, tiny_model, ["a"], steps=2).state == "failed"
    assert "holds [3]" in told.one_error()
    assert told.session.project.models() == []


def test_exporting(told: Told, labels: LabelMap, tiny_model: Path, tmp_path: Path) -> None:
    actions.segment(told.session, tiny_model, device="cpu")
    got: list[list[Path]] = []
    job = actions.start_export(told.session, labels, {"labels", "edges", "report"}, tmp_path / "out", got.append)
    assert job.state == "returned"
    assert [path.name for path in got[0]] == ["case1_seg.nii.gz", "case1_edges.nii.gz", "case1.json"]
    assert all(path.is_file() for path in got[0])
    report = json.loads((tmp_path / "out" / "case1.json").read_text("utf-8"))
    assert (report["case"], report["model"]) == ("case1", "tiny")
    assert actions.export(told.session, labels, {"labels"}, tmp_path / "again") == [
        tmp_path / "again" / "case1_seg.nii.gz"]


def test_an_export_that_fails_is_told(told: Told, labels: LabelMap, tmp_path: Path) -> None:
    got: list[list[Path]] = []
    job = actions.start_export(told.session, labels, {"edges"}, tmp_path / "out", got.append)
    assert job.state == "failed"
    assert "Segment the scan first" in told.one_error()
    assert got == []
