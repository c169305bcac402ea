"""The controller between session and panels: what is stored, what is said, what a person chose."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.engine.task_list import FineTune
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.session.project import last_project
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.task import Task
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat.window import main_window
from napari_boundaryseg.ui.layers import access, predictions
from napari_boundaryseg.ui.layers.labels import editable_of
from napari_boundaryseg.ui.layers.predictions import MEANINGS
from napari_boundaryseg.ui.widgets.version_list import Version
from napari_boundaryseg.ui.workbench import Workbench


@pytest.fixture
def controller(controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    """The controller of a window with a small scan open."""
    made = hooks.controller_of(controller_viewer)
    made.open(pelvis_files[0])
    wait(lambda: made.session.scan is not None and made.session.job is None)
    return made


@pytest.fixture
def said(controller: Any) -> list[str]:
    heard: list[str] = []
    controller.session.message.connect(lambda level, text: heard.append(text) if text else None)
    return heard


def idle(controller: Any) -> Callable[[], bool]:
    return lambda: controller.session.job is None


def header(bench: Any, title: str) -> str:
    return bench.sections.by_title[title].header.text()


def test_a_stroke_while_labels_are_being_stored_is_not_called_stored(
    controller: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    controller.labels.new(preset("pelvis-mr"))
    mine = controller.tools.layer
    mine.paint((5, 30, 30), 2)
    controller.labels.accept()
    mine.paint((6, 30, 30), 2)
    wait(idle(controller))
    assert not editable_of(mine).is_stored
    wait(lambda: "corrected, not accepted" in header(bench, "Correct"))
    controller.labels.new(preset("prostate"))
    assert [editable.scheme for editable in controller.labels.others()] == [preset("pelvis-mr")]


def test_labels_are_stored_until_the_next_stroke_or_undo(
    controller: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    controller.labels.new(preset("pelvis-mr"))
    mine = controller.tools.layer
    for place in (5, 6):
        mine.paint((place, 30, 30), 2)
    controller.labels.accept()
    wait(idle(controller))
    wait(lambda: "accepted" in header(bench, "Correct") and "not accepted" not in header(bench, "Correct"))
    controller.viewer.dims.set_current_step(0, 3)
    find("correct_panel.organs")
    bench.grab()
    assert editable_of(mine).is_stored
    assert "Stored" in find("correct_panel.accepted").text()
    wait(find("correct_panel.undo").isEnabled)
    find("correct_panel.undo").click()
    wait(lambda: "corrected, not accepted" in header(bench, "Correct"))
    assert find("correct_panel.accepted").text() == ""


def test_scrolling_counts_nothing_and_changes_no_header(
    controller: Any, bench: Any, wait: Callable[..., None], qtbot: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.labels.new(preset("pelvis-mr"))
    controller.tools.layer.paint((5, 30, 30), 2)
    controller.labels.accept()
    wait(idle(controller))
    qtbot.wait(300)
    before = header(bench, "Correct")
    counted: list[int] = []
    controller.tools.edited.connect(lambda: counted.append(1))
    for step in range(10):
        controller.viewer.dims.set_current_step(0, step)
        qtbot.wait(20)
    qtbot.wait(300)
    assert counted == []
    assert header(bench, "Correct") == before


def test_the_box_of_the_prediction_is_stored_with_the_case(controller: Any, wait: Callable[..., None]) -> None:
    box = (slice(10, 50), slice(12, 52), slice(2, 14))
    controller.segmentation.run(lambda: box)
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    (controller.tools.layer).paint((5, 30, 30), 2)
    controller.labels.accept()
    wait(idle(controller))
    (case,) = controller.session.project.cases()
    assert controller.session.project.meaning_of(case)["box"] == [[10, 50], [12, 52], [2, 14]]


def test_accepted_slices_are_stored_with_the_case_and_without_one_all_of_it(
    controller: Any, wait: Callable[..., None], said: list[str]
) -> None:
    """On the scan's own array, whichever way its slices run; a stroke makes its slice count too."""
    controller.labels.new(preset("pelvis-mr"))
    controller.tools.layer.selected_label = 1
    controller.tools.layer.paint((5, 30, 30), 1)
    controller.labels.accept()
    wait(idle(controller))
    project = controller.session.project
    (case,) = project.cases()
    assert project.meaning_of(case)["looked"] is None
    controller.labels.lock(Lock(1, 7), True)
    controller.labels.accept()
    wait(idle(controller))
    (case,) = project.cases()
    looked = LookedAt.model_validate(project.meaning_of(case)["looked"])
    display = controller.session.scan.geometry.display
    own = [display.slice_from_display(0, n) for n in (5, 7)]
    assert looked.axis == own[0][0]
    assert looked.slices == {1: tuple(sorted(n for _, n in own)), 2: (), 3: ()}
    assert any("train a model or judge one: 2 of Bladder." in text for text in said)


def test_an_integer_that_no_organ_has_is_refused_at_accept(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    controller.labels.new(preset("pelvis-mr"))
    controller.tools.layer.paint((5, 30, 30), 9)
    controller.labels.accept()
    wait(idle(controller))
    assert "the labels hold [9]" in find("job_bar.message").text()
    assert controller.session.project.cases() == []


def test_every_warning_stays_until_the_next_job(controller: Any, find: Callable[[str], Any]) -> None:
    message = find("job_bar.message")
    controller.session.say("info", "")
    controller.session.say("warning", "2 voxels were not numbers")
    controller.labels.new(preset("pelvis-mr"))
    controller.tools.layer.paint((5, 30, 30), 2)
    controller.labels.new(preset("prostate"))
    lines = message.text().splitlines()
    assert len(lines) == 2
    assert "2 voxels" in lines[0]
    assert lines[1].startswith("⚠ Set aside, not lost: ")
    controller.labels.new(preset("prostate"))
    assert message.text().splitlines() == lines, "the same is not said twice"
    controller.session.say("error", "The disk is full.")
    assert message.text() == "✕ The disk is full."


def test_a_closed_dock_hears_no_more_of_a_job(
    controller: Any,
    bench: Any,
    qtbot: Any,
    wait: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised: list[Any] = []
    monkeypatch.setattr(sys, "excepthook", lambda *error: raised.append(error))
    job = Job(Task())
    controller.session.jobs.add(job)
    job.report(0.1, "Step 1")
    wait(lambda: bench.job_bar.progress.value() == 100)
    controller.viewer.window.remove_dock_widget(bench)
    bench.deleteLater()
    qtbot.wait(100)
    job.report(0.5, "Step 2")
    controller.session.jobs.remove(job)
    job.end("failed", error="no")
    qtbot.wait(50)
    assert raised == []
    assert "Traceback" not in capsys.readouterr().err
    again = Workbench(controller)
    qtbot.addWidget(again)
    controller.session.jobs.add(other := Job(Task()))
    other.report(0.25, "Step 1")
    wait(lambda: again.job_bar.progress.value() == 250)


@pytest.mark.parametrize("state", ["cancelled", "failed"])
def test_a_training_that_came_to_nothing_shows_no_older_verdict(
    controller: Any, bench: Any, find: Callable[[str], Any], state: Any
) -> None:
    version = Version(
        Path("m-v2.safetensors"),
        "m",
        "now",
        True,
        {"verdict": "better", "n": 3, "change": {"mean": 0.1, "low": 0.0, "high": 0.2}, "cases": []},
    )
    find("train_panel.versions").parentWidget().show_versions([version])
    job = Job(FineTune(model="tiny", cases=(), out_folder="nowhere"))
    controller.session.jobs.add(job)
    controller.session.jobs.remove(job)
    job.end(state, error="no")
    assert "better" not in header(bench, "Train")
    assert state in header(bench, "Train")
    assert not find("train_panel.verdict").isVisible()


def test_the_pause_button_says_what_it_does_also_to_a_screen_reader(
    controller: Any, find: Callable[[str], Any]
) -> None:
    pause = find("train_panel.pause")
    job = Job(FineTune(model="tiny", cases=(), out_folder="nowhere"))
    controller.session.jobs.add(job)
    for paused, text in ((True, "Resume"), (False, "Pause")):
        pause.click()
        assert (job.paused, pause.text(), pause.accessibleName()) == (paused, text, text)
    pause.click()
    controller.session.jobs.remove(job)
    assert (pause.text(), pause.accessibleName()) == ("Pause", "Pause")


def test_a_chosen_model_stays_when_another_scan_opens(
    controller: Any,
    find: Callable[[str], Any],
    weights: Path,
    tmp_path: Path,
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = Path(shutil.copy(weights / "tiny-pelvis.safetensors", tmp_path / "my-own.safetensors"))
    model = find("segment_panel.model")
    assert model.currentText() == "tiny-pelvis"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_, **__: (str(own), "")))
    find("segment_panel.open_model").click()
    assert (model.currentText(), controller.session.model) == ("my-own", own)
    assert "Bladder, Prostate, Rectum" in find("segment_panel.summary").text()
    scan = controller.session.scan
    controller.open(pelvis_files[1])
    wait(lambda: controller.session.scan is not scan and controller.session.job is None)
    assert (model.currentText(), controller.session.model) == ("my-own", own)
    model.setCurrentIndex(model.findText("tiny-pelvis"))
    model.activated.emit(model.currentIndex())
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan.name == "case1" and controller.session.job is None)
    assert model.currentText() == "tiny-pelvis"


def test_a_file_that_is_no_model_is_one_sentence_and_changes_nothing(
    controller: Any, find: Callable[[str], Any], tmp_path: Path
) -> None:
    before = controller.session.model
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    controller.models.open(tmp_path / "bad.safetensors")
    assert find("job_bar.message").text().startswith("✕ bad.safetensors: ")
    assert controller.session.model == before
    assert find("segment_panel.model").findText("bad") < 0


def test_an_existing_project_is_there_after_a_restart(
    make_napari_viewer: Callable[..., Any], tmp_path: Path, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOUNDARYSEG_PROJECT", raising=False)
    last_project.remember(Project(tmp_path / "study").folder)
    controller = hooks.controller_of(make_napari_viewer(show=True))
    bench = Workbench(controller)
    controller.viewer.window.add_dock_widget(bench)
    wait(lambda: controller.session.project is not None)
    assert controller.session.project.folder == tmp_path / "study"
    assert bench.findChild(QWidget, "cases_panel.place").text() == f"Project: {tmp_path / 'study'}"
    controller.close()


def test_a_project_that_has_gone_is_told(
    controller_viewer: Any, tmp_path: Path, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BOUNDARYSEG_PROJECT", raising=False)
    last_project.remember(tmp_path / "gone")
    bench = Workbench(hooks.controller_of(controller_viewer))
    controller_viewer.window.add_dock_widget(bench)
    wait(lambda: "gone: the project folder used last is not there" in bench.job_bar.message.text())


def test_what_a_listener_cannot_show_is_told_by_the_controller(controller: Any, said: list[str]) -> None:
    def refuse(labels: Any) -> None:
        if labels is not None:
            raise InputError("labels", "they cannot be shown", "Close other layers")

    controller.session.labels_changed.connect(refuse)
    controller.labels.new(preset("pelvis-mr"))
    assert said == ["labels: they cannot be shown. Close other layers."]
    assert controller.session.labels is None


def test_a_dropped_scan_that_cannot_be_shown_is_told_and_the_open_one_stays(
    controller: Any, said: list[str], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    scan = controller.session.scan

    def refuse(new: Any) -> None:
        if new is not scan:
            raise InputError(new.name, "it cannot be shown", "Close other programs")

    controller.session.scan_changed.connect(refuse)
    controller.viewer.open(str(pelvis_files[1]), plugin="napari-boundaryseg")
    wait(lambda: said == ["case2: it cannot be shown. Close other programs."])
    assert controller.session.scan is scan
    assert [layer.name for layer in access.of_kind(controller.viewer, "scan")] == ["case1"]


def test_a_map_that_cannot_be_shown_is_told_and_the_others_are_shown(
    controller: Any, said: list[str], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = predictions._show_map

    def show(viewer: Any, scan: Any, kind: str, *more: Any) -> Any:
        if kind == "edges":
            raise MemoryError
        return real(viewer, scan, kind, *more)

    monkeypatch.setattr(predictions, "_show_map", show)
    controller.segmentation.run()
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    assert "There is not enough memory. Draw a box round the organs, or close other programs." in said
    assert {"labels", "contour: Bladder"} <= {layer.name for layer in controller.viewer.layers}
    assert "edges" not in controller.viewer.layers


def test_the_result_of_a_prediction_is_read_without_counting_its_voxels_again(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    count = LabelMap.volumes_ml

    def counted(labels: LabelMap) -> dict[str, float]:
        assert threading.current_thread() is not threading.main_thread(), "a second, slower count"
        return count(labels)

    monkeypatch.setattr(LabelMap, "volumes_ml", counted)
    controller.segmentation.run()
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    found = {i for i in (1, 2, 3) if (controller.session.prediction.labels.array == i).any()}
    text = find("segment_panel.result").text()
    assert text.startswith(f"{len(found)} organ")
    assert ("Not found" in text) == (len(found) < 3)
    controller.tools.layer.paint((5, 30, 30), 2)
    controller.labels.shown.emit()
    assert find("segment_panel.result").text() == text, "it tells of the prediction, not of the corrections"


def test_every_map_says_in_the_layer_list_what_it_means(controller: Any, wait: Callable[..., None]) -> None:
    from qtpy.QtCore import Qt

    controller.segmentation.run()
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    model = main_window(controller.viewer)._qt_viewer.layers.model()
    tips = {model.index(row, 0).data(Qt.ItemDataRole.ToolTipRole) for row in range(model.rowCount())}
    words = {tip.partition("\n")[0]: tip.partition("\n")[2] for tip in tips}
    said = {meaning for (kind, _), meaning in MEANINGS.items() if kind == "contour"}
    assert {words[f"contour: {name}"] for name in controller.session.prediction.contours} <= said
    assert words["edges"].startswith("Probability that a border passes here")
    assert np.asarray(controller.viewer.layers["edges"].data).max() <= 1
