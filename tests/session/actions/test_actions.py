"""What a person can do, without a window: results land in the session, faults are one sentence and change nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from session_cases import SHAPE, Told, box_labels, box_scan, refuse

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.inference.predictor import predict
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import InlineRunner
from napari_boundaryseg.progress import Cancelled
from napari_boundaryseg.review.plausibility import plausibility
from napari_boundaryseg.session.actions import scan as actions
from napari_boundaryseg.session.actions import segment as segment_action
from napari_boundaryseg.session.actions.accept import accept
from napari_boundaryseg.session.actions.export import export, start_export
from napari_boundaryseg.session.actions.fine_tune import fine_tune
from napari_boundaryseg.session.actions.project import open_project
from napari_boundaryseg.session.actions.segment import segment
from napari_boundaryseg.session.earlier_results import ResultsInTheWay
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task


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
    job = segment(told.session, tiny_model, device="cpu")
    assert (job.state, told.of("error")) == ("returned", [])
    found, scan = told.session.prediction, told.session.scan
    wanted = predict(scan, tiny_model, device="cpu")
    assert found.labels.geometry.same_as(scan.geometry)
    np.testing.assert_array_equal(found.labels.array, wanted.labels.array)
    np.testing.assert_allclose(found.probabilities, wanted.probabilities, atol=1e-6)
    assert list(found.contours) == ["Hippocampus_A", "Hippocampus_P"]
    assert not list(told.session.scratch.glob("scan-*")), "the scan's copy for the worker is gone"


def test_segmenting_again_replaces_the_prediction(told: Told, tiny_model: Path) -> None:
    segment(told.session, tiny_model, device="cpu")
    first = told.session.prediction
    segment(told.session, tiny_model, device="cpu")
    assert told.session.prediction is not first
    np.testing.assert_array_equal(first.labels.array, told.session.prediction.labels.array)


def test_a_box_limits_what_is_segmented(told: Told, tiny_model: Path) -> None:
    segment(told.session, tiny_model, box=(slice(2, 14), slice(1, 13), slice(3, 15)), device="cpu")
    assert told.session.prediction.details["box"] == [[2, 14], [1, 13], [3, 15]]
    assert (told.session.prediction.probabilities[0, 14:] == 1).all()


def test_voxels_that_are_no_numbers_are_told(told: Told, tiny_model: Path) -> None:
    array = told.session.scan.array.copy()
    array[0, 0, 0, :2] = np.nan
    told.session.scan = replace(told.session.scan, array=array)
    segment(told.session, tiny_model, device="cpu")
    assert told.session.prediction is not None
    assert told.of("warning") == ["2 voxels were not numbers and were filled for the network"]


def test_a_model_of_other_channels_changes_nothing(
    told: Told, make_model: Callable[..., Path], tiny_model: Path
) -> None:
    segment(told.session, tiny_model, device="cpu")
    before = told.state()
    job = segment(told.session, make_model("two", channels=("t1", "t2")), device="cpu")
    assert (job.state, job.error_kind) == ("failed", "InputError")
    assert told.one_error() == "case1: it has 1 channels, two needs 2. Open these together: t1, t2."
    assert told.state() == before


@pytest.mark.parametrize("model", ["no-such-model", "cut.safetensors", "empty.safetensors", "scan.nii.gz"])
def test_a_model_that_cannot_be_loaded_changes_nothing(
    told: Told, tiny_model: Path, tmp_path: Path, model: str
) -> None:
    (tmp_path / "cut.safetensors").write_bytes(tiny_model.read_bytes()[:-7])
    (tmp_path / "empty.safetensors").touch()
    formats.write(told.session.scan, tmp_path / "scan.nii.gz")
    before = told.state()
    job = segment(told.session, tmp_path / model, device="cpu")
    assert (job.state, job.error_kind) == ("failed", "InputError")
    assert told.one_error().startswith(f"{model}: ")
    assert told.state() == before


def test_a_far_larger_scan_needs_a_region(told: Told, make_model: Callable[..., Path]) -> None:
    small = make_model("small", expected_field_mm=(5.0, 5.0, 5.0))
    job = segment(told.session, small, device="cpu")
    assert (job.state, job.error_kind) == ("failed", "RegionNeeded")
    assert "Draw a box" in told.one_error()
    assert told.session.prediction is None
    assert segment(told.session, small, device="cpu", whole=True).state == "returned"
    assert told.session.prediction is not None


class Meanwhile(InlineRunner):
    """Does something while a job runs: after its function has returned, before its result is taken."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self._happens = happens

    def call(self, task: Task, function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Job:
        def slow(*given: Any, progress: Any) -> Any:
            result = function(*given, progress=progress)
            self._happens()
            return result

        return super().call(task, slow, *arguments, **keywords)


def test_labels_for_a_scan_that_was_closed_meanwhile_are_dropped(told: Told, labels: LabelMap, tmp_path: Path) -> None:
    formats.write(labels, tmp_path / "own.nii.gz")
    other = box_scan("other")
    told.session.runner = Meanwhile(lambda: setattr(told.session, "scan", other))
    actions.open_labels(told.session, tmp_path / "own.nii.gz")
    assert (told.session.scan, told.session.labels) == (other, None)
    assert told.of("warning") == ["The scan was closed before its labels were read."]


def test_labels_accepted_for_a_scan_that_was_closed_meanwhile_are_stored_but_not_shown(
    told: Told, labels: LabelMap
) -> None:
    told.session.runner = Meanwhile(lambda: setattr(told.session, "scan", box_scan("other")))
    accept(told.session, labels)
    assert told.session.labels is None
    assert [case.name for case in told.session.project.cases()] == ["case1"]
    assert told.of("info") == ["Accepted case1, version 1. It has a certificate: Certificate, in Cases, shows it."]


def test_several_warnings_are_one_message(told: Told, monkeypatch: pytest.MonkeyPatch, labels: LabelMap) -> None:
    monkeypatch.setattr(formats, "read_labels", lambda *_, **__: replace(labels, warnings=("One.", "Two", "Three.")))
    actions.open_labels(told.session, "a.nii.gz")
    assert told.of("warning") == ["One. Two. Three"]


@pytest.mark.parametrize("end", ["failed", "cancelled", "refused"])
def test_no_scratch_is_left_of_a_segmentation_that_came_to_nothing(
    told: Told, tiny_model: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise Cancelled

    if end == "cancelled":
        monkeypatch.setattr(segment_action, "load_prediction", stop)
    if end == "refused":
        told.session.jobs.added.connect(refuse)
        with pytest.raises(InputError, match="cannot be shown"):
            segment(told.session, tiny_model)
        assert told.session.job is None
    else:
        assert segment(told.session, tiny_model if end == "cancelled" else "missing").state == end
    assert list(told.session.scratch.iterdir()) == []


def test_only_the_prediction_in_the_window_keeps_its_folder(told: Told, tiny_model: Path) -> None:
    for _ in range(3):
        segment(told.session, tiny_model, device="cpu")
    assert len(list(told.session.scratch.iterdir())) == 1
    told.session.scan = box_scan("other")
    assert len(list(told.session.scratch.iterdir())) == 1, "it comes back with its scan"


def test_what_a_panel_cannot_show_is_one_sentence(
    told: Told, labels: LabelMap, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(value: Any) -> None:
        if value is not None:
            raise InputError("labels", "they cannot be shown", "Close other layers")

    formats.write(labels, tmp_path / "own.nii.gz")
    told.session.labels_changed.connect(refuse)
    actions.open_labels(told.session, tmp_path / "own.nii.gz")
    assert told.one_error() == "labels: they cannot be shown. Close other layers."
    assert (told.session.labels, told.session.job) == (None, None)
    assert capsys.readouterr().err == ""


def test_a_fault_of_the_program_is_told_and_traced_on_the_terminal(
    told: Told, labels: LabelMap, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def fault(value: Any) -> None:
        raise ZeroDivisionError("a mistake")

    formats.write(labels, tmp_path / "own.nii.gz")
    told.session.labels_changed.connect(fault)
    actions.open_labels(told.session, tmp_path / "own.nii.gz")
    assert "ZeroDivisionError" in told.one_error()
    assert "in fault" in capsys.readouterr().err


def test_a_fault_in_the_worker_is_traced_on_the_terminal(
    told: Told, tiny_model: Path, capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load_prediction(folder: Path) -> None:
        raise ValueError("no array")

    monkeypatch.setattr(segment_action, "load_prediction", load_prediction)
    segment(told.session, tiny_model, device="cpu")
    assert "ValueError" in told.one_error()
    assert "in load_prediction" in capsys.readouterr().err


def test_a_cancelled_job_changes_nothing(told: Told, tiny_model: Path) -> None:
    class Stopped(InlineRunner):
        def run(self, *arguments: Any, before: Callable[[], None], **keywords: Any) -> Job:
            def stop() -> None:
                raise Cancelled

            return super().run(*arguments, before=stop, **keywords)

    told.session.runner = Stopped()
    before = told.state()
    assert segment(told.session, tiny_model).state == "cancelled"
    assert told.state() == before
    assert told.said == [("info", "Cancelled. Nothing was changed.")]
    assert told.session.job is None


def started(session: Session) -> dict[str, Callable[[], object]]:
    scan = session.scan
    return {
        "open_scan": lambda: actions.open_scan(session, "a.nii.gz"),
        "open_labels": lambda: actions.open_labels(session, "a.nii.gz"),
        "segment": lambda: segment(session, "hippocampus-sgm"),
        "accept": lambda: accept(session, box_labels(scan)),
        "start_export": lambda: start_export(session, box_labels(scan), {"labels"}, "out", lambda paths: None),
        "fine_tune": lambda: fine_tune(session, "hippocampus-sgm", ["case1"]),
    }


@pytest.mark.parametrize("action", ["open_labels", "segment", "accept", "start_export"])
def test_without_a_scan_there_is_a_sentence(told: Told, action: str) -> None:
    calls = started(told.session)
    if action in ("accept", "start_export"):
        labels = box_labels(told.session.scan)
        calls = {
            "accept": lambda: accept(told.session, labels),
            "start_export": lambda: start_export(told.session, labels, {"labels"}, "out", print),
        }
    told.session.scan = None
    with pytest.raises(InputError, match="Open a scan first"):
        calls[action]()
    assert told.session.job is None


def test_accepting_stores_the_case(told: Told, labels: LabelMap) -> None:
    changed: list[Any] = []
    told.session.project_changed.connect(changed.append)
    assert accept(told.session, labels).state == "returned"
    (case,) = told.session.project.cases()
    np.testing.assert_array_equal(formats.read_labels(case.label).array, labels.array)
    assert told.session.labels is labels
    assert changed == [told.session.project]
    assert told.said == [("info", "Accepted case1, version 1. It has a certificate: Certificate, in Cases, shows it.")]


@pytest.mark.parametrize(
    "box, stored",
    [
        (None, None),
        ((slice(2, 14), slice(2, 14), slice(2, 14)), [[2, 14], [2, 14], [2, 14]]),
        ((slice(5, 14), slice(2, 10), slice(0, 6)), [[4, 14], [2, 13], [0, 12]]),
    ],
    ids=["whole", "around the labels", "painted beyond"],
)
def test_the_part_that_was_looked_at_is_stored(told: Told, labels: LabelMap, box: Any, stored: Any) -> None:
    accept(told.session, labels, box)
    (case,) = told.session.project.cases()
    assert told.session.project.meaning_of(case)["box"] == stored


def test_accepting_can_be_cancelled(told: Told, labels: LabelMap) -> None:
    told.session.job_changed.connect(lambda job: job and job.progressed.connect(lambda *_: job.cancel()))
    assert accept(told.session, labels).state == "cancelled"
    assert told.session.project.cases() == []
    assert told.said == [("info", "Cancelled. Nothing was changed.")]


def test_an_export_that_is_cancelled_changes_nothing(told: Told, labels: LabelMap, tmp_path: Path) -> None:
    def stop_at_report(fraction: float, text: str) -> None:
        if text == "Writing mesh":
            told.session.job.cancel()

    told.session.job_changed.connect(lambda job: job and job.progressed.connect(stop_at_report))
    job = start_export(told.session, labels, {"labels", "mesh", "report"}, tmp_path / "out", lambda paths: None)
    assert job.state == "cancelled"
    assert list((tmp_path / "out").iterdir()) == []
    assert told.said == [("info", "Cancelled. Nothing was changed.")]


def test_what_cannot_be_accepted_is_told(told: Told, labels: LabelMap) -> None:
    job = accept(told.session, replace(labels, array=np.zeros(SHAPE, np.uint8)))
    assert job.state == "failed"
    assert "the labels are empty" in told.one_error()
    assert told.session.project.cases() == []
    assert told.session.labels is None


def test_the_default_project_is_used_where_none_is_open(
    told: Told, labels: LabelMap, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOUNDARYSEG_PROJECT", str(tmp_path / "default"))
    told.session.project = None
    accept(told.session, labels)
    assert told.session.project.folder == tmp_path / "default"
    assert [case.name for case in Project(tmp_path / "default").cases()] == ["case1"]


def test_opening_a_project(told: Told, tmp_path: Path) -> None:
    open_project(told.session, tmp_path / "other")
    assert told.session.project.folder == tmp_path / "other"
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: it cannot be used as a project"):
        open_project(told.session, tmp_path / "file")
    assert told.session.project.folder == tmp_path / "other"


def test_exporting(told: Told, labels: LabelMap, tiny_model: Path, tmp_path: Path) -> None:
    segment(told.session, tiny_model, device="cpu")
    got: list[list[Path]] = []
    job = start_export(told.session, labels, {"labels", "edges", "report"}, tmp_path / "out", got.append)
    assert job.state == "returned"
    assert [path.name for path in got[0]] == ["case1_seg.nii.gz", "case1_edges.nii.gz", "case1.json"]
    assert all(path.is_file() for path in got[0])
    report = json.loads((tmp_path / "out" / "case1.json").read_text("utf-8"))
    assert (report["case"], report["model"]) == ("case1", "tiny")
    assert export(told.session, labels, {"labels"}, tmp_path / "again") == [tmp_path / "again" / "case1_seg.nii.gz"]


def test_an_export_onto_work_by_hand_is_asked_about_and_writes_nothing(
    told: Told, labels: LabelMap, tmp_path: Path
) -> None:
    (tmp_path / "case1_seg.nii.gz").write_bytes(b"by hand")
    got: list[list[Path]] = []
    asked: list[ResultsInTheWay] = []
    job = start_export(told.session, labels, {"labels"}, tmp_path, got.append, in_the_way=asked.append)
    assert (job.state, got, told.said) == ("returned", [], [])
    assert list(asked[0].files) == ["case1_seg.nii.gz"]
    assert [path.read_bytes() for path in tmp_path.iterdir() if path.is_file()] == [b"by hand"]
    start_export(told.session, labels, {"labels"}, tmp_path, got.append)
    assert "no report says that this program wrote it" in told.one_error(), "where nobody can be asked it is an error"
    start_export(told.session, labels, {"labels"}, tmp_path, got.append, overwrite=True)
    assert got == [[tmp_path / "case1_seg.nii.gz"]]


def test_an_export_that_fails_is_told(told: Told, labels: LabelMap, tmp_path: Path) -> None:
    got: list[list[Path]] = []
    job = start_export(told.session, labels, {"edges"}, tmp_path / "out", got.append)
    assert job.state == "failed"
    assert "Segment the scan first" in told.one_error()
    assert got == []


def test_a_scan_of_another_modality_is_a_question_before_anything_runs(told: Told, tiny_model: Path) -> None:
    told.session.scan = replace(told.session.scan, modality="CT")
    job = segment(told.session, tiny_model)
    assert (job.state, job.error_kind) == ("failed", "OtherModality")
    assert "was made for MR" in told.one_error()
    assert told.session.prediction is None
    assert segment(told.session, tiny_model, any_modality=True).state == "returned"
    assert told.session.prediction is not None


def test_what_is_implausible_of_a_result_comes_with_it(told: Told, tiny_model: Path) -> None:
    segment(told.session, tiny_model)
    prediction = told.session.prediction
    drawn = {organ.name for organ in prediction.labels.scheme.organs if prediction.labels.volumes_ml()[organ.name]}
    assert drawn
    assert prediction.details["plausibility"] == plausibility(prediction.labels)
    assert set(prediction.details["plausibility"]) == drawn
