"""Three planes side by side in a real window: drawn on with the mouse, linked, closed again."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, NO_KEYS, drag, live, move
from qtpy.QtCore import QPoint, Qt
from qtpy.QtGui import QOpenGLContext
from qtpy.QtTest import QTest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat.canvas import canvas_widget, main_view, view_canvas
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.views.mirrored_layer import DRAW_MS

SHIFT, CONTROL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def opened(controller_viewer: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    """The controller, with a scan and labels, and room for three planes."""
    controller_viewer.window.resize(1400, 900)
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    controller.labels.open(pelvis_files[0].with_name("case1_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: controller.tools.layer is not None and controller.session.job is None)
    return controller


@pytest.fixture
def planes(opened: Any, wait: Callable[..., None]) -> Any:
    """The three planes, open."""
    opened.view.planes.open()
    wait(lambda: all(len(view.copies) == 2 for view in opened.view.planes.views))
    live(100)
    return opened.view.planes


def canvases(planes: Any, viewer: Any) -> list[Any]:
    return [canvas_widget(viewer), *(view_canvas(view.widget) for view in planes.views)]


def models(planes: Any, viewer: Any) -> list[Any]:
    return [viewer, *(view.model for view in planes.views)]


def copies_of(planes: Any, layer: Any) -> list[Any]:
    return [copy for view in planes.views for mirrored, copy in view.copies.items() if mirrored.main is layer]


def middle(canvas: Any) -> QPoint:
    return QPoint(canvas.width() // 2, canvas.height() // 2)


def stroke(canvas: Any, dx: int) -> None:
    drag(canvas, *(middle(canvas) + QPoint(step, step // 2) for step in range(0, dx + 5, 5)))
    live(4 * DRAW_MS)


def move_with_shift(canvas: Any, at: QPoint) -> None:
    move(canvas, at, keys=SHIFT)
    live(100)


def shown(layer: Any) -> np.ndarray:
    """What a labels layer has sent to its canvas."""
    return np.asarray(layer._slice.image.view)


def freshly_shown(layer: Any) -> np.ndarray:
    """What it would send if it were asked again."""
    axis = layer._slice_input.not_displayed[0]
    index = round(layer._slice_input.world_slice.point[axis] / layer.scale[axis])
    return layer._raw_to_displayed(np.take(layer.data, index, axis))


def test_the_button_opens_three_planes_that_share_the_arrays_and_closes_them(
    opened: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    viewer, planes, button = opened.viewer, opened.view.planes, find("scan_panel.three_planes")
    width, room = canvas_widget(viewer).width(), main_view(viewer)
    mouse = [*viewer.mouse_drag_callbacks, *viewer.mouse_move_callbacks]
    viewer.add_image(
        np.zeros(opened.tools.layer.data.shape, np.float32),
        name="hidden",
        visible=False,
        scale=opened.tools.layer.scale,
        units=("mm",) * 3,
    )
    QTest.mouseClick(button, LEFT)
    assert button.isChecked()
    wait(lambda: planes.is_open)
    assert button.isChecked()
    assert [view.widget.accessibleName() for view in planes.views] == ["Sagittal view", "Coronal view"]
    assert [view.letters.labels["top"].text() for view in planes.views] == ["S", "S"]
    assert [view.letters.labels["left"].text() for view in planes.views] == ["A", "R"]
    assert len({model.scene.camera.zoom for model in models(planes, viewer)}) == 1
    assert canvases(planes, viewer)[1].width() > 150
    wait(lambda: all(len(view.copies) == 2 for view in planes.views))
    for view in planes.views:  # a hidden layer costs nothing until it is shown
        assert [layer.name for layer in view.model.layers] == ["case1", "labels"]
        assert all(copy.data is mirrored.main.data for mirrored, copy in view.copies.items())
    viewer.layers["hidden"].visible = True
    wait(lambda: all(len(view.model.layers) == 3 for view in planes.views))
    assert [layer.name for layer in planes.views[0].model.layers] == [layer.name for layer in viewer.layers]

    choice = find("scan_panel.view")
    choice.setCurrentText("Sagittal")
    choice.activated.emit(choice.currentIndex())
    assert [view.plane for view in planes.views] == ["Axial", "Coronal"]
    assert planes.views[0].letters.labels["top"].text() == "A"
    assert len({model.scene.camera.zoom for model in models(planes, viewer)}) == 1

    QTest.mouseClick(button, LEFT)
    assert not planes.is_open and not button.isChecked()
    wait(lambda: canvas_widget(viewer).width() == width and room.count() == 1)
    assert [*viewer.mouse_drag_callbacks, *viewer.mouse_move_callbacks] == mouse


def test_planes_that_are_not_there_yet_can_be_given_up_and_come_for_the_plane_and_scan_of_then(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    planes, button = opened.view.planes, find("scan_panel.three_planes")
    for _ in range(2):
        QTest.mouseClick(button, LEFT)
    assert not button.isChecked()
    live(100)
    assert not planes.is_open and planes.views == []
    QTest.mouseClick(button, LEFT)
    assert planes.is_opening
    opened.view.set_plane("Coronal")
    wait(lambda: planes.is_open)
    assert [view.plane for view in planes.views] == ["Axial", "Sagittal"]
    planes.close()
    QTest.mouseClick(button, LEFT)
    opened.session.scan = None
    live(100)
    assert not planes.is_open and not planes.is_opening


def test_a_stroke_in_any_plane_is_in_the_one_array_and_shows_in_every_view(opened: Any, planes: Any) -> None:
    viewer, labels = opened.viewer, opened.tools.layer
    copies, start = copies_of(planes, labels), labels.data.copy()
    history = opened.tools.editable.history
    first = history.position
    labels.contour, labels.selected_label = 1, 3
    for canvas, model in zip(canvases(planes, viewer), models(planes, viewer)):
        labels.mode = "pan_zoom"
        QTest.keyClick(canvas, Qt.Key.Key_B)
        assert {str(layer.mode) for layer in (labels, *copies)} == {"paint"}
        before, axis = labels.data.copy(), model.dims.order[0]
        stroke(canvas, 30)
        changed = np.argwhere(labels.data != before)
        assert len(changed) > 5
        assert set(changed[:, axis]) == {round(model.dims.point[axis] / labels.scale[axis])}
        for layer in (labels, *copies):
            np.testing.assert_array_equal(shown(layer), freshly_shown(layer))
    assert not any(layer._undo_history or layer._redo_history for layer in (labels, *copies))
    painted = labels.data.copy()
    assert history.position == first + 3

    canvas = canvases(planes, viewer)[2]  # three strokes in three views, taken back in one of them
    for _ in range(3):
        QTest.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    np.testing.assert_array_equal(labels.data, start)
    for layer in (labels, *copies):
        np.testing.assert_array_equal(shown(layer), freshly_shown(layer))
    for _ in range(3):
        QTest.keyClick(canvas, Qt.Key.Key_Z, CONTROL | SHIFT)
    np.testing.assert_array_equal(labels.data, painted)


def test_a_click_takes_the_other_planes_to_that_point_and_lines_cross_there(opened: Any, planes: Any) -> None:
    viewer = opened.viewer
    main, sagittal, coronal = models(planes, viewer)
    canvas, scale = canvases(planes, viewer)[0], np.array(opened.tools.layer.scale)
    at = middle(canvas) + QPoint(60, -45)
    z = viewer.dims.point[0]
    move(canvas, at)
    QTest.mouseClick(canvas, LEFT, NO_KEYS, at)
    point = np.array(viewer.dims.point)
    assert point[0] == z
    np.testing.assert_allclose(point[1:], viewer.cursor.position[1:], atol=0.51 * scale[1])
    assert sagittal.dims.current_step[2] == round(point[2] / scale[2])
    assert coronal.dims.current_step[1] == round(point[1] / scale[1])
    pixel, zoom = planes._lines.point(), main.scene.camera.zoom
    assert max(abs(pixel[0] - at.x()), abs(pixel[1] - at.y())) <= 0.51 * scale[1] * zoom + 1

    side = canvases(planes, viewer)[1]
    move_with_shift(side, middle(side) + QPoint(50, 30))
    assert viewer.dims.point[0] != z
    np.testing.assert_allclose(viewer.dims.point[:2], sagittal.cursor.position[:2], atol=0.51 * scale[0])
    assert coronal.dims.current_step[1] == round(viewer.dims.point[1] / scale[1])
    assert sagittal.dims.point[2] == viewer.dims.point[2] == point[2]

    viewer.dims.set_current_step(0, 3)
    assert planes.views[0].model.dims.point[0] == pytest.approx(3 * scale[0])
    top = planes.views[0].lines.point()[1]
    viewer.dims.set_current_step(0, 5)
    assert planes.views[0].lines.point()[1] == pytest.approx(top - 2 * scale[0] * zoom, abs=1.1)  # the head is up

    before = planes.views[1].lines.point()
    main.scene.camera.zoom = 2 * zoom
    assert [model.scene.camera.zoom for model in (sagittal, coronal)] == [2 * zoom] * 2
    assert planes.views[1].lines.point() == before
    viewer.reset_view()
    assert len({model.scene.camera.zoom for model in (main, sagittal, coronal)}) == 1
    assert main.scene.camera.zoom < 2 * zoom


def test_the_copies_follow_the_main_layers_and_tools_go_both_ways(
    opened: Any, planes: Any, wait: Callable[..., None]
) -> None:
    viewer, labels, scan = opened.viewer, opened.tools.layer, access.only(opened.viewer, "scan")
    for layer, changes in (
        (scan, {"contrast_limits": [10.0, 90.0], "colormap": "viridis", "opacity": 0.4}),
        (
            labels,
            {
                "contour": 3,
                "brush_size": 17,
                "selected_label": 2,
                "n_edit_dimensions": 3,
                "blending": "additive",
                "mode": "erase",
                "preserve_labels": True,
            },
        ),
    ):
        for name, value in changes.items():
            setattr(layer, name, value)
            found = [getattr(copy, name) for copy in copies_of(planes, layer)]
            assert found == [getattr(layer, name)] * 2, name
    copy = copies_of(planes, labels)[1]
    copy.mode, copy.brush_size, copy.selected_label = "fill", 5, 1
    assert (str(labels.mode), labels.brush_size, labels.selected_label) == ("fill", 5, 1)
    labels.visible = False
    assert not any(copy.visible for copy in copies_of(planes, labels))
    labels.visible = True

    labels.data = np.where(labels.data == 2, 1, labels.data).astype(labels.data.dtype)
    assert all(copy.data is labels.data for copy in copies_of(planes, labels))
    added = viewer.add_image(
        np.ones(labels.data.shape, np.float32), name="edges", scale=labels.scale, units=("mm",) * 3
    )
    wait(lambda: len(copies_of(planes, added)) == 2)
    viewer.layers.move(viewer.layers.index(added), 0)
    wait(lambda: all(view.model.layers[0].name == "edges" for view in planes.views))
    added.name = "new name"
    assert planes.views[0].model.layers[0].name == "new name"
    viewer.layers.remove(added)
    wait(lambda: all(len(view.model.layers) == 2 for view in planes.views))


def test_another_scan_takes_the_place_of_the_first(
    opened: Any, planes: Any, wait: Callable[..., None], sample_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, bool]] = []  # what is sent to the graphics card in another canvas's name ends in a crash
    for canvas in canvases(planes, opened.viewer):
        monkeypatch.setattr(
            canvas._vispy_canvas.context,
            "finish",
            lambda c=canvas: sent.append((c, QOpenGLContext.currentContext() == c.context())),
        )
    opened.open(sample_data / "two_parts.nii.gz")
    wait(lambda: opened.session.scan.name == "two_parts" and opened.session.job is None)
    scan = access.only(opened.viewer, "scan")
    wait(lambda: len(copies_of(planes, scan)) == 2 and not any(view.is_fresh for view in planes.views))
    assert all(copy.data is scan.data for copy in copies_of(planes, scan))
    assert all(tuple(copy.scale) == tuple(scan.scale) for copy in copies_of(planes, scan))
    assert [tuple(view.model.dims.order) for view in planes.views] == [(2, 0, 1), (1, 0, 2)]
    assert len({model.scene.camera.zoom for model in models(planes, opened.viewer)}) == 1
    assert {canvas for canvas, _ in sent} == set(canvases(planes, opened.viewer))
    assert all(own for _, own in sent)


def test_labels_that_leave_are_hidden_in_every_plane_at_once(
    opened: Any, planes: Any, wait: Callable[..., None]
) -> None:
    """The next scan's planes must not show the labels of the patient before, however busy the window is."""
    opened.labels.new(preset("pelvis-mr"))
    layer = opened.viewer.layers["labels"]
    layer.paint((8, 30, 30), 1)
    wait(lambda: [copy.visible for copy in copies_of(planes, layer)] == [True, True])
    copies = copies_of(planes, layer)
    opened.viewer.layers.remove(layer)
    assert [copy.visible for copy in copies] == [False, False], "before anything else happens"


def test_closing_the_viewer_with_planes_open_leaves_nothing(opened: Any, planes: Any) -> None:
    views = [weakref.ref(view.widget) for view in planes.views]
    opened.viewer.close()
    live(50)
    assert not planes.is_open
    gc.collect()
    assert [view() for view in views] == [None, None]


def test_planes_close_with_the_window(opened: Any, planes: Any) -> None:
    opened.viewer.close()  # as the menu does; a window that Qt alone closes is deleted under PyQt6 before napari's end
    assert not planes.is_open
