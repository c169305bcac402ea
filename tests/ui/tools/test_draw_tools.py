"""Our own drawing tools by mouse and keys: labels that follow, one step, rings, settings, locks, calling off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hands import LEFT, drag, live, move
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent, QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.history.slice_work import SliceState, slice_states
from napari_boundaryseg.editing.tools.draw_tool import draw_tools
from napari_boundaryseg.ui.compat.canvas import canvas_widget, view_canvas
from napari_boundaryseg.ui.views.pixels import mm_per_pixel, to_pixel, to_point

RECTUM = 3
TOOLS = draw_tools()


def key_of(name: str) -> Any:
    return getattr(Qt.Key, f"Key_{TOOLS[name].key}")


def right_border(drawing: Any, viewer: Any, canvas: Any, axis: int) -> QPoint:
    """The pixel at the border of the rectum, to the right of its middle, in a view across an axis."""
    layer, at = drawing.tools.layer, list(drawing.grid.voxel())
    mask = np.asarray(layer.data) == RECTUM
    plane = np.moveaxis(mask, axis, 0)[at[axis]]
    rows = np.flatnonzero(plane.any(1))
    row = int(rows[len(rows) // 2])
    column = int(np.flatnonzero(plane[row])[-1])
    voxel = [row + 0.0, column + 0.5]
    voxel.insert(axis, at[axis])
    point = tuple(n * mm for n, mm in zip(voxel, layer.scale))
    return to_pixel(viewer, canvas, point).toPoint()


def press(canvas: Any, at: QPoint) -> None:
    move(canvas, at)
    live(30)
    QTest.mousePress(canvas, LEFT, pos=at)
    live(20)


def go(canvas: Any, *way: QPoint) -> None:
    for at in way:
        move(canvas, at, LEFT)
        live(20)


@pytest.fixture
def pull(rectum: Any) -> Any:
    """Pull in hand, for the rectum."""
    QTest.keyClick(canvas_widget(rectum.viewer), key_of("pull"))
    return rectum


def test_the_labels_follow_the_mouse_and_are_one_step_when_it_is_let_go(pull: Any, find: Callable[[str], Any]) -> None:
    labels, canvas, history = pull.tools.layer, canvas_widget(pull.viewer), pull.tools.editable.history
    before, first = labels.data.copy(), history.position
    start = right_border(pull, pull.viewer, canvas, 0)
    press(canvas, start)
    go(canvas, start + QPoint(8, 0), start + QPoint(20, 0))
    seen = np.array(labels.data)
    assert (seen == RECTUM).sum() > (before == RECTUM).sum()
    assert history.position == first, "no step while the mouse is down"
    go(canvas, start + QPoint(8, 0), start + QPoint(20, 0))
    np.testing.assert_array_equal(labels.data, seen)
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(20, 0))
    live(300)
    np.testing.assert_array_equal(labels.data, seen)
    assert history.position == first + 1
    assert history.top.name.startswith("Pull: Rectum, slices ")
    assert history.top.hand == (0, pull.grid.slice())
    states = slice_states(history, RECTUM, 0)
    assert states[pull.grid.slice()] is SliceState.CORRECTED
    assert SliceState.CARRIED in states, "what followed on other slices was not looked at"
    work = pull.tools.editable.effort.total()
    assert work.strokes == 1
    assert work.path_mm == pytest.approx((20 + 2 * 12) * abs(mm_per_pixel(pull.viewer)[0]), rel=0.2)
    QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(labels.data, before)


def test_a_pull_that_moves_what_was_corrected_beside_it_says_where(pull: Any, find: Callable[[str], Any]) -> None:
    canvas, at = canvas_widget(pull.viewer), pull.grid.slice()
    drag_by = QPoint(20, 0)
    start = right_border(pull, pull.viewer, canvas, 0)
    drag(canvas, start, start + QPoint(8, 0), start + drag_by)
    live(300)
    assert "also moved" not in find("job_bar.message").text(), "the others were as the model had left them"
    pull.grid.show_slice(at + 1)
    live(100)
    start = right_border(pull, pull.viewer, canvas, 0)
    drag(canvas, start, start + QPoint(8, 0), start + drag_by)
    live(300)
    said = find("job_bar.message").text()
    assert said == f"It also moved the border on slice {at + 1}, which you had corrected."


def test_the_interface_says_why_a_press_beside_the_organs_does_nothing(rectum: Any, find: Callable[[str], Any]) -> None:
    canvas, first = canvas_widget(rectum.viewer), rectum.tools.editable.history.position
    QTest.keyClick(canvas, key_of("interface_brush"))
    drag(canvas, QPoint(5, 5), QPoint(15, 5), QPoint(25, 5))
    live(200)
    assert rectum.tools.editable.history.position == first
    assert "press inside an organ" in find("job_bar.message").text()


@pytest.mark.parametrize("undo", [False, True])
def test_escape_or_undo_calls_a_stroke_off(pull: Any, undo: bool) -> None:
    labels, canvas, history = pull.tools.layer, canvas_widget(pull.viewer), pull.tools.editable.history
    before, first = labels.data.copy(), history.position
    start = right_border(pull, pull.viewer, canvas, 0)
    press(canvas, start)
    go(canvas, start + QPoint(20, 0))
    assert (labels.data != before).any()
    if undo:
        QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    else:
        QTest.keyClick(canvas, Qt.Key.Key_Escape)
    np.testing.assert_array_equal(labels.data, before)
    go(canvas, start + QPoint(40, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(40, 0))
    np.testing.assert_array_equal(labels.data, before)
    assert history.position == first
    assert pull.tools.state()[0] == "pull", "the tool is still in hand"
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert pull.tools.state()[0] == "pan_zoom"


def test_nothing_beyond_the_ring_changes_and_the_ring_is_seen(pull: Any) -> None:
    labels, canvas = pull.tools.layer, canvas_widget(pull.viewer)
    mark = canvas.findChild(QWidget, "stroke_mark")
    before = labels.data.copy()
    start, end = right_border(pull, pull.viewer, canvas, 0), QPoint(25, 10)
    press(canvas, start)
    go(canvas, start + end)
    assert mark.isVisible()
    assert mark.at == QPointF(start + end)
    ring = mark.radius_px * abs(mm_per_pixel(pull.viewer)[0])
    QTest.mouseRelease(canvas, LEFT, pos=start + end)
    middle = to_point(pull.viewer, canvas, QPointF(start + end))
    away = np.linalg.norm((np.argwhere(labels.data != before) * labels.scale) - middle, axis=1)
    assert len(away)
    assert away.max() <= ring


def test_shift_and_wheel_set_the_ring_and_the_form_shows_it(pull: Any, find: Callable[[str], Any]) -> None:
    canvas = canvas_widget(pull.viewer)
    field = find("correct_panel.pull.radius_mm")
    before = field.value()
    at = QPointF(canvas.width() / 2, canvas.height() / 2)
    shift, none = Qt.KeyboardModifier.ShiftModifier, Qt.MouseButton.NoButton
    wheel = QWheelEvent(at, at, QPoint(), QPoint(0, 240), none, shift, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(canvas, wheel)
    assert field.value() == pytest.approx(before * 1.21, abs=0.15)
    assert pull.tools.own.ring_mm() == pytest.approx(field.value())
    field.setValue(7.5)
    assert pull.tools.own.ring_mm() == pytest.approx(7.5)
    assert not find("correct_panel.size").isVisible(), "that is the size of another tool"
    QTest.keyClick(canvas, Qt.Key.Key_B)
    assert not field.isVisible()
    assert find("correct_panel.size").isVisible()
    QTest.keyClick(canvas, key_of("pull"))
    assert field.value() == 7.5


def test_locked_organs_stay_and_it_is_said(pull: Any) -> None:
    said: list[str] = []
    pull.session.message.connect(lambda level, text: said.append(text))
    labels, canvas = pull.tools.layer, canvas_widget(pull.viewer)
    pull.labels.lock(Lock(RECTUM), True)
    before, first = labels.data.copy(), pull.tools.editable.history.position
    start = right_border(pull, pull.viewer, canvas, 0)
    press(canvas, start)
    go(canvas, start + QPoint(20, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(20, 0))
    np.testing.assert_array_equal(labels.data, before)
    assert pull.tools.editable.history.position == first
    assert any("Pull: Rectum" in text and "locked" in text for text in said), said


def test_a_result_that_comes_during_a_stroke_is_not_written_over(pull: Any) -> None:
    labels, canvas, editable = pull.tools.layer, canvas_widget(pull.viewer), pull.tools.editable
    start = right_border(pull, pull.viewer, canvas, 0)
    press(canvas, start)
    go(canvas, start + QPoint(20, 0))
    editable.put("Model", np.zeros_like(labels.data), kind="model")
    go(canvas, start + QPoint(30, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(30, 0))
    assert not labels.data.any()
    assert editable.history.top.name == "Model"


@pytest.mark.parametrize("plane", [0, 1])
def test_in_the_other_planes_too(pull: Any, plane: int) -> None:
    pull.view.show_three_planes(True)
    live(300)
    view = pull.view.planes.views[plane]
    canvas, axis = view_canvas(view.widget), view.grid.axis
    assert axis != 0
    before = pull.tools.layer.data.copy()
    start = right_border(pull, view.model, canvas, axis)
    press(canvas, start)
    go(canvas, start + QPoint(15, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(15, 0))
    assert (pull.tools.layer.data != before).any()
    assert pull.tools.editable.history.top.hand == (axis, view.grid.slice())


def test_the_interface_is_named_after_the_organ_that_was_pressed(rectum: Any) -> None:
    canvas, labels, at = canvas_widget(rectum.viewer), rectum.tools.layer, rectum.grid.slice()
    start = right_border(rectum, rectum.viewer, canvas, 0)
    right = rectum.tools.layer.data[at].copy()
    right[(right == 0) & (np.arange(right.shape[1]) > right.shape[1] // 2)] = 2
    rectum.tools.editable.put("The prostate to the right of it", right[None], (slice(at, at + 1), *[slice(None)] * 2))
    rectum.tools.choose(1)
    QTest.keyClick(canvas, key_of("interface_brush"))
    before = labels.data.copy()
    press(canvas, start - QPoint(8, 0))
    go(canvas, start + QPoint(2, 0), start + QPoint(10, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(10, 0))
    changed = labels.data != before
    assert set(before[changed]) == {2}
    assert set(labels.data[changed]) == {RECTUM}
    assert rectum.tools.editable.history.top.name.startswith("Interface: Rectum")


def test_what_commits_a_stroke_before_it_is_let_go_makes_it_the_same_step(pull: Any) -> None:
    canvas, history = canvas_widget(pull.viewer), pull.tools.editable.history
    start = right_border(pull, pull.viewer, canvas, 0)
    press(canvas, start)
    go(canvas, start + QPoint(20, 0))
    drawn = np.array(pull.tools.layer.data)
    QTest.keyClick(canvas, Qt.Key.Key_A)
    step, lock = history.steps[-2:]
    assert step.name.startswith("Pull: Rectum")
    assert step.hand == (0, lock.lock.slice)
    go(canvas, start + QPoint(35, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(35, 0))
    np.testing.assert_array_equal(pull.tools.layer.data, drawn)
    assert history.steps[-1] is lock
    assert pull.tools.editable.effort.total().strokes == 1


def test_a_double_click_is_two_strokes_and_zooms_nothing(rectum: Any) -> None:
    canvas, viewer, history = canvas_widget(rectum.viewer), rectum.viewer, rectum.tools.editable.history
    QTest.keyClick(canvas, key_of("nudge"))
    at, zoom, first = right_border(rectum, viewer, canvas, 0) - QPoint(4, 0), viewer.camera.zoom, history.position
    QTest.mouseClick(canvas, LEFT, pos=at)
    further = at + QPoint(8, 0)
    places = QPointF(further), QPointF(canvas.mapToGlobal(further))
    twice = QMouseEvent(QEvent.Type.MouseButtonDblClick, *places, LEFT, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(canvas, twice)
    QTest.mouseRelease(canvas, LEFT, pos=further)
    live(100)
    assert viewer.camera.zoom == zoom
    assert history.position == first + 2
    assert rectum.tools.own.stroke is None


def test_labels_that_are_hidden_are_shown_before_they_are_drawn_on(pull: Any) -> None:
    labels, canvas = pull.tools.layer, canvas_widget(pull.viewer)
    before, start = labels.data.copy(), right_border(pull, pull.viewer, canvas, 0)
    labels.visible = False
    press(canvas, start)
    go(canvas, start + QPoint(20, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(20, 0))
    np.testing.assert_array_equal(labels.data, before)
    assert labels.visible


def test_a_view_that_closes_during_a_stroke_ends_it(pull: Any) -> None:
    pull.view.show_three_planes(True)
    live(300)
    view = pull.view.planes.views[0]
    canvas = view_canvas(view.widget)
    start = right_border(pull, view.model, canvas, view.grid.axis)
    press(canvas, start)
    go(canvas, start + QPoint(15, 0))
    drawn = np.array(pull.tools.layer.data)
    pull.view.show_three_planes(False)
    live(300)
    assert pull.tools.own.stroke is None
    assert pull.tools.editable.history.top.name.startswith("Pull: Rectum")
    QTest.keyClick(canvas_widget(pull.viewer), Qt.Key.Key_Escape)
    np.testing.assert_array_equal(pull.tools.layer.data, drawn)


def test_labels_that_go_during_a_stroke_take_it_with_them(pull: Any) -> None:
    canvas = canvas_widget(pull.viewer)
    start = right_border(pull, pull.viewer, canvas, 0)
    press(canvas, start)
    go(canvas, start + QPoint(10, 0))
    pull.viewer.layers.remove(pull.tools.layer)
    go(canvas, start + QPoint(20, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(20, 0))
    assert pull.tools.own.stroke is None


def test_naparis_preserve_labels_holds_for_what_takes_from_other_organs(rectum: Any) -> None:
    labels, canvas, at = rectum.tools.layer, canvas_widget(rectum.viewer), rectum.grid.slice()
    start = right_border(rectum, rectum.viewer, canvas, 0)
    right = labels.data[at].copy()
    right[(right == 0) & (np.arange(right.shape[1]) > right.shape[1] // 2)] = 2
    rectum.tools.editable.put("The prostate to the right of it", right[None], (slice(at, at + 1), *[slice(None)] * 2))
    labels.preserve_labels = True
    QTest.keyClick(canvas, key_of("interface_brush"))
    before = labels.data.copy()
    press(canvas, start - QPoint(8, 0))
    go(canvas, start + QPoint(10, 0))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(10, 0))
    np.testing.assert_array_equal(labels.data, before)


def test_the_models_border_needs_a_model_that_has_looked_for_the_organ(rectum: Any) -> None:
    said: list[str] = []
    rectum.session.message.connect(lambda level, text: said.append(text))
    labels, canvas, own = rectum.tools.layer, canvas_widget(rectum.viewer), rectum.tools.own
    QTest.keyClick(canvas, key_of("model_border"))
    start, before = right_border(rectum, rectum.viewer, canvas, 0), labels.data.copy()
    QTest.mouseClick(canvas, LEFT, pos=start)
    assert any("No model has looked for this organ" in text for text in said)
    np.testing.assert_array_equal(labels.data, before)
    own.model_labels = lambda editable, organ: (np.zeros_like(labels.data), None)
    QTest.mouseClick(canvas, LEFT, pos=start)
    assert set(before[labels.data != before]) == {RECTUM}


@pytest.mark.parametrize("radius", [0.3, 0.5, 6.0])
def test_a_notch_of_the_wheel_always_changes_the_ring(pull: Any, radius: float) -> None:
    own = pull.tools.own
    own._least_mm = lambda: 0.1
    for by in (1, -1):
        own.set_settings(own.settings("pull").model_copy(update={"radius_mm": radius}))
        own.resize(by)
        assert (own.settings("pull").radius_mm - radius) * by > 0.05


@pytest.mark.parametrize("name", TOOLS)
def test_each_tool_is_taken_by_its_key_and_its_button_and_draws(
    rectum: Any, find: Callable[[str], Any], name: str
) -> None:
    canvas, button = canvas_widget(rectum.viewer), find(f"correct_panel.tool.{name}")
    QTest.keyClick(canvas, key_of(name))
    assert button.isChecked()
    assert rectum.tools.state()[0] == name
    assert TOOLS[name].words in find("correct_panel.tool_text").text()
    assert rectum.viewer.help == TOOLS[name].words
    start, at, labels = right_border(rectum, rectum.viewer, canvas, 0), rectum.grid.slice(), rectum.tools.layer
    right = labels.data[at].copy()
    if name == "interface_brush":
        right[(right == 0) & (np.arange(right.shape[1]) > right.shape[1] // 2)] = 2
        rectum.tools.editable.put("Another organ", right[None], (slice(at, at + 1), slice(None), slice(None)))
    rectum.tools.own.model_labels = lambda editable, organ: (np.zeros_like(labels.data), None)
    before, first = labels.data.copy(), rectum.tools.editable.history.position
    press(canvas, start - QPoint(3, 0))
    go(canvas, start + QPoint(16, 0), start + QPoint(16, 10), start + QPoint(-3, 10))
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(-3, 10))
    live(200)
    assert (labels.data != before).any()
    assert rectum.tools.editable.history.position == first + 1
    QTest.mouseClick(button, LEFT)
    assert rectum.tools.state()[0] == "pan_zoom"
    assert not button.isChecked()


def test_it_is_said_what_a_stroke_spared(pull: Any, find: Callable[[str], Any]) -> None:
    """A pull into a neighbour leaves that as it is; the labels alone do not show why the border did not follow."""
    history = pull.tools.editable.history
    at = pull.grid.slice()
    organ = pull.tools.state()[2]
    mask = history.array[at] == organ
    rows, columns = np.nonzero(mask)
    row = int(rows[len(rows) // 2])
    edge = int(columns[rows == row].max())
    box = (slice(at, at + 1), slice(None), slice(edge + 1, edge + 4))
    values = history.array[box].copy()
    values[values == 0] = 1
    history.apply("Neighbour", box, values)
    scale = pull.tools.layer.scale
    start, end = ((at * scale[0], row * scale[1], (edge + step) * scale[2]) for step in (0.4, 2.5))
    own = pull.tools.own
    own.begin(pull.tools.layer, 0, tuple(map(float, start)))
    own.move(tuple(map(float, end)))
    own.end()
    said = find("job_bar.message").text()
    assert "Bladder was spared. Tick Over other organs to take it" in said
    assert (history.array[box] == values).all()


def test_the_line_of_a_stroke_goes_with_it_and_with_its_slice(rectum: Any) -> None:
    canvas = canvas_widget(rectum.viewer)
    QTest.keyClick(canvas, Qt.Key.Key_R)
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, middle, middle + QPoint(20, 0), middle + QPoint(40, 20))
    mark = canvas.findChild(QWidget, "stroke_mark")
    assert not mark._line, "nothing is left of it on this slice"
    QTest.keyClick(canvas, Qt.Key.Key_PageUp)
    live(50)
    assert not mark._line


def test_the_ring_is_seen_as_soon_as_the_tool_is_taken_and_its_size_is_said(rectum: Any) -> None:
    canvas = canvas_widget(rectum.viewer)
    move(canvas, QPoint(canvas.width() // 2, canvas.height() // 2))
    live(30)
    mark = canvas.findChild(QWidget, "stroke_mark")
    assert not mark.isVisible()
    QTest.keyClick(canvas, Qt.Key.Key_I)
    live(30)
    assert mark.isVisible()
    before = mark.radius_px
    QTest.keyClick(canvas, Qt.Key.Key_BracketLeft)
    live(30)
    assert mark.radius_px < before
    assert f"{rectum.tools.own.ring_mm():.1f} mm" in str(rectum.viewer.status)
