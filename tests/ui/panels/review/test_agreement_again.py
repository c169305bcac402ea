"""Agreement that stays fresh: compared again by itself, beside the window, one at a time, never within a stroke."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, live, move
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from scans_of_a_day import FINE, THICK, new_labels, open_scan, stroke, undo_key, write_scan

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.review.border_errors import border_errors
from napari_boundaryseg.review.comparing import compare
from napari_boundaryseg.ui.compat.canvas import canvas_widget
from napari_boundaryseg.ui.control.reviewing import agreement_actions
from napari_boundaryseg.ui.layers.access import KIND
from napari_boundaryseg.ui.widgets.review.agreement_words import overview_rows

BLADDER, PROSTATE, RECTUM = 1, 2, 3


def settled(controller: Any) -> Callable[[], bool]:
    def is_so() -> bool:
        known = controller.agreement.known()
        fresh = known is not None and controller.agreement.is_fresh and known.errors_of == known.organ
        return fresh and not controller.agreement.is_busy

    return is_so


def press(widget: Any) -> None:
    QTest.mouseClick(widget, LEFT, pos=QPoint(12, widget.height() // 2))
    live(50)


def in_full(controller: Any, reference: np.ndarray) -> Any:
    """The comparison of the labels as they are with others, all of it."""
    scan, editable = controller.session.scan, controller.tools.editable
    maps = [
        LabelMap(np.ascontiguousarray(scan.geometry.display.from_display(array)), scan.geometry, editable.scheme)
        for array in (np.array(editable.history.array), reference)
    ]
    return compare(*maps)


def shown(controller: Any) -> list[Any]:
    return [layer for layer in controller.viewer.layers if layer.metadata.get(KIND) == "errors"]


@pytest.fixture
def compared(drawing: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]) -> tuple[Any, np.ndarray]:
    """A window whose labels were compared with a layer that lies a voxel off, and that layer's voxels."""
    bench.sections.open("Review")
    live(50)
    other = np.roll(np.array(drawing.tools.layer.data), 1, axis=2)
    drawing.viewer.add_labels(other, name="mine", scale=drawing.tools.layer.scale)
    drawing.viewer.layers.selection.active = drawing.tools.layer
    press(find("review_panel.compare"))
    wait(settled(drawing))
    return drawing, other


def test_strokes_by_mouse_are_followed_and_the_tables_are_those_of_a_full_comparison(
    compared: tuple[Any, np.ndarray], find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    controller, other = compared
    table = find("review_panel.agreement")
    press(find("review_panel.error_map"))
    (layer,) = shown(controller)
    layer.opacity = 0.5  # a person's own setting stays
    for n, right in enumerate((60, 110)):
        controller.grid.go_to((3 + 5 * n, 20, 30))
        before, errors = table.texts(), controller.agreement.known().errors
        controller.tools.choose(BLADDER)
        stroke(controller, right)
        assert controller.tools.can_undo()
        assert table.property("old") and "comparing again" in find("review_panel.agreement_state").text()
        assert table.texts() == before, "the old values stay until there are new ones"
        wait(settled(controller))
        assert not table.property("old") and not find("review_panel.worst_places").property("old")
        wanted = in_full(controller, other)
        assert table.texts() == overview_rows(wanted.whole) != before
        np.testing.assert_equal(dict(controller.agreement.known().comparison.thirds), dict(wanted.thirds))
        found = controller.agreement.known().errors
        masks = [array == BLADDER for array in (controller.tools.editable.history.array, other)]
        full = border_errors(*masks, controller.session.scan.geometry.display.scale_mm, wanted.tolerance_mm("Bladder"))
        assert np.array_equal(found.signed_mm, full.signed_mm, equal_nan=True) and found.places == full.places
        assert found is not errors
        assert find("review_panel.worst_places").sentences() == [place.sentence for place in full.places[:30]]
        assert shown(controller) == [layer] and layer.opacity == 0.5
        assert np.array_equal(layer.data, full.signed_mm, equal_nan=True)
        assert np.allclose(layer.translate, np.array(full.corner) * layer.scale)


def test_the_chosen_organ_stays_and_where_it_is_unchanged_its_errors_are_not_looked_for_again(
    compared: tuple[Any, np.ndarray],
    find: Callable[[str], Any],
    wait: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    controller, other = compared
    table = find("review_panel.agreement")
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.item(2, 0)).center())
    wait(settled(controller))
    errors, asked = controller.agreement.known().errors, []
    monkeypatch.setattr(agreement_actions, "border_errors", lambda *args: asked.append(1) or border_errors(*args))
    for organ, times in ((BLADDER, 0), (RECTUM, 1)):
        array = np.array(controller.tools.layer.data)
        array[2:4, 5:9, 50:58] = organ
        controller.tools.editable.put("Lump", array)
        wait(lambda: not settled(controller)())
        wait(settled(controller))
        assert (controller.agreement.known().organ, len(asked)) == ("Rectum", times)
        assert table.texts() == overview_rows(in_full(controller, other).whole)
    assert controller.agreement.known().errors is not errors


def test_within_a_stroke_nothing_is_compared_and_nothing_becomes_a_step(
    compared: tuple[Any, np.ndarray], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    controller, _ = compared
    asked: list[int] = []
    again = agreement_actions.compare_again
    monkeypatch.setattr(agreement_actions, "compare_again", lambda *args: asked.append(1) or again(*args))
    canvas, history = canvas_widget(controller.viewer), controller.tools.editable.history
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_B)
    start = QPoint(canvas.width() // 2, canvas.height() // 2)
    move(canvas, start)
    steps = history.position
    QTest.mousePress(canvas, LEFT, pos=start)
    for n in range(4):
        move(canvas, start + QPoint(20 * n, 5), LEFT)
        live(300)
    controller._settled.tell_again()
    live(900)  # twice as long as labels need to settle
    assert (asked, history.position) == ([], steps)
    QTest.mouseRelease(canvas, LEFT, pos=start + QPoint(60, 5))
    wait(settled(controller))
    assert (len(asked), history.position) == (1, steps + 1)


def test_one_computation_at_a_time_on_another_thread_and_the_last_labels_are_the_ones_that_count(
    compared: tuple[Any, np.ndarray],
    find: Callable[[str], Any],
    wait: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    controller, other = compared
    go, running, most, threads = threading.Event(), [], [], set()

    def watched(of: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            running.append(1)
            most.append(len(running))
            threads.add(threading.current_thread())
            go.wait(60)
            try:
                return of(*args)
            finally:
                running.pop()

        return call

    for name in ("compare_again", "border_errors", "unchanged"):
        monkeypatch.setattr(agreement_actions, name, watched(getattr(agreement_actions, name)))
    table = find("review_panel.agreement")
    before = table.texts()
    for n in range(3):
        array = np.array(controller.tools.layer.data)
        array[4 + n, 5:15, 50:58] = BLADDER
        controller.tools.editable.put("Lump", array)
        wait(lambda: controller._settled.is_quiet)
        live(50)
        assert running == [1], "the first one is not at its end"
        assert table.texts() == before and table.property("old")
    go.set()
    wait(settled(controller))
    assert set(most) == {1} and threading.main_thread() not in threads
    assert table.texts() == overview_rows(in_full(controller, other).whole) != before


def test_undo_to_what_was_compared_needs_no_computation(
    compared: tuple[Any, np.ndarray], find: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    controller, _ = compared
    asked: list[int] = []
    monkeypatch.setattr(agreement_actions, "compare_again", lambda *args: asked.append(1))
    array = np.array(controller.tools.layer.data)
    array[4, 5:15, 50:58] = BLADDER
    controller.tools.editable.put("Lump", array)
    assert find("review_panel.agreement").property("old")
    undo_key(controller)
    assert not find("review_panel.agreement").property("old")
    live(1000)
    assert asked == [] and controller.agreement.is_fresh


def test_two_scans_each_keep_their_comparison_while_the_other_is_open(
    controller: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Unaccepted work on both; a comparison that runs while one goes to the other scan is of its own labels."""
    scans = [write_scan(tmp_path / "one.nii.gz", THICK), write_scan(tmp_path / "two.nii.gz", FINE)]
    others, texts = [], []
    for n, path in enumerate(scans):
        open_scan(controller, wait, path, monkeypatch)
        bench.sections.open("Correct")
        new_labels(find, "Pelvis MR")
        controller.grid.go_to((4, 20, 20))
        stroke(controller, 60)
        others.append(np.roll(np.array(controller.tools.layer.data), 1, axis=2))
        controller.viewer.add_labels(others[n], name=f"of {n}", scale=controller.tools.layer.scale)
        controller.viewer.layers.selection.active = controller.tools.layer
        bench.sections.open("Review")
        live(50)
        assert find("review_panel.against").itemText(0) == f"Layer of {n}"
        press(find("review_panel.compare"))
        wait(settled(controller))
        texts.append(find("review_panel.agreement").texts())
    assert texts[0] != texts[1]
    go = threading.Event()
    again = agreement_actions.compare_again
    monkeypatch.setattr(agreement_actions, "compare_again", lambda *args: (go.wait(60), again(*args))[1])
    open_scan(controller, wait, scans[0], monkeypatch)
    wait(settled(controller))
    assert find("review_panel.agreement").texts() == texts[0]
    controller.grid.go_to((8, 20, 20))
    stroke(controller, 90)
    wait(lambda: controller.agreement.is_busy)
    open_scan(controller, wait, scans[1], monkeypatch)
    wait(lambda: controller._settled.is_quiet)
    assert find("review_panel.agreement").texts() == texts[1]
    go.set()
    wait(lambda: not controller.agreement.is_busy)
    live(50)
    assert find("review_panel.agreement").texts() == texts[1] and settled(controller)()
    open_scan(controller, wait, scans[0], monkeypatch)
    wait(settled(controller))
    assert find("review_panel.agreement").texts() == overview_rows(in_full(controller, others[0]).whole) != texts[0]
    assert controller.labels.in_work() and len(controller.labels.others()) == 0
    assert preset("pelvis-mr").names[0] == controller.agreement.known().organ
