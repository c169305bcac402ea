"""The Show row in a real window: one switch a kind, whatever comes later."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import live
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.panels.show_row import SWITCHES


@pytest.fixture
def segmented(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> Any:
    """A scan with a result of the tiny model."""
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    bench.sections.open("Segment")
    QTest.mouseClick(find("segment_panel.run"), Qt.MouseButton.LeftButton)
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    wait(lambda: "labels" in controller.viewer.layers and find("display.edges").isEnabled())
    return controller


def seen(viewer: Any) -> set[str]:
    return {layer.name for layer in viewer.layers if layer.visible}


def press(control: Any) -> None:
    QTest.mouseClick(control, Qt.MouseButton.LeftButton)


def test_the_outline_alone_is_shown_until_more_is_asked_for(
    segmented: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    viewer, scan = segmented.viewer, segmented.session.scan.name
    assert seen(viewer) == {scan, "labels"}
    assert find("display.outline").isChecked()
    press(find("display.edges"))
    assert seen(viewer) == {scan, "labels", "edges"}
    press(find("display.contour"))
    wait(lambda: seen(viewer) == {scan, "labels", "edges", "contour: Bladder"})
    segmented.tools.choose(3)
    wait(lambda: seen(viewer) == {scan, "labels", "edges", "contour: Rectum"})
    for name in ("edges", "contour"):
        press(find(f"display.{name}"))
    assert seen(viewer) == {scan, "labels"}
    press(find("display.outline"))
    wait(lambda: segmented.view.outlines.main.drawn == {})


def listed(controller: Any) -> list[str]:
    """The rows of napari's layer list that a person sees, top first."""
    rows = controller.viewer.window._qt_viewer.layers
    names = ((row, rows.model().index(row, 0)) for row in range(rows.model().rowCount()))
    return [index.data() for row, index in names if not rows.visualRect(index).isEmpty()]


def test_the_layer_list_has_a_row_for_what_is_switched_on_only(
    segmented: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    viewer, scan = segmented.viewer, segmented.session.scan.name
    wait(lambda: {"contour: Rectum", "edges"} <= {layer.name for layer in viewer.layers})
    assert listed(segmented) == ["labels", scan]
    press(find("display.edges"))
    press(find("display.contour"))
    assert listed(segmented) == ["labels", "edges", "contour: Bladder", scan]
    viewer.layers["edges"].visible = False  # by its eye: the row to bring it back stays
    assert listed(segmented) == ["labels", "edges", "contour: Bladder", scan]
    segmented.tools.choose(3)
    assert listed(segmented) == ["labels", "edges", "contour: Rectum", scan]
    assert not viewer.layers["edges"].visible, "another organ is chosen: what was hidden by its eye stays hidden"
    viewer.layers.move(viewer.layers.index("edges"), 0)
    viewer.add_points(name="somebody's")
    assert listed(segmented) == ["somebody's", "labels", "contour: Rectum", scan, "edges"]
    viewer.layers.move(viewer.layers.index("contour: Bladder"), len(viewer.layers))
    assert listed(segmented) == ["somebody's", "labels", "contour: Rectum", scan, "edges"]
    for name in ("edges", "contour"):
        press(find(f"display.{name}"))
    assert listed(segmented) == ["somebody's", "labels", scan]


def test_the_dashed_lines_are_one_more_switch_of_a_result(
    segmented: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    switch, outlines = find("display.limits"), segmented.view.outlines
    assert switch.isEnabled() and not switch.isChecked() and not outlines.wanted.limits
    press(switch)
    wait(lambda: outlines.wanted.limits and switch.isChecked())
    segmented.session.prediction = None
    wait(lambda: not switch.isEnabled())


def test_attention_is_one_level_that_leaves_the_scan_its_greys(
    segmented: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    viewer, scan = segmented.viewer, segmented.session.scan.name
    levels = [f"attention: level {n}" for n in range(3)]
    wait(lambda: set(levels) <= {layer.name for layer in viewer.layers})
    tick = find("segment_panel.attention")
    QTest.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    assert tick.isChecked()
    assert "Clear: as they are" in find("segment_panel.attention_legend").text()
    assert find("segment_panel.attention_legend").isVisible()
    assert seen(viewer) == {scan, "labels", levels[0]}
    viewer.layers["labels"].visible = False
    wait(lambda: segmented.view.outlines.main.drawn == {})

    def colour_over(weight: float) -> int:
        """How far the picture is from grey where the gain is everywhere alike."""
        viewer.layers[levels[0]].data = np.full_like(viewer.layers[levels[0]].data, weight)
        picture = viewer.screenshot(canvas_only=True, flash=False)[..., :3].astype(int)
        return int(np.ptp(picture, axis=2).max())

    assert colour_over(1.0) <= 3
    assert colour_over(0.0) > 40
    assert colour_over(2.0) > 40
    QTest.mouseClick(tick, Qt.MouseButton.LeftButton, pos=QPoint(8, tick.height() // 2))
    assert not find("segment_panel.attention_legend").isVisible()


def test_what_is_wanted_is_shown_of_the_next_result_too(
    segmented: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    press(find("display.edges"))
    find("display.fill").setValue(55)
    assert segmented.viewer.layers["labels"].opacity == pytest.approx(0.55)
    first = segmented.viewer.layers["edges"]
    press(find("segment_panel.run"))
    wait(lambda: "edges" in segmented.viewer.layers and segmented.viewer.layers["edges"] is not first)
    wait(lambda: segmented.session.job is None and not segmented.segmentation.busy)
    assert segmented.viewer.layers["edges"].visible
    assert segmented.viewer.layers["labels"].opacity == pytest.approx(0.55)


def test_without_a_scan_there_is_nothing_to_show(controller_viewer: Any, find: Callable[[str], Any]) -> None:
    hooks.controller_of(controller_viewer)
    assert not any(find(f"display.{name}").isEnabled() for name in (*SWITCHES, "fill"))


@pytest.mark.parametrize("points", [9, 13])
def test_every_switch_is_read_whole_in_the_narrowest_dock(
    controller: Any, find: Callable[[str], Any], points: int
) -> None:
    row = find("display.outline").parentWidget()
    row.setStyleSheet(f"* {{ font-size: {points}pt }}")
    row.setFixedWidth(300)
    live(50)
    for name in ("outline", "edges", "contour", "attention", "limits"):
        switch = find(f"display.{name}")
        assert switch.width() >= switch.sizeHint().width(), name
    tops = {find(f"display.{name}").y() for name in ("outline", "edges", "contour", "attention")}
    assert len(tops) == (1 if points == 9 else 2)


def test_a_wheel_that_passes_over_a_control_changes_nothing(controller: Any, find: Callable[[str], Any]) -> None:
    for name in ("display.fill", "correct_panel.size", "scan_panel.view", "segment_panel.model"):
        control = find(name)
        control.setEnabled(True)
        before = control.value() if hasattr(control, "value") else control.currentIndex()
        middle = QPointF(control.width() / 2, control.height() / 2)
        turned = QWheelEvent(
            middle,
            QPointF(control.mapToGlobal(middle.toPoint())),
            QPoint(),
            QPoint(0, -120),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(control, turned)
        assert (control.value() if hasattr(control, "value") else control.currentIndex()) == before, name
