"""Undo and redo go where the change is, say what they did, and stop once before a whole result."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, live
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from scans_of_a_day import THICK, new_labels, open_scan, shown_text, stroke, undo_key, write_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat.canvas import canvas_widget


@pytest.fixture
def controller(
    controller_viewer: Any, bench: Any, wait: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """A scan of 19 slices of 3 mm."""
    controller_viewer.window.resize(1366, 768)
    made = hooks.controller_of(controller_viewer)
    open_scan(made, wait, write_scan(tmp_path / "pelvis.nii.gz", THICK), monkeypatch)
    return made


def at(controller: Any) -> int:
    """The slice in view, as a person reads it."""
    return int(shown_text(controller, "position").split()[1])


def redo_key(controller: Any) -> None:
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(canvas_widget(controller.viewer), Qt.Key.Key_Z, keys)
    live(20)


def test_undo_and_redo_go_to_the_slice_and_say_what_they_did(controller: Any, find: Callable[[str], Any]) -> None:
    new_labels(find, "Pelvis MR")
    find("correct_panel.organs").selectRow(2)
    message = find("job_bar.message")
    for slice_ in (10, 6):
        controller.viewer.dims.set_current_step(0, slice_ - 1)
        stroke(controller)
    find("correct_panel.lock_slice").whole.trigger()
    controller.viewer.dims.set_current_step(0, 3)
    for done, slice_ in (("Lock: slice 6", 6), ("Paint: Rectum, slice 6", 6), ("Paint: Rectum, slice 10", 10)):
        undo_key(controller)
        assert message.text() == f"Undone: {done}."
        assert at(controller) == slice_
    controller.viewer.dims.set_current_step(0, 3)
    redo_key(controller)
    assert message.text() == "Done again: Paint: Rectum, slice 10."
    assert at(controller) == 10
    controller.viewer.dims.set_current_step(0, 3)
    QTest.mouseClick(find("correct_panel.undo"), LEFT)
    assert (message.text(), at(controller)) == ("Undone: Paint: Rectum, slice 10.", 10)
    history = find("correct_panel.history")
    controller.labels.go_to(2)
    assert (message.text(), at(controller)) == ("Back to: Paint: Rectum, slice 6.", 6)
    assert history.count() == 4


def test_a_button_follows_a_key_at_once(controller: Any, find: Callable[[str], Any]) -> None:
    new_labels(find, "Pelvis MR")
    back, forth = find("correct_panel.undo"), find("correct_panel.redo")
    stroke(controller)
    canvas, ctrl = canvas_widget(controller.viewer), Qt.KeyboardModifier.ControlModifier
    for keys, enabled in ((ctrl, (False, True)), (ctrl | Qt.KeyboardModifier.ShiftModifier, (True, False))):
        QTest.keyClick(canvas, Qt.Key.Key_Z, keys)
        assert (back.isEnabled(), forth.isEnabled()) == enabled, "a press that comes now would be lost"


def test_a_stroke_in_another_plane_is_found_there(controller: Any, find: Callable[[str], Any]) -> None:
    new_labels(find, "Pelvis MR")
    controller.view.set_plane("Sagittal")
    live(30)
    stroke(controller)
    where = at(controller)
    controller.viewer.dims.set_current_step(2, 3)
    undo_key(controller)
    assert at(controller) == where
    assert find("job_bar.message").text() == f"Undone: Paint: Bladder, sagittal slice {where}."


@pytest.mark.parametrize("kind", ["model", "opened"])
def test_undo_stops_once_before_a_whole_result(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path, kind: str
) -> None:
    scan = controller.session.scan
    array = np.zeros(scan.geometry.shape, np.uint8)
    array[20:40, 20:40, 5:15] = 2
    formats.write(scan.with_labels(array, preset("pelvis-mr")), tmp_path / "labels.nii.gz")
    controller.labels.open(tmp_path / "labels.nii.gz", preset("pelvis-mr"))
    wait(lambda: controller.session.job is None and controller.tools.layer is not None)
    name = "Opened labels"
    if kind == "model":
        name = "Model: tiny"
        controller.tools.editable.put(name, np.full(scan.geometry.display.display_shape, 1, np.uint8), kind="model")
    layer, message = controller.tools.layer, find("job_bar.message")
    result = layer.data.copy()
    controller.tools.choose(3)
    for right in (40, 80):
        stroke(controller, right)
    undo_key(controller, 3)
    assert (layer.data == result).all(), "three presses take two strokes back"
    assert message.text() == f"Undo once more takes back all of: {name}."
    stroke(controller)
    undo_key(controller, 2)
    assert (layer.data == result).all(), "it stops anew each time"
    undo_key(controller)
    assert not np.array_equal(layer.data, result)
    assert message.text() == f"Undone: {name}."
    redo_key(controller)
    assert np.array_equal(layer.data, result)
