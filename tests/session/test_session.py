"""The session: every change is told, a new scan starts afresh, and only one thread changes anything."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from session_cases import box_labels, box_scan

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import InlineRunner
from napari_boundaryseg.session import kept_results
from napari_boundaryseg.session import session as session_module
from napari_boundaryseg.session.actions import segment
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task

ATTRIBUTES = ("scan", "labels", "prediction", "box", "model", "project", "training_outcome")
BOX = (slice(0, 4), slice(0, 4), slice(0, 4))


def prediction_of(scan: Volume) -> Prediction:
    shape = scan.geometry.shape
    maps = {name: np.zeros(shape, np.float32) for name in box_labels(scan).scheme.names}
    return Prediction(
        box_labels(scan),
        np.zeros((3, *shape), np.float32),
        np.zeros(shape, np.float32),
        maps,
        dict.fromkeys(maps, "derived"),
    )


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(InlineRunner())
    yield session
    session.close()


@pytest.fixture
def value_of(tmp_path: Path, scan: Volume, project: Project) -> dict[str, Any]:
    return {
        "scan": scan,
        "labels": box_labels(scan),
        "prediction": prediction_of(scan),
        "box": BOX,
        "model": tmp_path / "a.safetensors",
        "project": project,
        "training_outcome": ("info", "tiny-v2 was added."),
    }


def test_nothing_is_open_at_first(session: Session) -> None:
    assert [getattr(session, name) for name in ATTRIBUTES] == [None] * len(ATTRIBUTES)


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_change_is_told_with_its_value(session: Session, value_of: dict[str, Any], name: str) -> None:
    seen: list[Any] = []
    getattr(session, f"{name}_changed").connect(lambda value: seen.append((value, getattr(session, name))))
    setattr(session, name, value_of[name])
    setattr(session, name, None)
    assert seen == [(value_of[name], value_of[name]), (None, None)], "and listeners find it in the session"


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_emptying_what_is_empty_tells_nobody(session: Session, name: str) -> None:
    seen: list[Any] = []
    getattr(session, f"{name}_changed").connect(seen.append)
    setattr(session, name, None)
    assert seen == []


@pytest.mark.parametrize("following", [box_scan("case2"), None], ids=["another scan", "no scan"])
def test_a_new_scan_clears_labels_prediction_and_box(
    session: Session, value_of: dict[str, Any], following: Volume | None
) -> None:
    for name in ("scan", "labels", "prediction", "box", "model", "project"):
        setattr(session, name, value_of[name])
    found: list[tuple[Any, ...]] = []
    session.scan_changed.connect(lambda scan: found.append((session.labels, session.prediction, session.box)))
    session.scan = following
    assert session.scan is following
    assert (session.labels, session.prediction, session.box) == (None, None, None)
    assert found == [(None, None, None)], "a listener of the new scan never sees what belonged to the old one"
    assert (session.model, session.project) == (value_of["model"], value_of["project"])


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_change_from_another_thread_is_refused(session: Session, value_of: dict[str, Any], name: str) -> None:
    caught: list[BaseException] = []
    seen: list[Any] = []
    getattr(session, f"{name}_changed").connect(seen.append)

    def change() -> None:
        try:
            setattr(session, name, value_of[name])
        except RuntimeError as error:
            caught.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    thread.join()
    assert [str(error) for error in caught] == ["The session changes only on the thread that made it."]
    assert getattr(session, name) is None
    assert seen == []


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_a_value_that_a_listener_cannot_deal_with_is_taken_back(
    session: Session, value_of: dict[str, Any], name: str
) -> None:
    seen: list[Any] = []

    def refuse(value: Any) -> None:
        if value is not None:
            raise InputError("scan", "it is too large to be shown", "Crop it")

    signal = getattr(session, f"{name}_changed")
    signal.connect(seen.append)
    signal.connect(refuse)
    with pytest.raises(InputError, match="too large to be shown"):
        setattr(session, name, value_of[name])
    assert getattr(session, name) is None
    assert seen == [value_of[name], None], "and those who had heard of it hear that it is gone"


def test_what_is_emptied_stays_empty_whatever_a_listener_does(session: Session) -> None:
    def refuse(value: Any) -> None:
        if value is None:
            raise RuntimeError("deleted")

    session.model = Path("a.safetensors")
    session.model_changed.connect(refuse)
    with pytest.raises(RuntimeError, match="deleted"):
        session.model = None
    assert session.model is None


def test_a_sentence_reaches_the_listeners(session: Session) -> None:
    said: list[tuple[str, str]] = []
    session.message.connect(lambda level, text: said.append((level, text)))
    session.say("warning", "The scan is turned.")
    assert said == [("warning", "The scan is turned.")]


def test_folders_for_the_worker_are_fresh_and_go_with_the_session(session: Session) -> None:
    first, second = session.new_folder("scan"), session.new_folder("scan")
    assert first != second
    (first / "scan.npy").write_bytes(b"x")
    assert list(second.iterdir()) == []
    scratch = session.scratch
    session.close()
    assert not scratch.exists()


def test_the_folder_of_a_prediction_goes_with_it(session: Session, scan: Volume) -> None:
    folders = [session.new_folder("prediction") for _ in range(3)]
    session.scan = scan
    for folder in folders[:2]:
        session.take_prediction(prediction_of(scan), folder)
    assert [folder.is_dir() for folder in folders] == [False, True, True], "the one shown, and one that is being made"
    session.scan = None
    assert [folder.is_dir() for folder in folders] == [False, True, True], "it comes back with its scan"
    session.scan = scan
    segment.show_again(session)
    assert session.prediction is not None and session.is_shown_again
    session.prediction = None
    assert [folder.is_dir() for folder in folders] == [False, False, True]


def test_what_was_shown_comes_back_with_its_scan_as_often_as_that_is_opened(session: Session, scan: Volume) -> None:
    session.scan = scan
    shown, told = prediction_of(scan), []
    session.take_prediction(shown, session.new_folder("prediction"))
    session.prediction_changed.connect(lambda found: told.append((found, session.is_shown_again)))
    for _ in range(2):
        session.scan = box_scan("other", 2)
        segment.show_again(session)
        assert session.prediction is None, "another scan had nothing"
        session.scan = replace(scan, name="under another name")
        segment.show_again(session)
        assert session.prediction is shown
    assert told == [(None, False), (shown, True)] * 2
    session.take_prediction(newer := prediction_of(scan), session.new_folder("prediction"))
    assert told[-1] == (newer, False), "a new result is applied"
    session.scan = None
    session.scan = scan
    segment.show_again(session)
    assert session.prediction is newer
    assert len(list(session.scratch.glob("prediction-*"))) == 1


def test_only_the_last_results_that_were_shown_are_kept(
    session: Session, scan: Volume, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_results, "MOST", 2)
    scans = [scan, *(replace(scan, array=scan.array + n) for n in (1, 2))]
    for one in scans:
        session.scan = one
        session.take_prediction(prediction_of(one), session.new_folder("prediction"))
    session.scan = None
    assert [session.left_results.of(one) is not None for one in scans] == [False, True, True]
    assert len(list(session.scratch.glob("prediction-*"))) == 2


def test_results_of_large_scans_are_not_kept(session: Session, scan: Volume, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "MOST_LEFT_BYTES", 2500)
    scans = [scan, *(replace(scan, array=scan.array + n) for n in (1, 2, 3))]
    for one, size in zip(scans, (1000, 1000, 1000, 4000), strict=True):
        session.scan = one
        folder = session.new_folder("prediction")
        (folder / "edges.npy").write_bytes(bytes(size))
        session.take_prediction(prediction_of(one), folder)
        session.scan = None
        kept = sum(file.stat().st_size for file in session.scratch.rglob("*.npy"))
        assert kept <= 2500
    assert [session.left_results.of(one) is not None for one in scans] == [False] * 4, "the last one is too large alone"


def test_a_result_that_the_labels_do_not_have_yet_waits_for_an_answer(session: Session, scan: Volume) -> None:
    session.scan = scan
    session.take_prediction(prediction_of(scan), session.new_folder("prediction"))
    session.is_applied = False  # as a window says until its turn comes
    session.scan = None
    assert session.left_results.of(scan) is None
    assert session.kept_results.of(scan) is not None


def test_a_folder_that_cannot_be_removed_goes_later(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = session.new_folder("scan")
    with monkeypatch.context() as held:
        held.setattr(shutil, "rmtree", lambda *_, **__: None)
        session.discard(folder)
    assert folder.is_dir()
    session.new_folder("scan")
    assert not folder.exists()


@pytest.mark.parametrize("folder", ["", "theirs", "scratch"])
def test_no_folder_of_a_person_is_ever_removed(session: Session, tmp_path: Path, folder: str) -> None:
    scratch = session.new_folder("scan")
    (tmp_path / "scan.nii.gz").write_text("a scan")
    with pytest.raises(ValueError, match="only scratch folders"):
        session.discard({"": Path(), "theirs": tmp_path, "scratch": scratch.parent}[folder])
    assert (tmp_path / "scan.nii.gz").is_file()
    assert scratch.is_dir()


def test_two_sessions_share_no_folder(session: Session) -> None:
    other = Session(InlineRunner())
    folder = session.new_folder("scan")
    other.close()
    assert folder.is_dir()


def test_closing_closes_the_runner() -> None:
    closed: list[bool] = []
    runner = InlineRunner()
    runner.close = lambda: closed.append(True)  # type: ignore[method-assign]
    Session(runner).close()
    assert closed == [True]


def test_a_session_that_closes_tells_nobody_anything(session: Session, value_of: dict[str, Any]) -> None:
    """Parts of the window that listen may be gone already."""
    told: list[Any] = []
    for signal in (session.project_changed, session.jobs.changed, session.job_changed, session.kept_results.changed):
        signal.connect(lambda *values: told.append(values))
    session.message.connect(lambda level, text: told.append(text))
    session.close()
    session.project = value_of["project"]
    session.jobs.add(Job(Task()))
    session.say("info", "Cancelled.")
    assert told == []
