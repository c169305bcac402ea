"""At 1366 x 768 both answers of a question are in sight, whatever else is open; it leaves with its box."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hands import LEFT, drag
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from results_that_come import in_sight, press

from napari_boundaryseg.engine.checkpoints import model_library
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat.canvas import canvas_widget

SHIPPED = model_library.WEIGHTS
LONG = (
    "case1: it covers 309 x 243 x 190 mm, far more than the 230 x 230 x 100 mm that pelvis-mr-sgm was trained on. "
    "Draw a box round the organs (or give --box or --box-from)"
)


def test_answers_are_in_sight_and_a_drawn_box_ends_the_question(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    controller = hooks.controller_of(controller_viewer)
    controller_viewer.window.resize(1366, 768)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    bench.sections.open("Segment")
    QTest.mouseClick(find("segment_panel.card"), LEFT)
    find("segment_panel.region").setCurrentIndex(2)
    controller.segmentation._ask("OtherModality", "case1: it is CT. Choose another model")
    wait(lambda: in_sight(find("segment_panel.anyway")))
    assert in_sight(find("segment_panel.question"))
    controller.segmentation._ask("RegionNeeded", LONG)
    wait(lambda: in_sight(find("segment_panel.draw")))
    assert in_sight(find("segment_panel.whole")) and in_sight(find("segment_panel.question"))
    assert not find("segment_panel.anyway").isVisible()
    assert "--" not in find("segment_panel.question").text()
    assert bench.sections.by_title["Segment"].area.height() > 60, "what stands above can still be read"
    press(find("segment_panel.draw"))
    assert find("segment_panel.question").isVisible(), "until it is drawn"
    canvas = canvas_widget(controller_viewer)
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, *(middle + QPoint(step, step) for step in range(0, 101, 10)))
    wait(lambda: "Box:" in find("segment_panel.box_size").text())
    assert find("segment_panel.question").text() == ""
    assert not find("segment_panel.whole").isVisible()


@pytest.mark.parametrize("height", [768, 640])
def test_segment_is_in_sight_below_what_is_said_of_a_starting_point(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    height: int,
) -> None:
    monkeypatch.setattr(model_library, "WEIGHTS", SHIPPED)
    controller = hooks.controller_of(controller_viewer)
    controller_viewer.window.resize(1366, height)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    controller.models.choose(SHIPPED / "brain-tumour-egcnn.safetensors")
    bench.sections.open("Segment")
    find("segment_panel.card").setChecked(True)  # all that is known of it
    assert find("segment_panel.summary").text().startswith("⚠ Has seen no patient")
    wait(lambda: in_sight(find("segment_panel.run")))


def test_what_has_seen_no_patient_comes_last_under_a_heading_that_nobody_can_choose(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_library, "WEIGHTS", SHIPPED)
    hooks.controller_of(controller_viewer).session.project_changed.emit(None)
    model = find("segment_panel.model")
    shown = [model.itemText(n) for n in range(model.count())]
    place = shown.index("Starting points: have seen no patient")
    assert shown[place + 1 :] == ["brain-tumour-bacnn · synthetic", "brain-tumour-egcnn · synthetic"]
    assert {"hippocampus-hmedn", "pelvis-mr-sgm", "sarcoma-t1"} <= set(shown[:place])
    assert model.itemData(place) is None
    assert not model.model().item(place).isEnabled()
    model.setCurrentIndex(place - 1)
    QTest.keyClick(model, Qt.Key.Key_Down)
    assert model.currentIndex() == place + 1
