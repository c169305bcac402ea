"""The habits of a reading room in all three planes, with and without a tool, or napari's own for who prefers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hands import LEFT, NO_BUTTON, NO_KEYS, live, move
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QCheckBox, QWidget

from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget, view_canvas
from napari_boundaryseg.ui.compat.window import main_window
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.views.pixels import to_point

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
RIGHT, MIDDLE = Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
TOOLS = ("pan_zoom", "paint", "erase", "fill", "polygon")


def slice_of(viewer: Any) -> int:
    """The slice of the scan in view, counted from 0."""
    across = viewer.dims.order[-3]
    return round(viewer.dims.point[across] / access.only(viewer, "scan").scale[across])


def turn(canvas: Any, notches: float, keys: Any = NO_KEYS, at: QPoint | None = None) -> None:
    """Turn the wheel over a view; away from the person is up."""
    at = at or QPoint(canvas.width() // 2, canvas.height() // 2)
    where = QPointF(at), QPointF(canvas.mapToGlobal(at))
    angle = QPoint(0, round(120 * notches))
    event = QWheelEvent(*where, QPoint(), angle, NO_BUTTON, keys, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(canvas, event)
    live(30)


def drag_with(canvas: Any, button: Any, by: QPoint, keys: Any = NO_KEYS) -> None:
    start = QPoint(canvas.width() // 2, canvas.height() // 2)
    move(canvas, start)
    live(30)
    QTest.mousePress(canvas, button, keys, start)
    for part in (0.5, 1.0):
        move(canvas, start + QPoint(round(by.x() * part), round(by.y() * part)), button, keys)
        live(30)
    QTest.mouseRelease(canvas, button, keys, start + by)
    live(30)


@pytest.fixture
def planes(drawing: Any, find: Callable[[str], Any], bench: Any, wait: Callable[..., None]) -> list[tuple[Any, Any]]:
    """The viewer and the canvas of each plane; a foreign layer with small voxels, hidden, is there too."""
    viewer = drawing.viewer
    viewer.window.resize(1366, 768)
    viewer.add_image(np.zeros((90, 20, 20), np.float32), name="theirs", scale=(0.7, 1, 1), visible=False)
    viewer.layers.selection.active = drawing.tools.layer
    drawing.view.show_three_planes(True)
    views = drawing.view.planes.views
    live(100)
    return [(viewer, canvas_widget(viewer)), *((view.model, view_canvas(view.widget)) for view in views)]


def test_the_wheel_is_slices_and_with_ctrl_zoom_in_every_plane_whatever_tool_is_on(
    drawing: Any, planes: list[tuple[Any, Any]]
) -> None:
    labels, before = drawing.tools.layer, drawing.tools.layer.data.copy()
    for mode in TOOLS:
        drawing.tools.set_mode(mode)
        for model, canvas in planes:
            at, zoom = slice_of(model), camera_of(model).zoom
            turn(canvas, 1)
            assert slice_of(model) == at + 1, mode
            turn(canvas, -2)
            assert slice_of(model) == at - 1, mode
            turn(canvas, 0.5)
            turn(canvas, 0.5)  # a touchpad
            assert slice_of(model) == at, mode
            assert camera_of(model).zoom == zoom
            corner = QPoint(canvas.width() // 3, canvas.height() // 3)
            under = to_point(model, canvas, QPointF(corner))
            turn(canvas, 2, CONTROL, corner)
            assert camera_of(model).zoom > 1.2 * zoom, mode
            np.testing.assert_allclose(to_point(model, canvas, QPointF(corner)), under, atol=1e-6)
            turn(canvas, -2, CONTROL, corner)
            assert camera_of(model).zoom == pytest.approx(zoom)
            assert slice_of(model) == at
    np.testing.assert_array_equal(labels.data, before)


def test_shift_and_wheel_or_brackets_are_the_size_of_the_brush(
    drawing: Any, planes: list[tuple[Any, Any]], find: Callable[[str], Any]
) -> None:
    labels, (model, canvas) = drawing.tools.layer, planes[1]
    at, sizes = slice_of(model), [drawing.tools.state()[1]]
    for change in (
        lambda: turn(canvas, 1, SHIFT),
        lambda: QTest.keyClick(canvas, "]"),
        lambda: turn(canvas, 2, SHIFT),
    ):
        change()
        sizes.append(drawing.tools.state()[1])
    assert sizes == sorted(set(sizes))
    assert find("correct_panel.size_text").text() == f"{sizes[-1]:.1f} mm"
    for _ in range(60):
        QTest.keyClick(canvas, "[")
    assert labels.brush_size == 1
    assert find("correct_panel.size_text").text() == f"{labels.scale[1]:.1f} mm"
    assert slice_of(model) == at


def test_right_drag_sets_window_and_level_and_zooms_nothing(
    drawing: Any, planes: list[tuple[Any, Any]], find: Callable[[str], Any]
) -> None:
    scan, labels = access.only(drawing.viewer, "scan"), drawing.tools.layer
    before = labels.data.copy()
    for mode in TOOLS:
        drawing.tools.set_mode(mode)
        for model, canvas in planes:
            find("scan_panel.window").setCurrentIndex(0)
            drawing.view.set_window("Robust (0.5 to 99.5 %)")
            low, high = scan.contrast_limits
            zoom = camera_of(model).zoom
            drag_with(canvas, RIGHT, QPoint(60, 0))
            wide = scan.contrast_limits
            assert wide[1] - wide[0] > 1.2 * (high - low), mode
            assert sum(wide) == pytest.approx(low + high)
            drag_with(canvas, RIGHT, QPoint(0, -60))
            bright = scan.contrast_limits
            assert bright[1] - bright[0] == pytest.approx(wide[1] - wide[0])
            assert sum(bright) < sum(wide), "upwards is brighter"
            assert camera_of(model).zoom == zoom
            assert find("scan_panel.window").currentText() == "Set by hand"
            assert all(access.only(other, "scan").contrast_limits == bright for other, _ in planes)
    np.testing.assert_array_equal(labels.data, before)
    assert drawing.tools.editable.effort.total().strokes == 0
    window = find("scan_panel.window")
    window.setCurrentText("Robust (0.5 to 99.5 %)")
    window.activated.emit(window.currentIndex())
    assert window.findText("Set by hand") < 0
    assert scan.contrast_limits == pytest.approx([low, high])


def test_middle_drag_moves_the_scan_whatever_tool_is_on(drawing: Any, planes: list[tuple[Any, Any]]) -> None:
    labels, before = drawing.tools.layer, drawing.tools.layer.data.copy()
    for mode in TOOLS:
        drawing.tools.set_mode(mode)
        for model, canvas in planes:
            middle = QPoint(canvas.width() // 2, canvas.height() // 2)
            under = to_point(model, canvas, QPointF(middle))
            drag_with(canvas, MIDDLE, QPoint(30, 20))
            np.testing.assert_allclose(to_point(model, canvas, QPointF(middle + QPoint(30, 20))), under, atol=1e-6)
            drag_with(canvas, MIDDLE, QPoint(-30, -20))
    np.testing.assert_array_equal(labels.data, before)
    assert drawing.tools.editable.effort.total().strokes == 0


def test_arrows_and_pages_step_and_home_and_end_find_the_organ(
    drawing: Any, find: Callable[[str], Any], planes: list[tuple[Any, Any]]
) -> None:
    viewer, labels, table = drawing.viewer, drawing.tools.layer, find("correct_panel.organs")
    move(planes[0][1], QPoint(40, 40))
    at = slice_of(viewer)
    for key, step in ((Qt.Key.Key_Up, 1), (Qt.Key.Key_PageUp, 1), (Qt.Key.Key_Down, -1), (Qt.Key.Key_PageDown, -1)):
        QTest.keyClick(table, key)
        at += step
        assert slice_of(viewer) == at
    assert table.currentRow() == 0
    for organ in (2, 3):
        QTest.keyClick(table, str(organ))
        for model, canvas in planes:
            axis = model.dims.order[-3]
            there = np.unique(np.nonzero(labels.data == organ)[axis])
            move(canvas, QPoint(40, 40))  # keys are about the plane that the mouse is over
            QTest.keyClick(table, Qt.Key.Key_Home)
            assert slice_of(model) == there[0]
            QTest.keyClick(table, Qt.Key.Key_End)
            assert slice_of(model) == there[-1]
    move(planes[0][1], QPoint(40, 40))
    labels.data[labels.data == 3] = 0
    at = slice_of(viewer)
    QTest.keyClick(table, Qt.Key.Key_Home)
    assert slice_of(viewer) == at
    assert "not drawn" in find("job_bar.message").text()
    for _ in range(40):
        QTest.keyClick(table, Qt.Key.Key_Down)
    assert slice_of(viewer) == 0


def test_shift_and_click_with_a_tool_takes_the_others_there_and_paints_nothing(
    drawing: Any, planes: list[tuple[Any, Any]]
) -> None:
    labels, before = drawing.tools.layer, drawing.tools.layer.data.copy()
    for mode in TOOLS[1:]:
        drawing.tools.set_mode(mode)
        for n, (model, canvas) in enumerate(planes):
            at = QPoint(canvas.width() // 2 + 20 + 4 * n, canvas.height() // 2 + 15)
            point = to_point(model, canvas, QPointF(at))
            QTest.mouseClick(canvas, LEFT, SHIFT, at)
            for other, _ in planes:
                axis = other.dims.order[-3]
                assert other.dims.point[axis] == pytest.approx(point[axis], abs=0.51 * labels.scale[axis]), mode
    np.testing.assert_array_equal(labels.data, before)


def test_h_shows_the_bare_scan_while_it_is_held(drawing: Any, planes: list[tuple[Any, Any]], find: Any) -> None:
    viewer, labels = drawing.viewer, drawing.tools.layer
    edges = viewer.add_image(np.ones(labels.data.shape, np.float32), name="edges", scale=labels.scale, opacity=0.6)
    labels.opacity = 0.9
    eyes = {layer.name: layer.visible for layer in viewer.layers}
    live(200)

    def seen() -> list[list[float]]:
        return [[layer.opacity for layer in model.layers if layer.name in ("labels", "edges")] for model, _ in planes]

    def lines() -> list[set[int]]:
        """The organs that have an outline, in each plane."""
        outlines = drawing.view.outlines
        return [{organ for organ, found in view.drawn.items() if found} for view in (outlines.main, *outlines.others)]

    shown, outlined = seen(), lines()
    assert all(outlined)
    canvas, drawn = planes[0][1], labels.data.copy()
    for end in (
        lambda: QTest.keyRelease(find("correct_panel.organs"), Qt.Key.Key_H),
        lambda: QApplication.sendEvent(main_window(viewer), QEvent(QEvent.Type.WindowDeactivate)),
    ):
        drawing.tools.set_mode("paint")
        QTest.keyPress(find("correct_panel.organs"), Qt.Key.Key_H)
        assert all(opacity == 0 for view in seen() for opacity in view)
        assert not any(lines()), "the outlines are no layer, and hide too"
        late = viewer.add_image(np.ones(labels.data.shape, np.float32), name="late", scale=labels.scale, opacity=0.4)
        assert late.opacity == 0
        assert access.only(viewer, "scan").opacity == 1
        viewer.layers.selection.active = labels
        QTest.mouseClick(canvas, LEFT, NO_KEYS, QPoint(canvas.width() // 2, canvas.height() // 2))
        end()
        assert (seen(), lines()) == (shown, outlined)
        assert late.opacity == 0.4
        viewer.layers.remove(late)
        np.testing.assert_array_equal(labels.data, drawn)
    assert {layer.name: layer.visible for layer in viewer.layers} == eyes
    assert edges.opacity == 0.6


def test_each_habit_can_be_naparis_and_is_remembered(
    drawing: Any, planes: list[tuple[Any, Any]], find: Callable[[str], Any]
) -> None:
    from napari_boundaryseg.ui.input.habits import Habits

    viewer, (model, canvas) = drawing.viewer, planes[1]
    drawing.tools.set_mode("pan_zoom")
    QTest.mouseClick(find("help.keys"), LEFT)
    sheet = main_window(viewer).findChild(QWidget, "help.sheet")
    for name in ("wheel", "window", "pan", "arrows", "click"):
        tick = sheet.findChild(QCheckBox, f"help.{name}")
        assert tick.isChecked()
        tick.click()
    sheet.close()
    assert not any(Habits().has(name) for name in ("wheel", "window", "pan", "arrows", "click"))

    at, zoom, limits = slice_of(model), camera_of(model).zoom, access.only(viewer, "scan").contrast_limits
    turn(canvas, 1)
    assert slice_of(model) == at
    assert camera_of(model).zoom != zoom
    turn(canvas, 1, CONTROL)
    assert slice_of(model) != at
    drag_with(canvas, RIGHT, QPoint(40, 0))
    assert access.only(viewer, "scan").contrast_limits == limits
    point = viewer.dims.point
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    QTest.mouseClick(canvas, LEFT, NO_KEYS, QPoint(20, 20))
    assert viewer.dims.point == point


def test_in_three_dimensions_the_mouse_is_naparis(drawing: Any) -> None:
    viewer, canvas = drawing.viewer, canvas_widget(drawing.viewer)
    heard: list[object] = []
    viewer.mouse_wheel_callbacks.append(lambda viewer, event: heard.append(event))
    turn(canvas, 1)
    assert not heard
    viewer.dims.ndisplay = 3
    at = viewer.dims.point
    turn(canvas, 1)
    assert heard
    assert viewer.dims.point == at
