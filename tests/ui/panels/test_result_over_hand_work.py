"""A result never replaces what a person drew: it waits, says what it would change, and is applied or discarded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT
from qtpy.QtTest import QTest
from results_that_come import comes, drawn, empty, press, result_of
from scans_of_a_day import open_scan, stroke

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.ui import hooks

PROSTATE, RECTUM = 2, 3


@pytest.fixture
def controller(controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    """A small scan in a window of 1366 x 768, nothing drawn."""
    made = hooks.controller_of(controller_viewer)
    controller_viewer.window.resize(1366, 768)
    made.open(pelvis_files[0])
    wait(lambda: made.session.scan is not None and made.session.job is None)
    return made


def test_where_nothing_was_drawn_a_result_is_applied(
    controller: Any, find: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (5, 7):
        array = empty(controller)
        array[20 : 20 + size, 20:30, 4:8] = PROSTATE
        comes(controller, monkeypatch, array)
        assert find("segment_panel.offer").text() == ""
        assert np.count_nonzero(drawn(controller)) == size * 40


def test_over_hand_work_it_asks_with_figures_and_both_answers_in_sight(
    controller: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    array = empty(controller)
    array[20:25, 20:30, 4:8] = PROSTATE
    comes(controller, monkeypatch, array)
    bench.sections.open("Correct")
    controller.tools.choose(RECTUM)
    stroke(controller)
    before, scan = drawn(controller), controller.session.scan
    display, ml = scan.geometry.display, scan.geometry.voxel_ml
    assert (before == RECTUM).any()
    bench.sections.open("Segment")
    QTest.mouseClick(find("segment_panel.card"), LEFT)  # a long panel
    array[20:25, 20:30, 10:12] = PROSTATE
    comes(controller, monkeypatch, array)
    after = display.to_display(array)
    added = {i: int(((after == i) & (before != i)).sum()) * ml for i in (PROSTATE, RECTUM)}
    removed = {i: int(((before == i) & (after != i)).sum()) * ml for i in (PROSTATE, RECTUM)}
    said = find("segment_panel.offer").text()
    assert f"would add {ml_text(sum(added.values()))} mL and remove {ml_text(sum(removed.values()))} mL" in said
    assert f"Prostate +{ml_text(added[2])} −{ml_text(removed[2])} mL" in said
    assert f"Rectum +{ml_text(added[3])} −{ml_text(removed[3])} mL" in said
    assert "your corrections" in said
    assert find("sections.segment").text().endswith("needs an answer")
    np.testing.assert_array_equal(drawn(controller), before)
    press(find("segment_panel.discard"))
    np.testing.assert_array_equal(drawn(controller), before)
    assert not find("segment_panel.apply").isVisible()
    assert find("job_bar.message").text() == ""

    comes(controller, monkeypatch, array)
    first = find("segment_panel.offer").text()
    stroke(controller, 80)
    wait(lambda: find("segment_panel.offer").text() != first)  # the figures are those of now
    press(find("segment_panel.apply"))
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    np.testing.assert_array_equal(drawn(controller), after)
    assert find("segment_panel.offer").text() == ""


def test_drawing_while_the_model_runs_is_hand_work_too(
    controller: Any, find: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    array = empty(controller)
    array[20:25, 20:30, 4:8] = PROSTATE
    controller.labels.new(preset("pelvis-mr"))
    comes(controller, monkeypatch, array, lambda: stroke(controller))
    assert "your corrections" in find("segment_panel.offer").text()
    assert "its result waits for an answer, in Segment" in find("job_bar.message").text()
    assert controller.tools.editable.history.position == 1


def test_a_stroke_that_is_not_ended_is_hand_work(controller: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    controller.labels.new(preset("pelvis-mr"))

    def paint() -> None:
        controller.tools.layer.data[3, 30:35, 30:35] = RECTUM

    comes(controller, monkeypatch, empty(controller), paint)
    assert np.count_nonzero(drawn(controller)) == 25


def test_what_changes_nothing_is_not_asked(
    controller: Any, find: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    controller.labels.new(preset("pelvis-mr"))
    stroke(controller)
    comes(controller, monkeypatch, controller.session.scan.geometry.display.from_display(drawn(controller)))
    assert find("segment_panel.offer").text() == ""
    assert controller.session.prediction is not None


def test_an_unanswered_result_outlives_another_scan(
    controller: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    array = empty(controller)
    array[20:25, 20:30, 4:8] = PROSTATE
    controller.labels.new(preset("pelvis-mr"))
    stroke(controller)
    before = drawn(controller)
    comes(controller, monkeypatch, array)
    said = find("segment_panel.offer").text()
    open_scan(controller, wait, pelvis_files[1], monkeypatch)
    assert find("segment_panel.offer").text() == ""
    assert find("sections.segment").text().strip() == "Segment"
    open_scan(controller, wait, pelvis_files[0], monkeypatch)
    assert find("segment_panel.offer").text() == said
    assert find("sections.segment").text().endswith("needs an answer")
    np.testing.assert_array_equal(drawn(controller), before)
    bench.sections.open("Segment")
    press(find("segment_panel.apply"))
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    np.testing.assert_array_equal(drawn(controller), controller.session.scan.geometry.display.to_display(array))
    assert find("segment_panel.offer").text() == "", "one question, one answer"


def test_a_result_for_a_scan_that_was_not_open_tells_what_it_would_change_there(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    controller.labels.new(preset("pelvis-mr"))
    stroke(controller)
    before, session = drawn(controller), controller.session
    kept, first = result_of(session, empty(controller)), session.scan
    open_scan(controller, wait, pelvis_files[1], monkeypatch)
    session.kept_results.keep(replace(first), kept)
    assert find("segment_panel.offer").text() == ""
    open_scan(controller, wait, pelvis_files[0], monkeypatch)
    ml = np.count_nonzero(before) * session.scan.geometry.voxel_ml
    said = find("segment_panel.offer").text()
    assert f"Over your corrections it would add 0.0 mL and remove {ml_text(ml)} mL" in said
    np.testing.assert_array_equal(drawn(controller), before)
