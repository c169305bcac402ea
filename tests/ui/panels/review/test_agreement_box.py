"""Agreement in the window: tables by organ and third, an error map on the border, the worst places one clicks."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, live
from qtpy.QtCore import QPoint
from qtpy.QtTest import QTest

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.metrics import evaluate
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES
from napari_boundaryseg.data.metrics.thirds import evaluate_thirds
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.review.border_errors import border_errors
from napari_boundaryseg.ui.compat.canvas import camera_of
from napari_boundaryseg.ui.control.reviewing import agreement_actions
from napari_boundaryseg.ui.layers.access import KIND
from napari_boundaryseg.ui.panels.review import agreement_box

BLADDER, PROSTATE, RECTUM = 1, 2, 3
LUMP = (slice(2, 5), slice(2, 12), slice(50, 60))
"""Of display voxels in a corner of the scan, far from every organ."""


def click_row(widget: Any, row: int) -> None:
    widget.scrollToItem(widget.item(row))
    QTest.mouseClick(widget.viewport(), LEFT, pos=widget.visualItemRect(widget.item(row)).center())
    live(50)


def click_cell(table: Any, row: int) -> None:
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.item(row, 0)).center())
    live(50)


def press(widget: Any) -> None:
    QTest.mouseClick(widget, LEFT, pos=QPoint(12, widget.height() // 2))
    live(50)


def shifted(path: Path, folder: Path, by: tuple[int, int, int], without: int = 0) -> Path:
    """A label file whose organs lie elsewhere by so many voxels, perhaps without one of them."""
    labels = formats.read_labels(path)
    array = np.roll(labels.array, by, axis=(0, 1, 2))
    moved = LabelMap(np.where(array == without, 0, array).astype(np.uint8), labels.geometry)
    made = folder / "another.nii.gz"
    formats.write(moved, made)
    return made


def choose(monkeypatch: pytest.MonkeyPatch, find: Callable[[str], Any], path: Path) -> None:
    """Press the button for a file and choose one."""
    monkeypatch.setattr(agreement_box, "open_file", lambda *_: path)
    press(find("review_panel.reference_file"))


@pytest.fixture
def truth(pelvis_files: list[Path]) -> Path:
    return pelvis_files[0].with_name("case1_labels.nii.gz")


@pytest.fixture
def reviewing(drawing: Any, bench: Any) -> Any:
    bench.sections.open("Review")
    live(50)
    return drawing


def done(controller: Any) -> Callable[[], bool]:
    return lambda: controller.agreement.known() is not None and not controller.agreement.is_busy


def error_layers(controller: Any) -> list[Any]:
    return [layer for layer in controller.viewer.layers if layer.metadata.get(KIND) == "errors"]


def test_a_file_is_compared_and_the_tables_say_what_the_metrics_say(
    reviewing: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    truth: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = shifted(truth, tmp_path, (1, 0, 1))
    choose(monkeypatch, find, other)
    wait(done(reviewing))
    scheme = preset("pelvis-mr")
    one, two = (formats.read_labels(path, scheme=scheme) for path in (truth, other))
    wanted = evaluate(one, two, also=AT_TOLERANCES)
    rows = {row[0]: row[1:] for row in find("review_panel.agreement").texts()}
    assert list(rows) == ["Bladder", "Prostate", "Rectum"]
    for organ, row in rows.items():
        said = wanted[organ]
        assert row == [f"{said['surface_dice_2mm']:.3f}", f"{said['hd95_mm']:.1f}", f"{said['dsc']:.3f}"]
    click_cell(find("review_panel.agreement"), 1)
    wait(done(reviewing))
    detail = find("review_panel.agreement_detail")
    assert [detail.horizontalHeaderItem(n).text() for n in range(5)] == ["", "whole", "apex", "mid", "base"]
    assert find("review_panel.agreement_of").text() == "Prostate, whole and in thirds:"
    thirds, found = evaluate_thirds(one, two, also=AT_TOLERANCES)["Prostate"], {r[0]: r[1:] for r in detail.texts()}
    parts = [wanted["Prostate"], *(thirds[name] for name in ("apex", "middle", "base"))]
    for mm in (1, 2, 3):
        assert found[f"surface Dice {mm} mm"] == [f"{part[f'surface_dice_{mm}mm']:.3f}" for part in parts]
    assert found["DSC"] == [f"{part['dsc']:.3f}" for part in parts]
    assert found["ASD mm"] == [f"{part['asd_mm']:.2f}" for part in parts]
    assert found["added path mm"][0] == f"{parts[0]['apl_mm']:.0f}"
    assert find("review_panel.agreement_state").text() == "Compared with File another.nii.gz."


def test_an_organ_that_one_of_them_lacks_is_missing(
    reviewing: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    truth: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose(monkeypatch, find, shifted(truth, tmp_path, (0, 0, 0), without=BLADDER))
    wait(done(reviewing))
    assert find("review_panel.agreement").texts()[0] == ["Bladder", "missing", "missing", "missing"]
    found = {row[0]: row[1:] for row in find("review_panel.agreement_detail").texts()}
    assert found["ASD mm"] == ["missing", "–", "–", "–"]
    assert float(found["volume mL"][0]) > 0 and float(found["reference mL"][0]) == 0
    assert "missing in one of the two" in find("review_panel.worst_title").text()
    assert not find("review_panel.error_map").isEnabled()


def test_the_error_map_lies_on_the_border_and_a_click_on_a_worst_place_goes_there(
    reviewing: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    layer = reviewing.viewer.add_labels(
        np.array(reviewing.tools.layer.data), name="mine", scale=reviewing.tools.layer.scale
    )
    drawn = np.asarray(reviewing.tools.layer.data).copy()
    drawn[LUMP] = BLADDER
    reviewing.tools.editable.put("Lump", drawn)
    assert find("review_panel.against").itemText(0) == "Layer mine"
    press(find("review_panel.compare"))
    wait(done(reviewing))
    places = find("review_panel.worst_places").sentences()
    assert len(places) == 1 and "mm too large on slice" in places[0] and "(slices 3 to 5)" in places[0]
    assert error_layers(reviewing) == []
    press(find("review_panel.error_map"))
    (shown,) = error_layers(reviewing)
    low, high = shown.contrast_limits
    assert -low == high > 0
    clear, *colours = shown.colormap.map(np.array([np.nan, 0.0, 0.5, 1.0]))
    assert clear[3] == 0, "off the border"
    assert colours[0][2] > colours[0][0] and colours[2][0] > colours[2][2], "blue too small, orange too large"
    assert colours[1][3] < min(colours[0][3], colours[2][3]), "pale where it is right"
    errors = np.full(drawn.shape, np.nan)
    z, y, x = (round(at / mm) for at, mm in zip(shown.translate, shown.scale))
    errors[z : z + shown.data.shape[0], y : y + shown.data.shape[1], x : x + shown.data.shape[2]] = shown.data
    assert np.array_equal(np.unique(drawn[np.isfinite(errors)]), [BLADDER])
    assert np.isnan(errors[3, 6, 55]), "within the lump is no border"
    assert (errors[2][LUMP[1:]] > 0).all(), "its first slice is border, and too large"
    bladder = np.asarray(layer.data) == BLADDER
    assert set(np.unique(errors[bladder & np.isfinite(errors)])) == {0.0}, "the rest is as it was"
    click_row(find("review_panel.worst_places"), 0)
    dims = reviewing.viewer.dims
    z, y, x = (round(at / mm) for at, mm in zip(dims.point, reviewing.tools.layer.scale))
    assert f"on slice {z + 1} " in places[0]
    assert (z in range(2, 5), y in range(2, 12), x in range(50, 60)) == (True, True, True)
    scale = reviewing.tools.layer.scale
    assert np.allclose(camera_of(reviewing.viewer).center[-2:], (y * scale[1], x * scale[2]))
    press(find("review_panel.error_map"))
    assert error_layers(reviewing) == []


def test_smaller_places_are_counted_and_the_map_is_of_the_chosen_organ(
    reviewing: Any, find: Callable[[str], Any], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement_actions, "border_errors", partial(border_errors, least_mm2=100.0))
    layer = reviewing.viewer.add_labels(
        np.array(reviewing.tools.layer.data), name="mine", scale=reviewing.tools.layer.scale
    )
    drawn = np.array(layer.data)
    drawn[LUMP] = drawn[10, 5, 5] = RECTUM  # one voxel of 3.6 x 3.6 x 6 mm has less border than 100 mm²
    reviewing.tools.editable.put("Lump and dot", drawn)
    press(find("review_panel.compare"))
    wait(done(reviewing))
    press(find("review_panel.error_map"))
    assert [one.name for one in error_layers(reviewing)] == ["errors: Bladder, mm"]
    assert find("review_panel.worst_places").sentences() == []
    click_cell(find("review_panel.agreement"), 2)
    wait(done(reviewing))
    assert [one.name for one in error_layers(reviewing)] == ["errors: Rectum, mm"]
    assert len(find("review_panel.worst_places").sentences()) == 1
    small = reviewing.agreement.known().errors.small_mm
    said = f"1 place smaller than 100 mm² is left out, off by up to {small:.1f} mm."
    assert small > 0
    assert find("review_panel.worst_left_out").text() == said
    reviewing.viewer.layers.remove(error_layers(reviewing)[0])
    assert not find("review_panel.error_map").isChecked(), "a person may take it out of the layer list"


def test_what_does_not_fit_is_refused_in_a_sentence(
    reviewing: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    truth: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    labels = formats.read_labels(truth)
    strange = tmp_path / "strange.nii.gz"
    formats.write(LabelMap(np.where(labels.array == 1, 9, 0).astype(np.uint8), labels.geometry), strange)
    choose(monkeypatch, find, strange)
    wait(done(reviewing))
    state = find("review_panel.agreement_state")
    assert state.text().startswith("Not compared with File strange.nii.gz: ")
    assert "[9]" in state.text()
    assert not find("review_panel.agreement").isVisible()
    reviewing.viewer.add_labels(np.ones((4, 8, 8), np.uint8), name="small")
    assert find("review_panel.against").itemText(0) == "Layer small"
    find("review_panel.against").setCurrentIndex(0)
    said: list[str] = []
    reviewing.session.message.connect(lambda level, text: said.append(text))
    press(find("review_panel.compare"))
    wait(lambda: not reviewing.agreement.is_busy)
    assert [text for text in said if "do not fit" in text and text.startswith("small")]


def test_after_a_change_it_is_compared_again_and_what_holds_of_the_very_labels_is_certified(
    reviewing: Any, find: Callable[[str], Any], wait: Callable[..., None]
) -> None:
    reviewing.labels.accept()
    wait(lambda: reviewing.session.job is None and reviewing.labels.is_stored())
    wait(lambda: find("review_panel.against").itemText(0).startswith("Version 1"))
    layer = reviewing.tools.layer
    drawn = np.asarray(layer.data).copy()
    drawn[LUMP] = BLADDER
    reviewing.tools.editable.put("Lump", drawn)
    press(find("review_panel.compare"))
    wait(done(reviewing))
    assert find("review_panel.worst_places").sentences()
    reviewing.tools.editable.undo()
    assert find("review_panel.agreement_state").text().endswith("comparing again…")
    assert reviewing.agreement.for_certificate() is None, "what is known is of other labels"
    wait(lambda: reviewing.agreement.is_fresh and done(reviewing)())
    assert not find("review_panel.worst_places").sentences()
    assert not find("review_panel.agreement_state").text().endswith("comparing again…")
    reviewing.tools.editable.redo()
    wait(lambda: reviewing.agreement.is_fresh and done(reviewing)())
    reviewing.labels.accept()
    wait(lambda: reviewing.session.job is None and len(reviewing.session.project.cases()) == 1)
    (case,) = reviewing.session.project.cases()
    assert case.version == 2
    said = json.loads(case.label.with_name("certificate-v2.json").read_text("utf-8"))["review"]["reference"]
    assert said["against"] == "accepted version 1"
    first, second = (formats.read_labels(case.label.with_name(f"labels-v{n}.nii.gz")) for n in (1, 2))
    wanted = evaluate(second, first)["Label 1"]
    assert said["organs"]["Bladder"]["dsc"] == pytest.approx(wanted["dsc"], abs=1e-4)
    assert said["organs"]["Bladder"]["dsc"] < 1 == said["organs"]["Rectum"]["dsc"]


def test_nothing_is_cut_off_on_a_small_screen(
    controller: Any, reviewing: Any, find: Callable[[str], Any], bench: Any, wait: Callable[..., None]
) -> None:
    reviewing.viewer.add_labels(
        np.roll(np.asarray(reviewing.tools.layer.data), 1, axis=1), name="m", scale=reviewing.tools.layer.scale
    )
    press(find("review_panel.compare"))
    wait(done(reviewing))
    live(100)
    for name in ("agreement", "agreement_detail"):
        table = find(f"review_panel.{name}")
        header = table.horizontalHeader()
        assert header.length() <= table.viewport().width() + 1, name
        assert table.verticalHeader().length() <= table.viewport().height() + 1, name
        metrics = table.fontMetrics()
        for row in range(table.rowCount()):
            for column in range(table.columnCount()):
                room = table.columnWidth(column) - 6
                for word in table.item(row, column).text().split():
                    assert metrics.horizontalAdvance(word) <= room, word
        for column in range(table.columnCount()):
            for word in table.horizontalHeaderItem(column).text().splitlines():
                assert metrics.horizontalAdvance(word) <= header.sectionSize(column), word
