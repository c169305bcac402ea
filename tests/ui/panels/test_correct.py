"""History, locks, results and unsaved work in the real window, by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest
from conftest import organ_centre
from hands import LEFT, drag
from qtpy.QtCore import QPoint, Qt, QTimer
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog, QMessageBox

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal import recovery
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget
from napari_boundaryseg.ui.compat.window import main_window
from napari_boundaryseg.ui.control import close_dialog as closing
from napari_boundaryseg.ui.widgets.organ_table import LOCK

BLADDER, PROSTATE = 1, 2


@pytest.fixture
def controller(controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    """A small scan with its true labels, the Correct section open."""
    made = hooks.controller_of(controller_viewer)
    made.open(pelvis_files[0])
    wait(lambda: made.session.scan is not None and made.session.job is None)
    made.labels.open(pelvis_files[0].with_name("case1_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: "labels" in controller_viewer.layers and made.session.job is None)
    bench.sections.open("Correct")
    return made


def on_canvas(controller: Any, voxel: np.ndarray) -> QPoint:
    """Where a voxel of the slice in view lies on the canvas."""
    canvas, camera, layer = canvas_widget(controller.viewer), camera_of(controller.viewer), controller.tools.layer
    y, x = (float(v) for v in np.asarray(layer.data_to_world(voxel))[-2:])
    centre = camera.center[-2:]
    return QPoint(
        round(canvas.width() / 2 + (x - centre[1]) * camera.zoom),
        round(canvas.height() / 2 + (y - centre[0]) * camera.zoom),
    )


def paint_over(controller: Any, organ: int, over: int) -> int:
    """Draw an organ with the mouse, over the middle of another; on which slice."""
    layer = controller.tools.layer
    centre = organ_centre(layer, over)
    controller.viewer.dims.set_current_step(0, int(centre[0]))
    layer.selected_label = organ
    layer.brush_size = 8
    QTest.keyClick(canvas_widget(controller.viewer), Qt.Key.Key_B)
    start = on_canvas(controller, centre)
    drag(canvas_widget(controller.viewer), start - QPoint(40, 0), start, start + QPoint(40, 0))
    return int(centre[0])


def tick(controller: Any, find: Callable[[str], Any], row: int, on: bool) -> None:
    """Click the lock of an organ."""
    table = find("correct_panel.organs")
    item = table.item(row, LOCK)
    assert (item.checkState() == Qt.CheckState.Checked) != on
    item.setCheckState(Qt.CheckState.Checked if on else Qt.CheckState.Unchecked)


def texts(listed: Any) -> list[str]:
    return [listed.item(row).text() for row in range(listed.count())]


def test_a_locked_bladder_outlives_brush_model_import_and_undo(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    layer, message = controller.tools.layer, find("job_bar.message")
    tick(controller, find, 0, True)
    bladder = np.asarray(layer.data) == BLADDER
    before = layer.data.copy()
    paint_over(controller, PROSTATE, BLADDER)
    assert np.array_equal(layer.data == BLADDER, bladder)
    assert "are locked" in message.text()
    assert "Paint: Prostate" in message.text()
    drawn = layer.data.copy()
    assert not np.array_equal(drawn, before), "the stroke began beside the bladder"

    # A model's result asks first, and then leaves the bladder alone.
    controller.segmentation.run()
    offer = find("segment_panel.offer")
    wait(lambda: bool(offer.text()))
    assert "Locked: Bladder" in offer.text()
    assert "mL" in offer.text()
    assert np.array_equal(layer.data, drawn), "nothing is applied before the answer"
    find("segment_panel.apply").click()
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    assert offer.text() == ""
    assert controller.tools.layer is layer
    assert np.array_equal(layer.data == BLADDER, bladder)
    found = controller.session.scan.geometry.display.to_display(controller.session.prediction.labels.array)
    free = ~bladder & (found != BLADDER)
    assert np.array_equal(layer.data[free], found[free])

    # So does an import; and undo takes everything back without touching it.
    controller.labels.open(pelvis_files[1].with_name("case2_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: controller.session.job is None and texts(find("correct_panel.history"))[-1] == "Opened labels")
    assert np.array_equal(layer.data == BLADDER, bladder)
    for _ in range(5):  # it stops once before each whole result
        find("correct_panel.undo").click()
        assert np.array_equal(layer.data == BLADDER, bladder)
    assert np.array_equal(layer.data, before)


def test_a_discarded_result_changes_nothing(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    layer = controller.tools.layer
    controller.labels.lock(Lock(BLADDER), True)
    before, steps = layer.data.copy(), controller.tools.editable.history.position
    controller.segmentation.run()
    wait(lambda: bool(find("segment_panel.offer").text()))
    find("segment_panel.discard").click()
    assert find("segment_panel.offer").text() == ""
    assert find("sections.segment").text().endswith("result discarded")
    assert controller.session.prediction is None, "nothing is exported of it either"
    assert np.array_equal(layer.data, before)
    assert controller.tools.editable.history.position == steps


def test_a_journal_that_fails_on_its_own_thread_is_told_in_the_window(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    sentence = "journal: the last steps are not on the disk: No space left on device. Free some space."
    Thread(target=lambda: controller.tools.editable.failed.emit(sentence)).start()
    wait(lambda: sentence in find("job_bar.message").text())


def test_the_history_is_a_list_that_one_clicks(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    layer, listed = controller.tools.layer, find("correct_panel.history")
    states, at = [np.zeros_like(layer.data), layer.data.copy()], []
    for organ in (PROSTATE, 3):
        at.append(paint_over(controller, organ, BLADDER))
        states.append(layer.data.copy())
    tick(controller, find, 1, True)
    wait(lambda: listed.count() == 5)
    assert texts(listed) == [
        "Start",
        "Opened labels",
        f"Paint: Prostate, slice {at[0] + 1}",
        f"Paint: Rectum, slice {at[1] + 1}",
        "Lock: Prostate",
    ]
    for row in (1, 3, 0, 2, 4):
        QTest.mouseClick(listed.viewport(), LEFT, pos=visible(listed, row))
        assert np.array_equal(layer.data, states[min(row, 3)])
        assert (Lock(PROSTATE) in controller.tools.editable.history.locks) == (row == 4)
        wait(lambda row=row: listed.currentRow() == row)


def visible(listed: Any, row: int) -> QPoint:
    listed.scrollToItem(listed.item(row))
    return listed.visualItemRect(listed.item(row)).center()


def test_a_locked_slice_stays_and_its_button_says_so(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    layer, lock = controller.tools.layer, find("correct_panel.lock_slice")
    centre = organ_centre(layer, BLADDER)
    controller.viewer.dims.set_current_step(0, int(centre[0]))
    assert lock.text() == f"Slice {centre[0] + 1}: not locked"
    lock.whole.trigger()
    wait(lambda: lock.text() == f"Slice {centre[0] + 1}: locked")
    before = layer.data.copy()
    paint_over(controller, PROSTATE, BLADDER)
    assert np.array_equal(layer.data, before)
    controller.viewer.dims.set_current_step(0, int(centre[0]) - 1)
    assert lock.text() == f"Slice {centre[0]}: not locked"
    layer.selected_label = BLADDER
    lock.organ.trigger()
    wait(lambda: lock.text() == f"Slice {centre[0]}: partly locked")
    assert Lock(BLADDER, int(centre[0]) - 1) in controller.tools.editable.history.locks


def test_effort_is_counted_and_saved(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    paint_over(controller, PROSTATE, BLADDER)
    find("correct_panel.undo").click()
    wait(lambda: "1 stroke ·" in find("correct_panel.effort").text())
    assert "1 undo" in find("correct_panel.effort").text()
    path = tmp_path / "effort.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", staticmethod(lambda *a, **k: (str(path), "")))
    find("correct_panel.save_effort").click()
    rows = [line.split(",") for line in path.read_text().splitlines()]
    (row,) = [row for row in rows if row[1] == "Prostate" and row[3] == "1"]
    mm = 80 / camera_of(controller.viewer).zoom
    assert float(row[4]) == pytest.approx(mm, rel=0.1), "80 pixels, in mm"


def answer(role: QMessageBox.ButtonRole, seen: list[str]) -> None:
    """Press a button of the question that is about to come."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):  # it is not there yet
            QTimer.singleShot(20, press)
            return
        seen.append(box.text())
        (wanted,) = [one for one in box.buttons() if box.buttonRole(one) == role]
        wanted.click()

    QTimer.singleShot(20, press)


def test_closing_asks_by_name_and_does_as_told(controller: Any, tmp_path: Path) -> None:
    journals = tmp_path / "data" / "napari-boundaryseg" / "journal"
    assert closing.may_close(controller.viewer) is None, "labels that come from a file are not lost"
    paint_over(controller, PROSTATE, BLADDER)
    seen: list[str] = []
    answer(QMessageBox.ButtonRole.RejectRole, seen)
    window = main_window(controller.viewer)
    window.close(quit_app=False, confirm_need=True)
    assert window.isVisible()
    assert "case1" in seen[0]
    answer(QMessageBox.ButtonRole.DestructiveRole, seen)
    assert closing.may_close(controller.viewer)
    assert recovery.recoverable(journals) == []
    assert len(recovery.recoverable(journals, discarded=True)) == 1


def test_removed_labels_are_offered_back_previewed_and_restored(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    controller.labels.lock(Lock(3), True)
    paint_over(controller, PROSTATE, BLADDER)
    wanted = controller.tools.layer.data.copy()
    controller.viewer.layers.remove("labels")
    restore = find("correct_panel.restore")
    wait(restore.isVisible)
    assert "3 steps" in find("correct_panel.recovery").text()
    assert "Prostate" in find("correct_panel.recovery").text()
    find("correct_panel.preview").click()
    wait(lambda: "preview: unsaved work" in controller.viewer.layers)
    assert np.array_equal(controller.viewer.layers["preview: unsaved work"].data, wanted)
    restore.click()
    assert "preview: unsaved work" not in controller.viewer.layers
    wait(lambda: "labels" in controller.viewer.layers)
    layer = controller.tools.layer
    assert np.array_equal(layer.data, wanted)
    assert Lock(3) in controller.tools.editable.history.locks
    assert not restore.isVisible()
    wait(lambda: find("correct_panel.history").count() == 4)
    layer.undo()
    assert not np.array_equal(layer.data, wanted)
    layer.redo()
    assert np.array_equal(layer.data, wanted)
    assert controller.tools.editable.journal is not None
    assert not controller.labels.is_stored()
