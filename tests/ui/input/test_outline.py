"""The polygon is an outline whose corners move and come back until it is applied, in every plane."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import organ_centre
from hands import LEFT, NO_KEYS, drag, live, move
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QSlider, QWidget

from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.ui.compat.canvas import canvas_widget, view_canvas
from napari_boundaryseg.ui.compat.window import main_window
from napari_boundaryseg.ui.views.pixels import mm_per_pixel, to_point

CONTROL = Qt.KeyboardModifier.ControlModifier
SQUARE = (QPoint(-40, -40), QPoint(40, -40), QPoint(40, 40), QPoint(-40, 40))


def middle(canvas: Any) -> QPoint:
    return QPoint(canvas.width() // 2, canvas.height() // 2)


def corners(canvas: Any, *places: QPoint) -> None:
    """Click corners round the middle of a view."""
    for place in places:
        move(canvas, middle(canvas) + place)
        QTest.mouseClick(canvas, LEFT, NO_KEYS, middle(canvas) + place)
        live(20)


def outline_of(canvas: Any) -> Any:
    return canvas.findChild(QWidget, "outline")


@pytest.fixture
def polygon(drawing: Any) -> Any:
    """The polygon in hand, for the rectum."""
    drawing.tools.choose(3)
    QTest.keyClick(canvas_widget(drawing.viewer), Qt.Key.Key_P)
    return drawing.tools.outline


def test_it_is_an_outline_until_enter_and_counts_as_one_stroke(
    drawing: Any, polygon: Any, find: Callable[[str], Any]
) -> None:
    viewer, labels, canvas = drawing.viewer, drawing.tools.layer, canvas_widget(drawing.viewer)
    before, first = labels.data.copy(), drawing.tools.editable.history.position
    drawing.view.set_window("Robust (0.5 to 99.5 %)")
    live(200)
    under = main_window(viewer).grab().toImage()
    corners(canvas, *SQUARE)
    live(200)
    over = main_window(viewer).grab().toImage()
    inside = canvas.mapTo(main_window(viewer), middle(canvas) + QPoint(17, 23))
    on = canvas.mapTo(main_window(viewer), middle(canvas) + QPoint(0, -40))
    assert over.pixelColor(inside) == under.pixelColor(inside), "what is outlined is seen"
    line = [over.pixelColor(on + QPoint(0, dy)) != under.pixelColor(on + QPoint(0, dy)) for dy in range(-6, 7)]
    assert 2 <= sum(line) <= 5
    np.testing.assert_array_equal(labels.data, before)
    assert "Backspace takes the last one back" in find("correct_panel.tool_text").text()

    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert not polygon.is_open
    assert not outline_of(canvas).isVisible()
    changed = labels.data != before
    assert set(np.unique(labels.data[changed])) == {3}
    start, end = (to_point(viewer, canvas, QPointF(middle(canvas) + place)) for place in (SQUARE[0], SQUARE[2]))
    expected = np.prod([abs(b - a) / labels.scale[n] for n, (a, b) in enumerate(zip(start, end)) if n])
    assert np.count_nonzero(labels.data[viewer.dims.current_step[0]] == 3) == pytest.approx(expected, rel=0.35)
    steps = drawing.tools.editable.history.steps
    assert (drawing.tools.editable.history.position, steps[-1].name.partition(",")[0]) == (first + 1, "Polygon: Rectum")
    work = drawing.tools.editable.effort.total()
    assert work.strokes == 1
    assert work.path_mm == pytest.approx(4 * math.dist(start, end) / math.sqrt(2), rel=1e-6)


def test_corners_can_be_moved_and_taken_back(drawing: Any, polygon: Any) -> None:
    canvas, labels = canvas_widget(drawing.viewer), drawing.tools.layer
    before = labels.data.copy()
    corners(canvas, *SQUARE)
    third = polygon.corners[2]
    drag(canvas, middle(canvas) + SQUARE[2], middle(canvas) + QPoint(60, 60), middle(canvas) + QPoint(70, 75))
    assert len(polygon.corners) == 4
    moved = to_point(drawing.viewer, canvas, QPointF(middle(canvas) + QPoint(70, 75)))
    assert polygon.corners[2] == pytest.approx(moved)
    assert third != pytest.approx(moved)
    QTest.keyClick(canvas, Qt.Key.Key_Backspace)
    assert len(polygon.corners) == 3
    QTest.keyClick(canvas, Qt.Key.Key_Z, CONTROL)  # the last corner is the last thing that was done
    assert len(polygon.corners) == 2
    QTest.keyClick(canvas, Qt.Key.Key_Enter)
    assert polygon.is_open, "two corners enclose nothing"
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not polygon.is_open
    assert str(labels.mode) == "polygon"
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert str(labels.mode) == "pan_zoom"
    np.testing.assert_array_equal(labels.data, before)
    assert drawing.tools.editable.effort.total().strokes == 0


def test_a_corner_is_inserted_into_an_edge_and_deleted_under_the_mouse(drawing: Any, polygon: Any) -> None:
    canvas = canvas_widget(drawing.viewer)
    corners(canvas, *SQUARE)
    before = list(polygon.corners)
    on_edge = QPoint(0, -40)  # between the first and the second
    drag(canvas, middle(canvas) + on_edge, middle(canvas) + QPoint(0, -60))
    assert len(polygon.corners) == 5
    assert [polygon.corners[n] for n in (0, 2, 3, 4)] == before
    assert polygon.corners[1] == pytest.approx(
        to_point(drawing.viewer, canvas, QPointF(middle(canvas) + QPoint(0, -60)))
    )
    move(canvas, middle(canvas) + QPoint(2, -58))
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert polygon.corners == before
    move(canvas, middle(canvas))
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert polygon.corners == before, "none is under the mouse"


def test_with_the_button_held_it_is_drawn_by_hand_with_as_few_corners_as_it_needs(drawing: Any, polygon: Any) -> None:
    canvas = canvas_widget(drawing.viewer)
    turn = np.linspace(0, 1.8 * np.pi, 60)
    ring = [middle(canvas) + QPoint(round(50 * math.cos(t)), round(50 * math.sin(t))) for t in turn]
    drag(canvas, *ring)
    assert 8 < len(polygon.corners) < 40
    radius = 50 * abs(mm_per_pixel(drawing.viewer)[0])
    centre = np.array(to_point(drawing.viewer, canvas, QPointF(middle(canvas))))
    away = [math.dist(corner, centre) for corner in polygon.corners]
    assert away == pytest.approx([radius] * len(away), rel=0.06)
    corners(canvas, QPoint(30, -55))
    assert polygon.corners[-1] == pytest.approx(
        to_point(drawing.viewer, canvas, QPointF(middle(canvas) + QPoint(30, -55)))
    ), "and goes on with clicks"
    first = drawing.tools.editable.history.position
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert drawing.tools.editable.history.position == first + 1


@pytest.mark.parametrize("key", [Qt.Key.Key_Escape, Qt.Key.Key_Backspace, Qt.Key.Key_Delete])
def test_a_corner_that_goes_while_the_button_is_held_takes_nothing_with_it(
    drawing: Any, polygon: Any, key: Qt.Key
) -> None:
    canvas = canvas_widget(drawing.viewer)
    at = middle(canvas) + SQUARE[0]
    move(canvas, at)
    QTest.mousePress(canvas, LEFT, pos=at)
    polygon.hover(polygon.corners[0])
    QTest.keyClick(canvas, key)
    assert not polygon.is_open
    move(canvas, at + QPoint(30, 0), LEFT)
    QTest.mouseRelease(canvas, LEFT, pos=at + QPoint(30, 0))
    corners(canvas, *SQUARE)
    assert len(polygon.corners) == 4


def test_a_curve_through_the_corners_encloses_more_than_straight_edges(
    drawing: Any, polygon: Any, find: Callable[[str], Any]
) -> None:
    canvas, labels = canvas_widget(drawing.viewer), drawing.tools.layer
    gained = []
    for smooth in (False, True):
        find("correct_panel.polygon.smooth").setChecked(smooth)
        before = labels.data.copy()
        corners(canvas, *SQUARE)
        QTest.keyClick(canvas, Qt.Key.Key_Return)
        gained.append(int(np.count_nonzero(labels.data != before)))
        drawing.tools.undo()
    assert gained[1] > 1.2 * gained[0] > 0
    assert not find("correct_panel.size").isVisible(), "a polygon has no brush"


def test_a_double_click_applies_in_every_plane(drawing: Any, polygon: Any) -> None:
    drawing.viewer.window.resize(1366, 768)
    drawing.view.show_three_planes(True)
    live(200)
    views = [(drawing.viewer, canvas_widget(drawing.viewer))]
    views += [(view.model, view_canvas(view.widget)) for view in drawing.view.planes.views]
    for n, (model, canvas) in enumerate(views):
        before, axis = drawing.tools.layer.data.copy(), model.dims.order[0]
        corners(canvas, *(place * 0.6 for place in SQUARE))
        assert outline_of(canvas).isVisible()
        assert not any(outline_of(other).isVisible() for _, other in views if other is not canvas)
        QTest.mouseDClick(canvas, LEFT, NO_KEYS, middle(canvas) + SQUARE[3] * 0.6)
        changed = np.argwhere(drawing.tools.layer.data != before)
        assert len(changed)
        assert set(changed[:, axis]) == {round(model.dims.point[axis] / drawing.tools.layer.scale[axis])}
        assert drawing.tools.editable.effort.total().strokes == n + 1
    assert not any(layer._overlays["polygon"].points for layer in (drawing.tools.layer,))


def test_it_stays_on_its_slice_and_is_not_lost_by_scrolling_or_another_tool(
    drawing: Any, polygon: Any, find: Callable[[str], Any]
) -> None:
    viewer, canvas = drawing.viewer, canvas_widget(drawing.viewer)
    corners(canvas, *SQUARE[:3])
    at = viewer.dims.current_step[0]
    QTest.keyClick(canvas, Qt.Key.Key_Up)
    assert not outline_of(canvas).isVisible()
    corners(canvas, QPoint(0, 0))
    assert len(polygon.corners) == 3
    assert "another slice" in find("job_bar.message").text()
    QTest.keyClick(canvas, Qt.Key.Key_Down)
    assert viewer.dims.current_step[0] == at
    assert outline_of(canvas).isVisible()
    QTest.keyPress(canvas, Qt.Key.Key_H)
    assert not outline_of(canvas).isVisible()
    QTest.keyRelease(canvas, Qt.Key.Key_H)
    assert outline_of(canvas).isVisible()
    QTest.keyClick(canvas, Qt.Key.Key_B)
    assert not outline_of(canvas).isVisible()
    QTest.keyClick(canvas, Qt.Key.Key_P)
    assert outline_of(canvas).isVisible()
    assert len(polygon.corners) == 3


def test_accept_waits_for_an_open_polygon(drawing: Any, polygon: Any, find: Callable[[str], Any]) -> None:
    canvas = canvas_widget(drawing.viewer)
    corners(canvas, *SQUARE)
    QTest.keyClick(canvas, Qt.Key.Key_Return, CONTROL)
    assert "a polygon is not applied yet" in find("job_bar.message").text()
    assert drawing.session.job is None


def test_an_organ_that_gives_way_is_told(drawing: Any, polygon: Any, find: Callable[[str], Any]) -> None:
    canvas, labels = canvas_widget(drawing.viewer), drawing.tools.layer
    drawing.viewer.dims.set_current_step(0, int(organ_centre(labels, 1)[0]))
    drawing.tools.choose(2)
    before = labels.data.copy()
    corners(canvas, *(place * 3 for place in SQUARE))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    gone = (before != 0) & (before != labels.data)
    scheme = drawing.tools.editable.scheme
    names = " and ".join(scheme.organ(int(organ)).name for organ in np.unique(before[gone]))
    assert names
    assert find("job_bar.message").text().startswith(f"{names} gave way to it: ")


def test_enter_on_another_slice_says_where_the_polygon_went(
    drawing: Any, polygon: Any, find: Callable[[str], Any]
) -> None:
    canvas, labels = canvas_widget(drawing.viewer), drawing.tools.layer
    at, before = drawing.grid.slice(), labels.data.copy()
    corners(canvas, *SQUARE)
    drawing.viewer.dims.set_current_step(0, at + 1)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert set(np.argwhere(labels.data != before)[:, 0]) == {at}
    assert find("job_bar.message").text().startswith(f"The polygon was applied on slice {at + 1}.")
    drawing.viewer.dims.set_current_step(0, at)
    drawing.labels.lock(Lock(slice=at), True)
    locked = labels.data.copy()
    corners(canvas, *(place * 2 for place in SQUARE))
    drawing.viewer.dims.set_current_step(0, at + 1)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    np.testing.assert_array_equal(labels.data, locked)
    assert find("job_bar.message").text() == f"What is locked on slice {at + 1} was not changed."


def test_locks_and_naparis_preserve_hold_for_the_polygon(
    drawing: Any, polygon: Any, find: Callable[[str], Any]
) -> None:
    canvas, labels = canvas_widget(drawing.viewer), drawing.tools.layer
    drawing.viewer.dims.set_current_step(0, int(organ_centre(labels, 1)[0]))
    drawing.labels.lock(Lock(1), True)
    before = labels.data.copy()
    corners(canvas, *(place * 3 for place in SQUARE))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert "are locked" in find("job_bar.message").text()
    np.testing.assert_array_equal(labels.data == 1, before == 1)
    QTest.keyClick(canvas, Qt.Key.Key_Z, CONTROL)
    labels.preserve_labels = True
    corners(canvas, *(place * 3 for place in SQUARE))
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    np.testing.assert_array_equal(labels.data[before > 0], before[before > 0])
    assert (labels.data != before).any()


def test_another_scan_forgets_it(
    drawing: Any, polygon: Any, pelvis_files: list[Any], wait: Callable[..., None]
) -> None:
    canvas = canvas_widget(drawing.viewer)
    corners(canvas, *SQUARE)
    drawing.open(pelvis_files[1])
    wait(lambda: drawing.session.scan.name == "case2" and drawing.session.job is None)
    assert not outline_of(canvas).isVisible()
    assert not drawing.tools.has_outline()


def test_edges_bend_its_lines_and_corners_go_into_them(drawing: Any, polygon: Any, find: Callable[[str], Any]) -> None:
    canvas = canvas_widget(drawing.viewer)
    drawing.grid.go_to(organ_centre(drawing.tools.layer, 3).tolist())
    live(50)
    follow, learned = (find(f"correct_panel.polygon.{name}").findChild(QSlider) for name in ("follow", "learned"))
    assert follow.value() == 0, "where no trial shows that it helps, it is straight"
    corners(canvas, *SQUARE)
    move(canvas, middle(canvas))
    straight = polygon.line
    assert straight == polygon.corners
    follow.setValue(follow.maximum())
    learned.setValue(learned.minimum())
    assert (polygon.settings.follow, polygon.settings.learned) == (1.0, 0.0)
    live(50)
    line = polygon.line
    assert len(line) > len(straight)
    assert set(straight) <= set(line), "through every corner"
    edges = polygon.edges_at(polygon.axis, polygon.slice, 0.0)
    at = [tuple(round(p / mm) for p, mm in list(zip(point, polygon.layer.scale))[1:]) for point in line]
    between = [edges[y, x] for y, x in at if 0 <= y < edges.shape[0] and 0 <= x < edges.shape[1]]
    assert np.mean(between) > edges.mean()
    assert polygon.ahead[0] == polygon.corners[-1]
    assert polygon.ahead[-1] == polygon.corners[0]
    place = line[len(line) // 3]
    near = min(math.dist(place, corner) for corner in polygon.corners)
    assert near > 1.0
    polygon.press(polygon.layer, polygon.axis, polygon.slice, place, 0.2)
    assert place in polygon.corners, "a corner is inserted into the bent line"
    polygon.release(0.1)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert not polygon.is_open
    assert drawing.tools.editable.history.top.name.startswith("Polygon: Rectum")


def test_learned_edges_are_followed_from_the_start_where_a_trial_shows_that_it_saves_clicks(
    drawing: Any, polygon: Any, monkeypatch: pytest.MonkeyPatch, wait: Callable[..., None]
) -> None:
    from napari_boundaryseg.ui.control.correcting import slice_edges

    monkeypatch.setitem(slice_edges.FOLLOWED, "Rectum", 0.5)
    assert polygon.settings.follow == 0, "there are no learned edges"
    drawing.segmentation.run(whole=True)
    wait(lambda: drawing.session.prediction is not None and not drawing.segmentation.busy)
    drawing.segmentation.discard()
    assert (polygon.settings.follow, polygon.settings.learned) == (0.5, 1.0)
    edges = polygon.edges_at(0, drawing.grid.slice(), 1.0)
    assert edges is polygon.edges_at(0, drawing.grid.slice(), 1.0), "made once"
    assert edges.shape == drawing.tools.layer.data.shape[1:]
    drawing.tools.choose(2)
    assert polygon.settings.follow == 0
    drawing.tools.choose(3)
    polygon.set_settings(polygon.settings.model_copy(update={"follow": 0.0}))
    assert polygon.settings.follow == 0, "what a person set stays"
