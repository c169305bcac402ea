"""While a model trains, in the real window: the next case, pause, cancel and resume, a killed process, closing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from hands import LEFT, drag, live
from patience import NEVER_S, alive
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog, QMessageBox

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.jobs import worker_runner
from napari_boundaryseg.session.actions import trainings
from napari_boundaryseg.session.project import last_project
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat.canvas import canvas_widget
from napari_boundaryseg.ui.compat.window import main_window
from napari_boundaryseg.ui.control import close_dialog

MANY = 500
"""Steps that nobody waits for: the most that the window offers."""


def click(widget: Any) -> None:
    """Press a control as a person does; one that cannot be pressed is a failure."""
    assert widget.isVisible() and widget.isEnabled(), widget.objectName()
    QTest.mouseClick(widget, LEFT)


def answer(monkeypatch: pytest.MonkeyPatch, role: Any) -> list[str]:
    """Let a person press a button of each question; return what was asked."""
    asked: list[str] = []

    def press(box: QMessageBox) -> int:
        asked.append(f"{box.objectName()}: {box.text()}")
        (chosen,) = [one for one in box.buttons() if box.buttonRole(one) == role]
        chosen.click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", press)
    return asked


@pytest.fixture
def controller(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """A model trains on the accepted case1, which is open."""
    monkeypatch.setattr(worker_runner, "PATIENCE_S", NEVER_S)  # a busy machine takes its time for one step
    project = Project(tmp_path / "study")
    last_project.see(project.folder)
    scan = formats.read(pelvis_files[0])
    project.add_case(
        scan, formats.read_labels(pelvis_files[0].with_name("case1_labels.nii.gz"), scan, preset("pelvis-mr"))
    )
    controller = hooks.controller_of(controller_viewer)
    controller.session.project = project
    controller_viewer.window.resize(1366, 768)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    click(find("sections.train"))
    find("train_panel.steps").setValue(MANY)
    click(find("train_panel.start"))
    wait(lambda: controller.session.runner.pid_of("training") is not None)
    with suppress(psutil.AccessDenied):  # on a busy machine it would take minutes to its first step
        psutil.Process(controller.session.runner.pid_of("training")).nice(0)
    wait(lambda: "Training, step" in find("job_bar.training.text").text())
    yield controller
    monkeypatch.setattr(worker_runner, "PATIENCE_S", 1.5)


def open_by_hand(controller: Any, find: Callable[[str], Any], path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", staticmethod(lambda *_, **__: ([str(path)], "")))
    click(find("sections.scan"))
    click(find("scan_panel.open"))


def is_idle(controller: Any) -> bool:
    return controller.session.job is None and not controller.segmentation.busy


def test_the_next_case_is_opened_segmented_corrected_accepted_and_exported(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, viewer = controller.session, controller.viewer
    training = session.training
    open_by_hand(controller, find, pelvis_files[1], monkeypatch)
    wait(lambda: session.scan.name == "case2" and is_idle(controller))
    click(find("sections.segment"))
    click(find("segment_panel.run"))
    wait(lambda: session.prediction is not None and is_idle(controller))
    wait(lambda: "labels" in viewer.layers)
    click(find("sections.correct"))
    find("correct_panel.organs").selectRow(1)
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_B)
    before = np.asarray(viewer.layers["labels"].data).copy()
    canvas = canvas_widget(viewer)
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, *(middle + QPoint(step, step // 2) for step in range(0, 41, 5)))
    live(100)
    assert (np.asarray(viewer.layers["labels"].data) != before).any()
    click(find("correct_panel.accept"))
    wait(lambda: len(session.project.cases()) == 2 and is_idle(controller))
    click(find("sections.export"))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *_, **__: str(tmp_path / "out")))
    click(find("export_panel.folder"))
    click(find("export_panel.save"))
    wait(lambda: "case2_seg.nii.gz" in find("export_panel.written").text())
    assert session.training is training
    assert training.state == "running"
    assert find("job_bar.training.cancel").isVisible()
    assert "✕" not in find("job_bar.message").text()


def test_it_is_paused_and_cancelled_beside_the_work_and_resumed_from_the_list(
    controller: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    session, pause = controller.session, find("job_bar.training.pause")
    click(pause)
    assert session.training.paused
    assert [find(f"{place}.pause").text() for place in ("job_bar.training", "train_panel")] == ["Resume", "Resume"]
    assert "Paused" in find("job_bar.training.text").text()
    assert "paused" in bench.sections.by_title["Train"].state[1]
    click(find("train_panel.pause"))
    assert not session.training.paused
    assert pause.text() == "Pause"
    click(find("job_bar.training.cancel"))
    assert "Stopping" in find("job_bar.training.text").text()
    wait(lambda: session.training is None)
    assert not find("job_bar.training.cancel").isVisible()
    assert "What it has learnt is kept" in find("train_panel.outcome").text()
    assert bench.sections.by_title["Train"].state == ("", "fine-tuning cancelled")
    (stopped,) = trainings.unfinished(session.project)
    assert find("train_panel.stopped").item(0).text() == stopped.text
    click(find("train_panel.resume"))
    assert not find("train_panel.outcome").isVisible()
    assert "cancelled" not in bench.sections.by_title["Train"].state[1]
    assert find("train_panel.stopped").count() == 0
    wait(lambda: session.training is not None and f"step {stopped.step + 1} of" in session.training.text)


def test_a_second_training_waits_and_can_be_taken_out_of_the_queue(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    session = controller.session
    first = session.training
    click(find("train_panel.start"))
    assert "Waiting" in find("job_bar.more.1.text").text()
    assert find("train_panel.stopped").count() == 0, "what waits was not stopped"
    click(find("job_bar.more.1.cancel"))
    wait(lambda: len(session.jobs.in_lane("training")) == 1)
    assert session.training is first
    assert not find("job_bar.more.1.text").isVisible()
    assert trainings.unfinished(session.project) == []


def test_a_training_whose_process_is_killed_says_so_and_the_window_works_on(
    controller: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    session = controller.session
    controller.segmentation.run()
    os.kill(session.runner.pid_of("training"), signal.SIGKILL)
    wait(lambda: session.training is None)
    assert "The training process ended without an answer" in find("train_panel.outcome").text()
    assert bench.sections.by_title["Train"].state == ("warning", "fine-tuning failed")
    assert find("train_panel.stopped").count() == 1
    wait(lambda: session.prediction is not None and is_idle(controller))


def test_a_model_whose_process_is_killed_leaves_the_training_alone(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    session = controller.session
    training, pid = session.training, session.runner.pid_of("training")
    controller.segmentation.run()
    session.job.pause()
    wait(lambda: session.job.state == "running")
    os.kill(session.runner.pid, signal.SIGKILL)
    wait(lambda: session.job is None)
    assert find("job_bar.message").text().startswith("✕ The computing process ended without an answer")
    assert (session.training, session.runner.pid_of("training")) == (training, pid)
    click(find("sections.segment"))
    click(find("segment_panel.run"))
    wait(lambda: session.prediction is not None and is_idle(controller))


def test_closing_asks_and_waits_or_keeps_the_training(
    controller: Any, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    session, window = controller.session, main_window(controller.viewer)
    pids = [session.runner.pid_of(lane) for lane in ("work", "training")]
    asked = answer(monkeypatch, QMessageBox.ButtonRole.RejectRole)
    window.close(quit_app=False, confirm_need=True)
    assert [text.partition(",")[0] for text in asked] == [
        "closing.training_question: tiny-pelvis is being trained: Training"
    ]
    assert window.isVisible()
    assert session.training is not None
    asked = answer(monkeypatch, QMessageBox.ButtonRole.AcceptRole)
    project, training = session.project, session.training
    step = int(training.text.split()[2])
    assert close_dialog.may_stop(controller.viewer, session)
    assert len(asked) == 1
    assert training.state == "running", "a person may still say no to the next question"
    controller.viewer.close()
    wait(lambda: training.ended and not any(pid and alive(pid) for pid in pids))
    (kept,) = trainings.unfinished(project)
    assert kept.step >= step, "it was saved as it stood"


def test_a_result_waits_for_its_scan_and_is_put_nowhere_else(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, viewer = controller.session, controller.viewer
    click(find("sections.segment"))
    click(find("segment_panel.run"))
    assert not find("segment_panel.run").isEnabled()
    first = session.job
    first.pause()
    wait(lambda: first.state == "running")
    open_by_hand(controller, find, pelvis_files[1], monkeypatch)
    wait(lambda: session.scan.name == "case2" and len(session.jobs.in_lane("work")) == 1)
    click(find("sections.segment"))
    click(find("segment_panel.run"))
    assert "Segment: case2 · Waiting" in find("job_bar.more.1.text").text()
    wait(find("job_bar.more.1.cancel").isEnabled)
    click(find("job_bar.more.1.cancel"))
    wait(lambda: len(session.jobs.in_lane("work")) == 1)
    first.resume()
    wait(lambda: is_idle(controller))
    assert first.state == "returned"
    assert "case1 is segmented; the result is kept" in find("job_bar.message").text()
    assert session.prediction is None
    assert "labels" not in viewer.layers
    open_by_hand(controller, find, pelvis_files[0], monkeypatch)
    wait(lambda: session.scan.name == "case1" and is_idle(controller))
    click(find("sections.segment"))
    said = find("segment_panel.offer").text()  # what was accepted of this case is shown, and would be changed
    assert said.startswith("tiny-pelvis has segmented this scan. It would add") and said.endswith("Apply the result?")
    click(find("segment_panel.apply"))
    wait(lambda: session.prediction is not None and "labels" in viewer.layers)
    wait(lambda: "organ" in find("segment_panel.result").text())
    assert not find("segment_panel.offer").isVisible()


def test_use_ends_what_was_said_of_a_version_that_was_not_in_use(
    controller: Any, bench: Any, find: Callable[[str], Any], weights: Path, wait: Callable[..., None]
) -> None:
    session = controller.session
    click(find("job_bar.training.cancel"))
    wait(lambda: session.training is None)
    version = session.project.add_model(weights / "tiny-pelvis.safetensors", use=False)
    session.training_outcome = "info", "tiny-pelvis-v2 was added and is not in use"
    session.project_changed.emit(session.project)
    find("train_panel.versions").setCurrentRow(0)
    click(find("train_panel.use"))
    assert not find("train_panel.outcome").isVisible()
    assert find("job_bar.message").text() == "tiny-pelvis-v2 is in use."
    assert bench.sections.by_title["Train"].state == ("", "1 case accepted")
    assert find("train_panel.model").text() == "Trains: tiny-pelvis-v2, as chosen in Segment"
    assert session.model == version.path


def test_the_end_of_a_training_takes_no_warning_and_no_question_away(
    controller: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    session, message = controller.session, find("job_bar.message")
    session.say("warning", "2 voxels were not numbers")
    controller.segmentation.region_needed.emit("case1: it is far larger than the model's scans")
    session.training.cancel()
    wait(lambda: session.training is None)
    warning, end = message.text().splitlines()
    assert warning == "⚠ 2 voxels were not numbers"
    assert end == session.training_outcome[1]
    assert message.property("level") == "warning"
    bench.sections.open("Segment")
    assert find("segment_panel.question").isVisible()
    session.say("info", "Saved.")
    assert message.text() == "Saved."
