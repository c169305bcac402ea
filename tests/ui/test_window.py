"""The window's manners: errors, region questions, readers, samples, closing, size."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, drag, live
from patience import alive
from qtpy.QtCore import QPoint
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QAbstractButton, QLabel, QWidget

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget
from napari_boundaryseg.ui.control import model_list
from napari_boundaryseg.ui.control.region import around_organ
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.labels import read_labels
from napari_boundaryseg.ui.panels.region_form import RegionForm


@pytest.fixture
def opened(controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    """The controller, with a small scan open."""
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    return controller


def test_a_file_that_is_no_scan_is_told_in_one_sentence_and_nothing_is_lost(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path
) -> None:
    scan = opened.session.scan
    bad = tmp_path / "broken.nii.gz"
    bad.write_bytes(b"not a scan")
    opened.open(bad)
    message = find("job_bar.message")
    wait(lambda: message.property("level") == "error")
    assert "broken.nii.gz" in message.text()
    assert opened.session.scan is scan
    assert "case1" in opened.viewer.layers


def test_a_scan_is_not_segmented_twice_at_once(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    opened.segmentation.run()
    assert not find("segment_panel.run").isEnabled()
    opened.segmentation.run()
    assert "a model runs on this scan already" in find("job_bar.message").text()
    assert len(opened.session.jobs.in_lane("work")) == 1
    wait(lambda: opened.session.prediction is not None)


def test_cancel_stops_the_job_and_the_window_goes_on(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    opened.segmentation.run()
    opened.session.job.pause()  # so that it does not end by itself
    wait(lambda: opened.session.job.state == "running")
    find("job_bar.cancel").click()
    wait(lambda: opened.session.job is None)
    assert opened.session.prediction is None
    opened.segmentation.run()
    wait(lambda: opened.session.prediction is not None)


def test_a_scan_far_larger_than_the_models_is_a_question_with_its_answers(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path
) -> None:
    from napari_boundaryseg.data import formats
    from napari_boundaryseg.data.volume import Geometry, Volume

    controller = hooks.controller_of(controller_viewer)
    array = np.random.default_rng(0).normal(0, 1, (1, 60, 60, 40)).astype(np.float32)
    formats.write(Volume(array, Geometry((60, 60, 40), np.diag([12.0, 12.0, 20.0, 1]))), tmp_path / "big.nii.gz")
    controller.open(tmp_path / "big.nii.gz")
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    bench.sections.open("Segment")
    QTest.mouseClick(find("segment_panel.run"), LEFT)
    question = find("segment_panel.question")
    wait(question.isVisible)
    assert "far more than" in question.text()
    QTest.mouseClick(find("segment_panel.draw"), LEFT)
    assert find("segment_panel.region").currentText() == "Box drawn on the scan"
    assert access.only(controller_viewer, "region").mode == "add_rectangle"


def test_a_box_drawn_with_the_mouse_limits_the_prediction(
    opened: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    viewer = opened.viewer
    bench.sections.open("Segment")
    find("segment_panel.region").setCurrentIndex(1)
    QTest.mouseClick(find("segment_panel.draw_box"), LEFT)
    canvas = canvas_widget(viewer)
    middle = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, *(middle + QPoint(step, step) for step in range(0, 101, 10)))
    wait(lambda: "Box:" in find("segment_panel.box_size").text())
    find("segment_panel.first_slice").setValue(5)
    find("segment_panel.last_slice").setValue(12)
    box = opened.region.box((4, 11))
    assert box[2] == slice(4, 12)
    size = box[0].stop - box[0].start
    assert 3 < size < 40
    QTest.mouseClick(find("segment_panel.run"), LEFT)
    wait(lambda: opened.session.prediction is not None)
    outside = np.ones(opened.session.scan.geometry.shape, bool)
    outside[box] = False
    assert not opened.session.prediction.labels.array[outside].any()


def test_the_first_and_the_last_slice_are_those_on_which_they_were_marked(
    opened: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    viewer = opened.viewer
    bench.sections.open("Segment")
    find("segment_panel.region").setCurrentText("From slice to slice")
    assert find("segment_panel.draw_box").isHidden()
    assert not access.only(viewer, "region"), "no rectangle is asked for"
    n = opened.session.scan.geometry.display.display_shape[0]
    for step, button in ((4, "from_here"), (n - 3, "to_here")):
        viewer.dims.set_current_step(0, step)
        QTest.mouseClick(find(f"segment_panel.{button}"), LEFT)
    assert (find("segment_panel.first_slice").value(), find("segment_panel.last_slice").value()) == (5, n - 2)
    assert "Box:" in find("segment_panel.box_size").text()
    QTest.mouseClick(find("segment_panel.run"), LEFT)
    wait(lambda: opened.session.prediction is not None)
    found = opened.session.prediction.labels
    marked = np.zeros(found.geometry.display.display_shape, bool)
    marked[4 : n - 2] = True
    assert not found.geometry.display.to_display(found.array)[~marked].any()


def test_slices_are_those_of_the_plane_that_is_shown(opened: Any, find: Callable[[str], Any]) -> None:
    opened.viewer.dims.order = (1, 0, 2)
    find("segment_panel.region").setCurrentText("From slice to slice")
    shape = opened.session.scan.geometry.display.display_shape
    assert find("segment_panel.last_slice").maximum() == shape[1]
    box = opened.session.scan.geometry.display.box_from_display((slice(0, shape[0]), slice(2, 7), slice(0, shape[2])))
    assert opened.region.between((2, 6), 1) == box


def test_marked_slices_stay_those_of_the_plane_in_which_they_were_marked(
    opened: Any, bench: Any, find: Callable[[str], Any]
) -> None:
    bench.sections.open("Segment")
    find("segment_panel.region").setCurrentText("From slice to slice")
    opened.viewer.dims.set_current_step(0, 4)
    QTest.mouseClick(find("segment_panel.from_here"), LEFT)
    panel = bench.findChild(RegionForm)
    before = panel.box()
    opened.viewer.dims.order = (2, 0, 1)
    assert panel.box() == before, "another plane is shown: they are axial all the same"
    opened.viewer.dims.set_current_step(2, 9)
    QTest.mouseClick(find("segment_panel.to_here"), LEFT)
    assert (find("segment_panel.first_slice").value(), find("segment_panel.last_slice").value()) == (1, 10)
    assert panel.box() == opened.region.between((0, 9), 2), "marked in this plane, they count along it"


def test_a_model_of_loose_boxes_is_not_given_slices_alone(
    opened: Any, bench: Any, find: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.sections.open("Segment")
    card = model_list.read(opened.session.model)
    boxed = card.model_copy(update={"recipe": card.recipe.with_settings({"box_margin_mm": (10.0, 30.0)})})
    monkeypatch.setattr(model_list, "read", lambda path: boxed)
    find("segment_panel.region").setCurrentText("From slice to slice")
    assert "Draw a box" in find("segment_panel.box_size").text()
    QTest.mouseClick(find("segment_panel.run"), LEFT)
    live(100)
    assert "a box of 30 mm round it at most" in find("job_bar.message").text()
    assert not opened.segmentation.is_segmenting()


def test_around_a_label_gives_the_box_of_that_organ(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    opened.labels.open(pelvis_files[0].with_name("case1_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: opened.tools.layer is not None and opened.session.job is None)
    find("segment_panel.region").setCurrentIndex(2)
    find("segment_panel.around").setCurrentText("Prostate")
    labels = read_labels(opened.viewer, opened.session.scan)
    assert opened.region.around("Prostate", 15.0) == around_organ(labels, "Prostate", 15.0)


def test_volumes_follow_the_brush(
    opened: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    opened.labels.new(preset("pelvis-mr"))
    bench.sections.open("Correct")
    organs = find("correct_panel.organs")
    assert [organs.item(row, 1).text() for row in range(3)] == ["none"] * 3
    layer = opened.tools.layer
    layer.selected_label = 2
    layer.paint((5, 30, 30), 2)
    wait(lambda: organs.item(1, 1).text() not in ("–", "none"))
    assert "corrected, not accepted" in bench.sections.by_title["Correct"].header.text()


def test_labels_that_do_not_fit_the_scan_are_refused(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None], sample_data: Path
) -> None:
    opened.labels.new(preset("pelvis-mr"))
    mine = opened.tools.layer
    opened.labels.open(sample_data / "two_parts_labels.nii.gz", preset("hippocampus"))
    wait(lambda: find("job_bar.message").property("level") == "error")
    assert opened.tools.layer is mine


def test_a_scan_that_napari_opened_is_adopted(
    controller_viewer: Any, bench: Any, wait: Callable[..., None], sample_data: Path
) -> None:
    controller_viewer.open(str(sample_data / "two_parts.nii.gz"), plugin="napari-boundaryseg")
    session = hooks.controller_of(controller_viewer).session
    wait(lambda: session.scan is not None)
    assert session.scan.name == "two_parts"
    assert len(access.of_kind(controller_viewer, "scan")) == 1
    assert [label.text() for label in hooks.controller_of(controller_viewer).view.letters.labels.values()] == [
        "A",
        "P",
        "R",
        "L",
    ]


def test_the_four_channel_sample_opens_as_one_scan(
    controller_viewer: Any, bench: Any, wait: Callable[..., None]
) -> None:
    controller_viewer.open_sample("napari-boundaryseg", "brain")
    session = hooks.controller_of(controller_viewer).session
    wait(lambda: session.scan is not None)
    assert session.scan.array.shape[0] == 4
    assert [layer.visible for layer in access.of_kind(controller_viewer, "scan")] == [False, False, False, True]


def test_the_coronal_view_has_the_head_up(opened: Any, find: Callable[[str], Any]) -> None:
    opened.viewer.dims.order = (1, 0, 2)
    assert str(camera_of(opened.viewer).orientation2d[0]) == "up"
    assert opened.view.letters.labels["top"].text() == "S"
    assert find("scan_panel.view").currentText() == "Coronal"
    opened.viewer.dims.ndisplay = 3
    assert not opened.view.letters.labels["top"].isVisible()


def test_a_ct_gets_its_windows(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[1])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    window = find("scan_panel.window")
    window.setCurrentText("CT bone")
    window.activated.emit(window.currentIndex())
    assert access.only(controller_viewer, "scan").contrast_limits == [-500.0, 1300.0]


def test_closing_the_window_leaves_no_process(opened: Any, wait: Callable[..., None]) -> None:
    opened.jobs.warm_up()
    wait(lambda: opened.session.runner.pid is not None)
    pid = opened.session.runner.pid
    opened.viewer.close()
    wait(lambda: not alive(pid))


def test_every_control_is_named_and_says_its_label(opened: Any, bench: Any) -> None:
    from qtpy.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QPushButton, QSlider, QToolButton

    kinds = (QPushButton, QToolButton, QComboBox, QAbstractSpinBox, QSlider, QCheckBox)
    controls = [c for kind in kinds for c in bench.findChildren(kind) if not c.objectName().startswith("qt_")]
    assert len(controls) > 25
    for control in controls:
        assert control.objectName(), control
        assert control.accessibleName(), control.objectName()
        if isinstance(control, QPushButton):
            assert control.accessibleName() == control.text()


@pytest.mark.parametrize("font_pt", [9, 13])  # napari's own size, and what tired eyes ask for
def test_nothing_is_cut_off_on_a_small_screen(opened: Any, bench: Any, font_pt: int, qtbot: Any) -> None:
    from napari.settings import get_settings

    get_settings().appearance.font_size = font_pt
    opened.viewer.window.resize(1366, 768)
    opened.labels.new(preset("pelvis-ct"))
    for title, section in bench.sections.by_title.items():
        bench.sections.open(title)
        qtbot.wait(60)
        assert bench.width() <= 400
        width = section.area.viewport().width()
        assert section.content.minimumSizeHint().width() <= width, title
        for part in section.content.findChildren(QWidget):
            if part.isVisible() and isinstance(part, QLabel | QAbstractButton):
                right = part.mapTo(section.content, QPoint(part.width(), 0)).x()
                assert right <= width + 1, part.objectName()
                if isinstance(part, QAbstractButton) and part.text():
                    assert part.width() >= part.minimumSizeHint().width() - 1, part.objectName()
