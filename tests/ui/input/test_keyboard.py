"""Keys act wherever the focus is, are eaten by nothing, and stay letters where text is written."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, drag, live
from qtpy import sip
from qtpy.QtCore import QEvent, QPoint, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QComboBox,
    QDockWidget,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.compat.canvas import canvas_widget
from napari_boundaryseg.ui.compat.events import key_names, typed
from napari_boundaryseg.ui.compat.window import main_window
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.widgets.appearance import STRIP_COLOURS

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
TOOLS = {Qt.Key.Key_B: "paint", Qt.Key.Key_E: "erase", Qt.Key.Key_F: "fill", Qt.Key.Key_P: "polygon"}


def click_organ(table: Any, row: int) -> None:
    """Choose an organ as a person does; the table has the focus then."""
    place = table.visualItemRect(table.item(row, 0)).center()
    QTest.mouseClick(table.viewport(), LEFT, pos=place)
    table.setFocus()


def stroke(viewer: Any) -> None:
    canvas = canvas_widget(viewer)
    start = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, start, start + QPoint(20, 10), start + QPoint(40, 20))
    live(200)


def test_a_tool_key_after_an_organ_was_clicked_takes_the_tool_and_not_another_organ(
    drawing: Any, find: Callable[[str], Any]
) -> None:
    table, labels = find("correct_panel.organs"), drawing.tools.layer
    click_organ(table, 2)
    assert labels.selected_label == 3
    for key, mode in TOOLS.items():
        QTest.keyClick(table, key)
        assert str(labels.mode) == mode
        assert (labels.selected_label, table.currentRow()) == (3, 2)
    QTest.keyClick(table, Qt.Key.Key_B)
    before = labels.data.copy()
    stroke(drawing.viewer)
    assert set(np.unique(labels.data[labels.data != before])) == {3}
    click_organ(table, 0)
    for letter in (Qt.Key.Key_R, Qt.Key.Key_X):  # no key of ours, and no search for Rectum either
        QTest.keyClick(table, letter)
        assert (labels.selected_label, table.currentRow()) == (1, 0)


def test_a_letter_moves_no_highlight_of_the_history(drawing: Any, find: Callable[[str], Any]) -> None:
    history, labels = find("correct_panel.history"), drawing.tools.layer
    QTest.keyClick(canvas_widget(drawing.viewer), Qt.Key.Key_B)
    stroke(drawing.viewer)
    painted, row = labels.data.copy(), history.currentRow()
    for letter in (Qt.Key.Key_P, Qt.Key.Key_L, Qt.Key.Key_S, Qt.Key.Key_Up, Qt.Key.Key_Home):
        QTest.keyClick(history, letter)
        assert history.currentRow() == row
        np.testing.assert_array_equal(labels.data, painted)


def test_keys_act_wherever_the_focus_is(drawing: Any, bench: Any, find: Callable[[str], Any]) -> None:
    viewer, labels = drawing.viewer, drawing.tools.layer
    window = main_window(viewer)
    places = [
        canvas_widget(viewer),
        window,
        bench,
        find("correct_panel.organs"),
        find("correct_panel.history"),
        find("correct_panel.accept"),
        find("correct_panel.size"),
        find("segment_panel.model"),
        find("sections.correct"),
        window.findChild(QWidget, "layerList") or window,
    ]
    for place in places:
        labels.mode = "pan_zoom"
        QTest.keyClick(place, Qt.Key.Key_B)
        assert str(labels.mode) == "paint", place.objectName()
        QTest.keyClick(place, Qt.Key.Key_2)
        assert labels.selected_label == 2, place.objectName()
        QTest.keyClick(place, Qt.Key.Key_1)
        assert labels.selected_label == 1, place.objectName()
    model = find("segment_panel.model").currentIndex()
    QTest.keyClick(find("segment_panel.model"), Qt.Key.Key_P)
    assert find("segment_panel.model").currentIndex() == model


def test_keys_act_in_a_dock_that_floats_and_in_no_dialog(drawing: Any, bench: Any) -> None:
    labels, dock = drawing.tools.layer, bench.parentWidget()
    while not isinstance(dock, QDockWidget):
        dock = dock.parentWidget()
    dock.setFloating(True)
    live(50)
    QTest.keyClick(bench, Qt.Key.Key_B)
    assert str(labels.mode) == "paint"
    dock.setFloating(False)
    QTest.keyClick(canvas_widget(drawing.viewer), Qt.Key.Key_Question)
    QTest.keyClick(canvas_widget(drawing.viewer), "?")
    sheet = main_window(drawing.viewer).findChild(QWidget, "help.sheet")
    QTest.keyClick(sheet, Qt.Key.Key_E)
    assert str(labels.mode) == "paint"
    sheet.close()


@pytest.fixture
def fields(drawing: Any, bench: Any) -> QWidget:
    """A dock with places to write in."""
    made = QWidget()
    rows = QVBoxLayout(made)
    editable = QComboBox()
    editable.setEditable(True)
    for name, field in (("line", QLineEdit()), ("spin", QSpinBox()), ("combo", editable)):
        field.setObjectName(name)
        rows.addWidget(field)
    drawing.viewer.window.add_dock_widget(made, name="fields", area="left")
    return made


def test_where_text_is_written_keys_are_letters(drawing: Any, fields: QWidget) -> None:
    labels = drawing.tools.layer
    line, spin = fields.findChild(QLineEdit, "line"), fields.findChild(QSpinBox, "spin")
    combo = fields.findChild(QComboBox, "combo")
    before, organ = labels.data.copy(), labels.selected_label
    for field in (line, spin, combo, combo.lineEdit()):
        field.setFocus()
        for key in (*TOOLS, Qt.Key.Key_2, Qt.Key.Key_Home, Qt.Key.Key_Up, Qt.Key.Key_Escape, Qt.Key.Key_H):
            QTest.keyClick(field, key)
        QTest.keyClick(field, Qt.Key.Key_Z, CONTROL)
        assert str(labels.mode) == "pan_zoom"
        assert labels.selected_label == organ
        np.testing.assert_array_equal(labels.data, before)
    line.clear()
    QTest.keyClicks(line, "beef 21?")
    assert line.text() == "beef 21?"


def test_keys_act_on_our_labels_when_another_layer_is_chosen_and_say_so(
    drawing: Any, find: Callable[[str], Any]
) -> None:
    viewer, labels = drawing.viewer, drawing.tools.layer
    shapes = viewer.add_shapes(name="measures", ndim=3)
    other = viewer.add_labels(np.zeros((8, 8, 8), np.uint8), name="theirs")
    for layer in (access.only(viewer, "scan"), shapes, other):
        viewer.layers.selection.active = layer
        labels.mode = "pan_zoom"
        QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_B)
        assert viewer.layers.selection.active is labels
        assert str(labels.mode) == "paint"
        assert layer.name in find("job_bar.message").text()
        assert str(layer.mode) == "pan_zoom"
    viewer.layers.selection.active = shapes
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_2)
    assert (labels.selected_label, len(shapes.data)) == (2, 0)
    assert viewer.layers.selection.active is labels
    viewer.layers.remove(other)  # the layer that is chosen then is not ours
    viewer.layers.selection.active = None
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_E)
    assert str(labels.mode) == "erase"


def test_a_hidden_layer_of_labels_is_shown_when_a_tool_is_taken(drawing: Any) -> None:
    labels = drawing.tools.layer
    labels.visible = False
    QTest.keyClick(canvas_widget(drawing.viewer), Qt.Key.Key_B)
    assert labels.visible
    assert str(labels.mode) == "paint"


def test_another_plugins_labels_keep_their_own_undo(drawing: Any) -> None:
    viewer, labels = drawing.viewer, drawing.tools.layer
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_B)
    stroke(viewer)
    painted = labels.data.copy()
    other = viewer.add_labels(np.zeros((8, 8, 8), np.uint8), name="theirs")
    other.paint((1, 1, 1), 1)
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_Z, CONTROL)
    assert not other.data.any()
    np.testing.assert_array_equal(labels.data, painted)


def test_undo_and_redo_by_each_of_their_keys(drawing: Any, find: Callable[[str], Any]) -> None:
    viewer, labels = drawing.viewer, drawing.tools.layer
    before = labels.data.copy()
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_B)
    stroke(viewer)
    painted, table = labels.data.copy(), find("correct_panel.organs")
    for key, mods in ((Qt.Key.Key_Y, CONTROL), (Qt.Key.Key_Z, CONTROL | SHIFT)):
        QTest.keyClick(table, Qt.Key.Key_Z, CONTROL)
        np.testing.assert_array_equal(labels.data, before)
        QTest.keyClick(table, key, mods)
        np.testing.assert_array_equal(labels.data, painted)
    assert viewer.dims.ndisplay == 2  # napari's Ctrl+Y


def test_one_key_accepts(drawing: Any, find: Callable[[str], Any], wait: Callable[..., None]) -> None:
    QTest.keyClick(find("correct_panel.organs"), Qt.Key.Key_Return, CONTROL)
    wait(lambda: drawing.session.project is not None and len(drawing.session.project.cases()) == 1)
    wait(lambda: drawing.session.job is None)


def test_without_labels_of_ours_the_keys_are_naparis(
    controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    theirs = controller_viewer.add_labels(np.zeros((8, 8, 8), np.uint8), name="theirs")
    QTest.keyClick(canvas_widget(controller_viewer), Qt.Key.Key_1)
    assert str(theirs.mode) == "erase"
    QTest.keyClick(canvas_widget(controller_viewer), Qt.Key.Key_P)
    assert str(theirs.mode) == "paint"


def test_the_status_bar_tells_our_keys(drawing: Any) -> None:
    viewer, labels = drawing.viewer, drawing.tools.layer
    for layer in (labels, access.only(viewer, "scan"), viewer.add_points(name="theirs", ndim=3)):
        viewer.layers.selection.active = layer
        assert viewer.help.startswith("B: brush, E: eraser, F: fill, P: polygon")
        assert "use <" not in viewer.help
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_P)
    assert "Enter or double click applies" in viewer.help
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_Escape)
    assert str(labels.mode) == "pan_zoom"
    assert viewer.help.startswith("B: brush")


def test_the_help_sheet_lists_every_key(drawing: Any, find: Callable[[str], Any]) -> None:
    QTest.mouseClick(find("help.keys"), LEFT)
    sheet = main_window(drawing.viewer).findChild(QWidget, "help.sheet")
    assert sheet.isVisible()
    said = "".join(label.text() for label in sheet.findChildren(QLabel))
    for group in keys.GROUPS:
        for key, words in keys.rows(group):
            assert f"<b>{key}</b>" in said
            assert escape(words) in said
    assert sheet.height() <= 680, "a screen of 768 pixels has it whole"
    assert sheet.width() <= 1340, "and one of 1366 across"
    live(50)
    area = sheet.findChild(QScrollArea)
    assert (area.verticalScrollBar().maximum(), area.horizontalScrollBar().maximum()) == (0, 0), "nothing is cut off"
    for label in sheet.findChildren(QLabel):
        assert label.height() >= label.heightForWidth(label.width()), label.text()
        assert label.visibleRegion().boundingRect().height() == label.height(), label.text()
    sheet.resize(900, 400)
    live(50)
    assert area.verticalScrollBar().maximum() > 0, "on a smaller screen it scrolls"
    assert all(words in said for words in STRIP_COLOURS), "what the colours over the slider mean"
    QTest.mouseClick(sheet.findChild(QPushButton, "help.close"), LEFT)
    assert not sheet.isVisible()


def test_an_event_that_python_takes_for_another_is_known_by_its_type() -> None:
    press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_B, Qt.KeyboardModifier.NoModifier, "b")
    taken_for_another = sip.cast(press, QEvent)
    assert not hasattr(taken_for_another, "key")
    assert key_names(typed(taken_for_another)) == ("B",)
    assert typed(press) is press
    other = QEvent(QEvent.Type.Resize)
    assert typed(other) is other
