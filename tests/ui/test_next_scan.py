"""The next scan starts afresh: no header, no message of the one before; the organ stays; what was removed is said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, live
from qtpy.QtTest import QTest
from scans_of_a_day import FINE, THICK, new_labels, open_scan, shown_text, stroke, write_scan

from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.panels.export import ExportPanel
from napari_boundaryseg.ui.panels.train import TrainPanel


def test_no_header_and_no_message_of_the_scan_before_stays(
    controller: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, write_scan(tmp_path / "pelvis.nii.gz", THICK), monkeypatch)
    new_labels(find, "Pelvis MR")
    stroke(controller)
    panel = bench.findChild(ExportPanel)
    panel.set_folder(tmp_path / "out")
    for name in ("edges", "contours", "mesh"):
        panel.what[name].setChecked(False)
    bench.sections.open("Export")
    QTest.mouseClick(find("export_panel.save"), LEFT)
    wait(lambda: bool(find("export_panel.written").text()))
    bench.findChild(TrainPanel).set_state("warning", "hippocampus-v2: no evidence")
    controller.session.say("warning", "Only the largest piece of Rectum was kept.")
    controller.viewer.open(str(write_scan(tmp_path / "next.nii.gz", FINE)), plugin="napari-boundaryseg")
    wait(lambda: controller.session.scan.name == "next")
    live(50)
    texts = {title: find(f"sections.{title}").text().strip() for title in ("segment", "correct", "train", "export")}
    assert texts == {title: title.capitalize() for title in texts}
    assert find("export_panel.written").text() == ""
    assert find("job_bar.message").text() == ""


@pytest.mark.parametrize("answered", [True, False])
def test_no_question_about_the_scan_before_stays(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answered: bool,
) -> None:
    open_scan(controller, wait, write_scan(tmp_path / "pelvis.nii.gz", THICK), monkeypatch)
    controller.results.asked.emit("seg.nii.gz: it is another scan's. Replace what is there?")
    controller.segmentation.asked.emit("Locked: Bladder. Apply the rest?")
    if answered:
        find("export_panel.keep").click()
        find("segment_panel.discard").click()
    open_scan(controller, wait, write_scan(tmp_path / "next.nii.gz", FINE), monkeypatch)
    for title in ("segment", "export"):
        assert find(f"sections.{title}").text().strip() == title.capitalize()
    assert not find("export_panel.replace").isVisible()


def test_the_chosen_organ_stays_with_new_labels_and_the_next_scan(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = find("correct_panel.organs")
    for n, grid in enumerate((THICK, FINE)):
        open_scan(controller, wait, write_scan(tmp_path / f"{n}.nii.gz", grid), monkeypatch)
        for title in ("Pelvis MR", "Prostate", "Pelvis MR"):
            new_labels(find, title)
            names = [table.item(row, 0).text() for row in range(table.rowCount())]
            if n == 0 and title == "Pelvis MR":
                table.selectRow(names.index("Prostate"))
            chosen = names[table.currentRow()]
            layer = controller.tools.layer
            assert controller.tools.editable.scheme.organ(layer.selected_label).name == chosen
            if "Prostate" in names:
                assert chosen == "Prostate"
            stroke(controller)


def test_a_scan_that_was_removed_from_the_list_is_said_and_put_back(
    controller: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer = controller.viewer
    open_scan(controller, wait, write_scan(tmp_path / "pelvis.nii.gz", THICK), monkeypatch)
    new_labels(find, "Pelvis MR")
    stroke(controller)
    bench.sections.open("Scan")
    assert not find("scan_panel.show_again").isVisible()
    viewer.layers.remove("pelvis")
    wait(find("scan_panel.show_again").isVisible)
    assert "The scan was removed from the layer list" in find("job_bar.message").text()
    assert shown_text(controller, "position") == "slice 10 of 19 · 27.0 mm"
    stroke(controller)
    QTest.mouseClick(find("scan_panel.show_again"), LEFT)
    assert [layer.name for layer in viewer.layers] == ["pelvis", "labels"]
    assert not find("scan_panel.show_again").isVisible()
    assert viewer.layers.selection.active is controller.tools.layer


def test_one_channel_of_several_comes_back_alone(
    controller: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    bench.sections.open("Scan")
    array = np.arange(4 * 60, dtype=np.float32).reshape(4, 3, 4, 5)
    controller.session.scan = Volume(array, Geometry((3, 4, 5), np.eye(4)), ("a", "b", "c", "d"), "brain")
    viewer = controller.viewer
    wait(lambda: controller.has_every_channel)
    names = [layer.name for layer in viewer.layers]
    assert names == [f"brain: {channel}" for channel in "dcba"]
    for gone in (names[1], names[3]):
        viewer.layers.remove(gone)
    wait(find("scan_panel.show_again").isVisible)
    QTest.mouseClick(find("scan_panel.show_again"), LEFT)
    assert sorted(layer.name for layer in viewer.layers) == sorted(names)
    assert len(access.of_kind(viewer, "scan")) == 4


def test_in_3d_the_window_says_what_rests(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer, message = controller.viewer, find("job_bar.message")
    open_scan(controller, wait, write_scan(tmp_path / "small.nii.gz", ((20, 20, 20), (1.0, 1.0, 1.0))), monkeypatch)
    new_labels(find, "Pelvis MR")
    viewer.dims.ndisplay = 3
    assert "3-D view" in message.text()
    assert not viewer.window._qt_window.findChild(type(controller.view.position.label), "position").isVisible()
    controller.session.say("info", "")
    QTest.mouseClick(find("correct_panel.tool.brush"), LEFT)
    assert "The tools draw on slices" in message.text()
    assert not find("correct_panel.tool.brush").isChecked()
    assert str(controller.tools.layer.mode) == "pan_zoom"
    viewer.dims.ndisplay = 2
    assert "slices" not in message.text(), "it is no longer so"
    QTest.mouseClick(find("correct_panel.tool.brush"), LEFT)
    assert str(controller.tools.layer.mode) == "paint"


def test_a_label_that_is_no_organ_cannot_be_drawn(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """napari's *new* and its key M choose the next free number, which is drawn faintly and without an outline."""
    open_scan(controller, wait, write_scan(tmp_path / "small.nii.gz", ((20, 20, 20), (1.0, 1.0, 1.0))), monkeypatch)
    new_labels(find, "Pelvis MR")
    layer, table = controller.tools.layer, find("correct_panel.organs")
    table.selectRow(1)
    assert layer.selected_label == 2
    layer.selected_label = 4
    assert layer.selected_label == 2 and table.currentRow() == 1
    assert find("job_bar.message").text() == "Label 4 is none of the organs Bladder, Prostate, Rectum."
    layer.selected_label = 0
    assert layer.selected_label == 0, "the background may be painted"
