"""Labels in work stay with their scan: left, reopened, restored in another window, set aside, never lost or hidden."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, live
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QMessageBox, QWidget
from scans_of_a_day import FINE, THICK, new_labels, open_scan, shown_text, slices_with, stroke, undo_key, write_scan

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.editing.history.edit import MODEL
from napari_boundaryseg.editing.journal import recovery
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.control import close_dialog
from napari_boundaryseg.ui.docks import WorkbenchDock
from napari_boundaryseg.ui.layers.labels import show_labels


@pytest.fixture
def scans(tmp_path: Path) -> list[Path]:
    """Two scans of different grids."""
    (tmp_path / "monday").mkdir()
    return [write_scan(tmp_path / "monday" / "pelvis.nii.gz", THICK), write_scan(tmp_path / "hippocampus.nii.gz", FINE)]


def state_of(controller: Any) -> tuple[Any, ...]:
    """Everything of the labels in the window that must not be lost."""
    editable, layer = controller.tools.editable, controller.tools.layer
    work = editable.effort.total()
    names, locks = [step.name for step in editable.history.steps], set(editable.history.locks)
    return np.asarray(layer.data).tobytes(), names, locks, work.strokes, work.undos, int(layer.selected_label)


def journals() -> list[Path]:
    from napari_boundaryseg.editing.journal import folders, records

    return folders.sessions(records.default_folder())


def test_going_back_to_a_scan_gives_its_work_back(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, scans[0], monkeypatch)
    new_labels(find, "Pelvis MR")
    find("correct_panel.organs").selectRow(2)
    controller.viewer.dims.set_current_step(0, 4)
    for right in (40, 60, 80):
        stroke(controller, right)
    undo_key(controller)
    find("correct_panel.lock_slice").whole.trigger()
    before = state_of(controller)
    open_scan(controller, wait, scans[1], monkeypatch)
    assert [layer.name for layer in controller.viewer.layers] == ["hippocampus"], "nothing lies hidden in the list"
    assert find("correct_panel.empty").text() != ""
    open_scan(controller, wait, scans[0], monkeypatch)
    assert [layer.name for layer in controller.viewer.layers] == ["pelvis", "labels"]
    assert state_of(controller) == before
    assert shown_text(controller, "position").startswith("slice 5 of 19"), "where one was"
    assert "corrected, not accepted" in find("sections.correct").text()
    assert find("job_bar.message").text() == "Your work on pelvis is here again; it is not accepted."
    table = find("correct_panel.organs")
    assert table.item(table.currentRow(), 0).text() == "Rectum"
    undo_key(controller, 3)
    assert not controller.tools.layer.data.any(), "undo reaches the lock and the strokes of before"
    assert len(journals()) == 1


def test_the_same_scan_opened_again_keeps_its_work(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, scans[0], monkeypatch)
    new_labels(find, "Pelvis MR")
    stroke(controller)
    before = state_of(controller)
    open_scan(controller, wait, scans[0], monkeypatch)
    assert state_of(controller) == before
    controller.viewer.open(str(scans[0]), plugin="napari-boundaryseg")  # dropped on the view
    live(200)
    wait(lambda: controller.tools.layer is not None)
    assert state_of(controller) == before


def test_labels_for_other_organs_set_the_first_ones_aside_in_sight(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, scans[0], monkeypatch)
    controller.viewer.window._qt_window.findChild(QWidget, "sections.correct").click()
    new_labels(find, "Pelvis MR")
    stroke(controller)
    pelvis = state_of(controller)
    others = find("correct_panel.others")
    assert not others.isVisible()
    new_labels(find, "Prostate")
    assert "Set aside, not lost: Bladder, Prostate, Rectum (1 step, not accepted)" in find("job_bar.message").text()
    assert others.isVisible()
    stroke(controller, 90)
    prostate = state_of(controller)
    for wanted, other in ((pelvis, "Prostate"), (prostate, "Bladder")):
        others.menu().aboutToShow.emit()
        (action,) = others.menu().actions()
        assert action.text().startswith(other) is False
        action.trigger()
        live(30)
        assert state_of(controller) == wanted
        assert [layer.name for layer in controller.viewer.layers] == ["pelvis", "labels"]
    open_scan(controller, wait, scans[1], monkeypatch)
    assert not others.isVisible()
    open_scan(controller, wait, scans[0], monkeypatch)
    assert state_of(controller) == prostate, "those in work when the scan was left"
    assert others.isVisible()


def test_closing_counts_the_work_on_every_scan_by_name(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for path, title in zip(scans, ("Pelvis MR", "Hippocampus")):
        open_scan(controller, wait, path, monkeypatch)
        new_labels(find, title)
        stroke(controller)
    asked: list[str] = []

    def keep(box: QMessageBox) -> Any:
        return next(one for one in box.buttons() if one.text() == "Keep and close")

    monkeypatch.setattr(QMessageBox, "exec", lambda box: asked.append(box.text()))
    monkeypatch.setattr(QMessageBox, "clickedButton", keep)
    assert close_dialog.may_close(controller.viewer)
    assert "pelvis" in asked[0] and "hippocampus" in asked[0]
    controller.close()
    assert sorted(work.header.scan_name for work in recovery.recoverable()) == ["hippocampus", "pelvis"]


def test_accepted_labels_leave_nothing_behind_when_another_scan_is_opened(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, scans[0], monkeypatch)
    new_labels(find, "Pelvis MR")
    stroke(controller)
    controller.labels.accept()
    open_scan_now = scans[1]
    wait(lambda: controller.session.job is None)
    open_scan(controller, wait, open_scan_now, monkeypatch)
    assert journals() == []
    assert close_dialog.may_close(controller.viewer) is None


def test_labels_accepted_while_another_scan_opens_are_stored_and_let_go(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, scans[0], monkeypatch)
    new_labels(find, "Pelvis MR")
    stroke(controller)
    controller.labels.accept()
    controller.viewer.open(str(scans[1]), plugin="napari-boundaryseg")  # napari opens beside our jobs
    wait(lambda: controller.session.scan.name == "hippocampus")
    wait(lambda: controller.session.job is None)
    live(50)
    assert journals() == []
    assert len(controller.session.project.cases()) == 1


def test_work_of_many_scans_takes_little_memory(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither the scan nor an array of labels stays: what is kept is packed."""
    open_scan(controller, wait, scans[0], monkeypatch)
    new_labels(find, "Pelvis MR")
    stroke(controller)
    voxels = controller.tools.layer.data.shape
    open_scan(controller, wait, scans[1], monkeypatch)
    live(200)
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, np.ndarray) and one.shape == voxels and one.any()]
    open_scan(controller, wait, scans[0], monkeypatch)
    assert slices_with(controller.tools.layer) == [10]


def another_window(make_napari_viewer: Callable[..., Any]) -> Any:
    """A window that is started later, with the workbench."""
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1366, 768)
    viewer.window.add_dock_widget(WorkbenchDock(viewer), name="Boundary segmentation", area="right")
    return hooks.controller_of(viewer)


@pytest.fixture
def left_by_another(
    make_napari_viewer: Callable[..., Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[Any, ...]:
    """What a window left that was closed with *Keep*: two strokes of the rectum and one undo, on slice 5."""
    first = another_window(make_napari_viewer)
    open_scan(first, wait, scans[0], monkeypatch)
    first.labels.new(preset("pelvis-mr"))
    first.tools.choose(3)
    first.viewer.dims.set_current_step(0, 4)
    for right in (40, 60, 80):
        stroke(first, right)
    undo_key(first)
    first.tools.editable.box = (slice(0, 30), slice(0, 60), slice(0, 19))
    before = state_of(first)
    first.close()
    first.viewer.close()
    return before


def test_work_of_an_earlier_window_is_taken_up_with_its_scan_and_said(
    left_by_another: tuple[Any, ...],
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
) -> None:
    """As with ``napari SCAN -w napari-boundaryseg``: napari reads the scan, and Correct is closed."""
    controller.viewer.open(str(scans[0]), plugin="napari-boundaryseg")
    wait(lambda: controller.tools.layer is not None)
    live(100)
    assert state_of(controller) == left_by_another
    assert controller.tools.editable.box == (slice(0, 30), slice(0, 60), slice(0, 19))
    assert controller.tools.editable.effort.total().seconds > 0
    assert shown_text(controller, "position").startswith("slice 5 of 19"), "where something was drawn"
    assert "corrected, not accepted" in find("sections.correct").text()
    text = find("recovery_notice.text")
    assert text.isVisible() and "was taken up again" in text.text() and "2 steps" in text.text()
    QTest.mouseClick(find("recovery_notice.keep"), LEFT)
    assert not text.isVisible()
    undo_key(controller, 2)
    assert not controller.tools.layer.data.any()


@pytest.fixture
def result_of_another(
    make_napari_viewer: Callable[..., Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> np.ndarray:
    """What a window left in which a model had segmented a scan, and nobody drew: its labels."""
    first = another_window(make_napari_viewer)
    open_scan(first, wait, scans[0], monkeypatch)
    scan, found = first.session.scan, np.zeros((64, 60, 19), np.uint8)
    found[20:40, 20:40, 5:12] = 1
    show_labels(first.viewer, scan, scan.with_labels(found, preset("pelvis-mr")), name="Model: m", kind=MODEL)
    monkeypatch.setattr(QMessageBox, "exec", lambda box: pytest.fail("a result can be made again: nothing is asked"))
    assert close_dialog.may_close(first.viewer) is None
    first.close()
    first.viewer.close()
    return found


def test_a_models_result_is_there_again_with_its_scan_and_is_no_unsaved_work_of_anybody(
    result_of_another: np.ndarray,
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, scans[1], monkeypatch)
    wait(lambda: controller.recovery.looked)
    assert recovery.recoverable() == [] and not find("recovery_notice.text").isVisible()
    open_scan(controller, wait, scans[0], monkeypatch)
    wait(lambda: controller.tools.layer is not None)
    display = controller.session.scan.geometry.display
    np.testing.assert_array_equal(display.from_display(np.asarray(controller.tools.layer.data)), result_of_another)
    assert "here again" in find("job_bar.message").text() and not find("recovery_notice.text").isVisible()
    undo_key(controller, 2)
    assert not controller.tools.layer.data.any()


def test_taken_up_work_is_discarded_by_one_button_and_can_be_restored(
    left_by_another: tuple[Any, ...],
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, scans[0], monkeypatch)
    wait(find("recovery_notice.discard").isVisible)
    QTest.mouseClick(find("recovery_notice.discard"), LEFT)
    assert controller.tools.layer is None
    assert "7 days" in find("job_bar.message").text()
    wait(lambda: len(controller.recovery.discarded()) == 1)
    menu = find("correct_panel.discarded").menu()
    menu.aboutToShow.emit()
    menu.actions()[0].trigger()
    wait(lambda: controller.tools.layer is not None)
    assert state_of(controller) == left_by_another


def test_without_a_scan_the_offer_names_scan_and_folder_and_opens_it(
    left_by_another: tuple[Any, ...], controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    wait(find("recovery_notice.open").isVisible)
    text = find("recovery_notice.text").text()
    assert text.startswith("Unsaved work on pelvis in monday: ")
    QTest.mouseClick(find("recovery_notice.open"), LEFT)
    wait(lambda: controller.tools.layer is not None)
    assert state_of(controller) == left_by_another
    wait(lambda: "was taken up again" in find("recovery_notice.text").text())


def test_later_hides_the_offer_and_the_scan_brings_the_work(
    left_by_another: tuple[Any, ...],
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wait(find("recovery_notice.later").isVisible)
    QTest.mouseClick(find("recovery_notice.later"), LEFT)
    assert not find("recovery_notice.text").isVisible()
    open_scan(controller, wait, scans[1], monkeypatch)
    assert controller.tools.layer is None
    open_scan(controller, wait, scans[0], monkeypatch)
    wait(lambda: controller.tools.layer is not None)
    assert state_of(controller) == left_by_another


def test_the_work_of_a_window_that_lives_is_never_taken(
    make_napari_viewer: Callable[..., Any],
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither that of the scan which it shows, nor that of the one that it showed before."""
    other = another_window(make_napari_viewer)
    for path in scans:
        open_scan(other, wait, path, monkeypatch)
        other.labels.new(preset("pelvis-mr"))
        stroke(other)
    looked: list[Any] = []
    controller.recovery.found.connect(looked.append)
    for path in scans:
        looked.clear()
        open_scan(controller, wait, path, monkeypatch)
        wait(lambda: bool(looked))
        assert looked[-1] == []
        assert controller.tools.layer is None
    other.close()


def test_what_was_begun_meanwhile_is_not_replaced_by_what_is_found(
    left_by_another: tuple[Any, ...],
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    scans: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    controller.session.scan_changed.connect(lambda scan: controller.labels.new(preset("prostate")) if scan else None)
    open_scan(controller, wait, scans[0], monkeypatch)
    wait(lambda: len(controller.recovery.of_scan()) == 1)
    assert controller.tools.editable.scheme == preset("prostate")
    controller.viewer.window._qt_window.findChild(QWidget, "sections.correct").click()
    wait(find("correct_panel.restore").isVisible)
    QTest.mouseClick(find("correct_panel.restore"), LEFT)
    wait(lambda: controller.tools.editable is not None and controller.tools.editable.scheme == preset("pelvis-mr"))
    assert state_of(controller) == left_by_another
