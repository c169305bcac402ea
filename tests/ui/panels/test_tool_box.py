"""Tools as a person meets them: cells that lock, a brush that suits the organ, an eraser for one, fleeting messages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import organ_centre
from hands import LEFT, NO_KEYS, drag, live
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.ui import hooks, keys
from napari_boundaryseg.ui.compat.canvas import canvas_widget
from napari_boundaryseg.ui.views.pixels import to_pixel
from napari_boundaryseg.ui.widgets.organ_table import LOCK, SHOW

MIDDLE = QPointF(0.5, 0.5)
BLADDER, PROSTATE, RECTUM = 1, 2, 3


def stroke_over(drawing: Any, organ: int) -> None:
    """A stroke through the middle of an organ, on its slice."""
    layer, canvas = drawing.tools.layer, canvas_widget(drawing.viewer)
    centre = organ_centre(layer, organ)
    drawing.viewer.dims.set_current_step(0, int(centre[0]))
    live(50)
    at = to_pixel(drawing.viewer, canvas, tuple(layer.data_to_world(centre))).toPoint()
    drag(canvas, at - QPoint(30, 0), at, at + QPoint(30, 0))
    live(200)


def cell(table: Any, row: int, column: int, part: QPointF = MIDDLE) -> QPoint:
    box = table.visualItemRect(table.item(row, column))
    return QPoint(box.left() + round(part.x() * (box.width() - 1)), box.top() + round(part.y() * (box.height() - 1)))


def test_a_click_anywhere_in_a_cell_locks_or_hides_and_chooses_no_organ(
    drawing: Any, find: Callable[[str], Any]
) -> None:
    table = find("correct_panel.organs")
    QTest.mouseClick(table.viewport(), LEFT, NO_KEYS, cell(table, 0, 0))
    for column in (LOCK, SHOW):
        for n, part in enumerate((QPointF(0.1, 0.2), QPointF(0.9, 0.9), QPointF(0.5, 0.5), QPointF(0.1, 0.8))):
            before = table.item(2, column).checkState()
            QTest.mouseClick(table.viewport(), LEFT, NO_KEYS, cell(table, 2, column, part))
            live(200)
            assert table.item(2, column).checkState() != before, (column, n)
            assert (table.currentRow(), drawing.tools.layer.selected_label) == (0, BLADDER)
    QTest.mouseClick(table.viewport(), LEFT, NO_KEYS, cell(table, 2, LOCK))
    assert [lock.organ for lock in drawing.labels.locks()] == [RECTUM]
    box = table.visualItemRect(table.item(2, LOCK))
    assert min(box.width(), box.height()) >= 20


def test_locked_and_open_look_different_and_stand_out(drawing: Any, find: Callable[[str], Any]) -> None:
    table = find("correct_panel.organs")

    def contrast(row: int) -> int:
        picture = table.viewport().grab(table.visualItemRect(table.item(row, LOCK))).toImage()
        greys = [picture.pixelColor(x, y).value() for x in range(picture.width()) for y in range(picture.height())]
        return max(greys) - min(greys)

    assert contrast(1) > 50
    before = table.viewport().grab(table.visualItemRect(table.item(1, LOCK))).toImage()
    QTest.mouseClick(table.viewport(), LEFT, NO_KEYS, cell(table, 1, LOCK))
    live(200)
    after = table.viewport().grab(table.visualItemRect(table.item(1, LOCK))).toImage()
    differ = sum(
        before.pixelColor(x, y) != after.pixelColor(x, y) for x in range(after.width()) for y in range(after.height())
    )
    assert differ > 40


def test_the_brush_suits_the_organ_until_a_person_sets_it(
    drawing: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    text, size, canvas = find("correct_panel.size_text"), find("correct_panel.size"), canvas_widget(drawing.viewer)
    sizes = {}
    for organ in (BLADDER, PROSTATE, RECTUM):
        QTest.keyClick(canvas, str(organ))
        live(50)
        sizes[organ] = drawing.tools.state()[1]
        assert text.text() == f"{sizes[organ]:.1f} mm"
    volumes = drawing.labels.volumes_ml()
    for organ, mm in sizes.items():
        assert mm == pytest.approx((6000 * volumes[organ] / np.pi) ** (1 / 3) / 4, abs=3.6)  # one voxel
    size.setValue(25)
    assert drawing.tools.state()[1] == pytest.approx(25, abs=3.6)
    by_hand = drawing.tools.state()[1]
    QTest.keyClick(canvas, "1")
    assert drawing.tools.state()[1] == by_hand
    drawing.open(pelvis_files[1])
    wait(lambda: drawing.session.scan.name == "case2" and drawing.session.job is None)
    drawing.labels.new(preset("pelvis-mr"))
    assert drawing.tools.state()[1] == by_hand


def test_on_a_small_scan_the_brush_is_small(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], sample_data: Path
) -> None:
    controller = hooks.controller_of(controller_viewer)
    controller.open(sample_data / "two_parts.nii.gz")
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    controller.labels.new(preset("hippocampus"))
    bench.sections.open("Correct")
    assert controller.tools.state()[1] <= 4.0
    assert find("correct_panel.size_text").text().endswith(" mm")


def test_the_size_is_what_is_painted_and_stands_in_one_line(
    drawing: Any, find: Callable[[str], Any], bench: Any
) -> None:
    layer, canvas = drawing.tools.layer, canvas_widget(drawing.viewer)
    for value in (4, 20, 33):
        find("correct_panel.size").setValue(value)
        before = layer.data.copy()
        QTest.keyClick(canvas, Qt.Key.Key_B)
        layer.paint((8, 32, 32), 3)
        painted = np.argwhere(layer.data[8] == 3)[:, 1]
        wide = (layer.data[8, 32] == 3).nonzero()[0]
        assert len(painted)
        mm = (wide.max() - wide.min() + 1) * layer.scale[2]
        assert find("correct_panel.size_text").text() == f"{mm:.1f} mm"
        drawing.tools.undo()
        np.testing.assert_array_equal(layer.data, before)
    text = find("correct_panel.size_text")
    assert text.height() < 1.8 * text.fontMetrics().height()


def test_the_eraser_takes_the_chosen_organ_only_and_says_when_there_is_none(
    drawing: Any, find: Callable[[str], Any]
) -> None:
    layer, message = drawing.tools.layer, find("job_bar.message")
    before = layer.data.copy()
    drawing.tools.choose(PROSTATE)
    find("correct_panel.size").setValue(20)
    QTest.keyClick(canvas_widget(drawing.viewer), Qt.Key.Key_E)
    assert "the others stay" in find("correct_panel.tool_text").text()
    stroke_over(drawing, BLADDER)
    gone = before[layer.data != before]
    assert set(np.unique(gone)) <= {PROSTATE}
    if not gone.size:
        assert "Erase: Prostate: there is nothing of it here" in message.text()
    drawing.tools.choose(BLADDER)
    stroke_over(drawing, BLADDER)
    gone = before[(layer.data != before) & (before != PROSTATE)]
    assert set(np.unique(gone)) == {BLADDER}
    assert drawing.tools.editable.history.steps[-1].name.startswith("Erase: Bladder")


def test_the_eraser_keeps_to_the_chosen_organ_in_every_plane(drawing: Any) -> None:
    layer, before = drawing.tools.layer, drawing.tools.layer.data.copy()
    drawing.view.show_three_planes(True)
    live(200)
    drawing.tools.choose(RECTUM)
    drawing.tools.set_mode("erase")
    for view in drawing.view.planes.views:
        copy = next(one for one in view.model.layers if one.name == "labels")
        copy.brush_size = 41
        copy.paint(tuple(organ_centre(layer, BLADDER)), 0)
    assert set(np.unique(before[layer.data != before])) <= {RECTUM}


def test_what_was_said_of_a_result_leaves_with_the_next_stroke_and_errors_stay(
    drawing: Any, find: Callable[[str], Any]
) -> None:
    message, session = find("job_bar.message"), drawing.session
    canvas = canvas_widget(drawing.viewer)

    def polygon() -> None:
        QTest.keyClick(canvas, Qt.Key.Key_P)
        for place in (QPoint(-20, -20), QPoint(20, -20), QPoint(20, 20)):
            QTest.mouseClick(canvas, LEFT, NO_KEYS, canvas.rect().center() + place)
        QTest.keyClick(canvas, Qt.Key.Key_Return)

    def brush() -> None:
        QTest.keyClick(canvas, Qt.Key.Key_B)
        stroke_over(drawing, PROSTATE)

    for go_on in (brush, lambda: QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier), polygon):
        session.say("warning", "Only the largest piece was kept.")
        go_on()
        assert "largest piece" not in message.text()
        assert message.property("level") != "warning"
    session.say("error", "The disk is full.")
    brush()
    assert "disk is full" in message.text()


@pytest.mark.parametrize(("font_pt", "columns"), [(9, 2), (16, 1)])
def test_tools_stand_in_two_columns_where_their_names_fit(
    drawing: Any, bench: Any, find: Callable[[str], Any], font_pt: int, columns: int
) -> None:
    from napari.settings import get_settings

    get_settings().appearance.font_size = font_pt
    drawing.viewer.window.resize(1366, 768)
    live(300)
    buttons = [find(f"correct_panel.tool.{name}") for name in keys.MODES]
    assert len({made.x() for made in buttons}) == columns
    for made in buttons:
        assert made.width() >= made.minimumSizeHint().width(), made.text()
        assert made.geometry().right() <= made.parent().width()
