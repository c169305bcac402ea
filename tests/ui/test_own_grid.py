"""The scan's own grid rules: slices, range, fit and position, whatever other layers there are; one numbering."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import live
from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel, QLineEdit, QWidget
from scans_of_a_day import FINE, THICK, new_labels, open_scan, shown_text, slices_with, stroke, write_scan

from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget
from napari_boundaryseg.ui.compat.window import main_window
from napari_boundaryseg.ui.layers.organ_slices import fullest_slice

FOREIGN: dict[str, dict[str, Any]] = {
    "finer": {"shape": (90, 40, 40), "scale": (0.5, 1, 1)},
    "larger": {"shape": (400, 50, 60), "scale": (4, 9, 9)},
    "micrometres": {"shape": (30, 40, 50), "scale": (900, 900, 900), "units": ("um",) * 3},
    "moved": {"shape": (30, 40, 50), "scale": (1, 1, 1), "translate": (-70, 400, 9)},
    "between": {"shape": (30, 40, 50), "scale": (3, 2, 2), "translate": (1.5, 1, 1)},
    "flat": {"shape": (3000, 500)},
    "four axes": {"shape": (4, 50, 40, 30)},
}


def put(viewer: Any, name: str, visible: bool = False) -> None:
    """A layer as another plugin would add it."""
    made = dict(FOREIGN[name])
    viewer.add_image(np.zeros(made.pop("shape"), np.float32), name=name, visible=visible, **made)
    live(30)


def sliders(viewer: Any) -> tuple[int, ...]:
    """How many steps the sliders of z, y and x have."""
    return tuple(viewer.dims.nsteps[-3:])


def number_beside_slider(controller: Any) -> list[str]:
    """What stands beside napari's own slider of z."""
    dims = main_window(controller.viewer)._qt_viewer.dims
    slider = dims.slider_widgets[-3]
    return [slider.curslice_label.text(), slider.totslice_label.text()]


def test_a_locked_slice_is_the_one_in_view_while_labels_of_another_scan_wait(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, write_scan(tmp_path / "hippocampus.nii.gz", FINE), monkeypatch)
    new_labels(find, "Hippocampus")
    stroke(controller)
    open_scan(controller, wait, write_scan(tmp_path / "pelvis.nii.gz", THICK), monkeypatch)
    new_labels(find, "Pelvis MR")
    assert sliders(controller.viewer)[0] == 19
    controller.viewer.dims.set_current_step(0, 9)
    lock, layer = find("correct_panel.lock_slice"), controller.tools.layer
    assert lock.text() == "Slice 10: not locked"
    lock.whole.trigger()
    wait(lambda: lock.text() == "Slice 10: locked")
    stroke(controller)
    assert not layer.data.any(), "a locked slice was painted"
    assert "are locked" in find("job_bar.message").text()
    history = find("correct_panel.history")
    assert history.item(history.count() - 1).text() == "Lock: slice 10"
    controller.viewer.dims.set_current_step(0, 2)
    assert lock.text() == "Slice 3: not locked"
    stroke(controller)
    assert slices_with(layer) == [3]
    wait(lambda: history.item(history.count() - 1).text() == "Paint: Bladder, slice 3")


@pytest.mark.parametrize("name", list(FOREIGN))
@pytest.mark.parametrize("before", [True, False])
def test_layers_of_other_plugins_change_no_slice_no_lock_and_no_fit(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    before: bool,
) -> None:
    viewer, path = controller.viewer, write_scan(tmp_path / "pelvis.nii.gz", THICK)
    if before:
        put(viewer, name)
    open_scan(controller, wait, path, monkeypatch)
    if not before:
        put(viewer, name)
    new_labels(find, "Pelvis MR")
    assert sliders(viewer) == (19, 60, 64)
    assert shown_text(controller, "position") == "slice 10 of 19 · 27.0 mm"
    assert number_beside_slider(controller) == ["10", "19"]
    camera, canvas = camera_of(viewer), canvas_widget(viewer)
    viewer.reset_view()  # napari's Home button
    fills = max(120 * camera.zoom / canvas.height(), 128 * camera.zoom / canvas.width())
    assert fills == pytest.approx(0.95, abs=0.05), "the scan fills the view"
    assert [label.isVisible() for label in controller.view.letters.labels.values()] == [True] * 4
    stroke(controller)
    assert slices_with(controller.tools.layer) == [10]
    find("correct_panel.lock_slice").whole.trigger()
    assert Lock(slice=9) in controller.tools.editable.history.locks
    rows = controller.tools.editable.effort.rows()
    assert {at for _, at in rows} == {9}
    viewer.dims.set_current_step(viewer.dims.ndim - 3, 18)
    assert shown_text(controller, "position") == "slice 19 of 19 · 54.0 mm"
    viewer.layers.remove(name)
    assert sliders(viewer) == (19, 60, 64)
    assert shown_text(controller, "position") == "slice 19 of 19 · 54.0 mm"


def test_a_second_scan_fits_the_view_at_its_middle(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer = controller.viewer
    open_scan(controller, wait, write_scan(tmp_path / "pelvis.nii.gz", THICK), monkeypatch)
    new_labels(find, "Pelvis MR")
    stroke(controller)
    open_scan(controller, wait, write_scan(tmp_path / "hippocampus.nii.gz", FINE), monkeypatch)
    assert sliders(viewer) == (32, 48, 35)
    assert controller.grid.voxel() == (16, 24, 17)
    camera, canvas = camera_of(viewer), canvas_widget(viewer)
    assert tuple(camera.center[-2:]) == (23.5, 17.0)
    assert camera.zoom == pytest.approx(0.95 * min(canvas.height() / 48, canvas.width() / 35), rel=0.1)


def test_a_second_scan_shows_in_all_three_planes(
    controller: Any, wait: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = controller.viewer
    viewer.window.resize(1600, 900)
    open_scan(controller, wait, write_scan(tmp_path / "large.nii.gz", ((90, 80, 40), (4.0, 4.0, 5.0))), monkeypatch)
    put(viewer, "larger", visible=True)
    controller.view.show_three_planes(True)
    viewer.dims.point = (190.0, 300.0, 330.0)
    open_scan(controller, wait, write_scan(tmp_path / "hippocampus.nii.gz", FINE), monkeypatch)
    views = controller.view.planes.views
    wait(lambda: all([layer.name for layer in v.model.layers][-1:] == ["hippocampus"] for v in views))
    live(100)
    assert [shown_text(controller, f"planes.{name}.position") for name in ("first", "second")] == [
        "slice 18 of 35 · 17.0 mm",
        "slice 25 of 48 · 24.0 mm",
    ]
    for view in views:
        assert sliders(view.model) == (32, 48, 35)
        (copy,) = [layer for layer in view.model.layers if layer.name == "hippocampus"]
        assert np.asarray(copy._slice.image.view).max() > 100, f"{view.plane} is black"
        middle = {"Sagittal": (15.5, 23.5), "Coronal": (15.5, 17.0)}[view.plane]
        assert tuple(camera_of(view.model).center[-2:]) == middle
    viewer.dims.set_current_step(viewer.dims.ndim - 3, 4)
    assert {view.grid.voxel() for view in views} == {(4, 24, 17)}


@pytest.mark.parametrize(("n", "step"), [(7, 3.3), (32, 2.4), (13, 0.7), (19, 3.0)])
def test_the_last_slice_can_be_reached(
    controller: Any, wait: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, n: int, step: float
) -> None:
    """napari counts steps by a division that may come out a hair too small: of 7 slices of 3.3 mm it had six."""
    path = write_scan(tmp_path / "scan.nii.gz", ((20, 20, n), (1.0, 1.0, step)))
    open_scan(controller, wait, path, monkeypatch)
    assert sliders(controller.viewer)[0] == n
    controller.viewer.dims.set_current_step(0, n - 1)
    assert shown_text(controller, "position").startswith(f"slice {n} of {n} ")


def test_a_slice_is_typed_as_it_is_read(
    controller: Any, wait: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_scan(controller, wait, write_scan(tmp_path / "pelvis.nii.gz", THICK), monkeypatch)
    edit = main_window(controller.viewer)._qt_viewer.dims.slider_widgets[0].findChild(QLineEdit, "slice_label")
    for typed, shown in (("12", "slice 12 of 19 · 33.0 mm"), ("1", "slice 1 of 19 · 0.0 mm"), ("99", "slice 19 of")):
        edit.setFocus()
        edit.selectAll()
        QTest.keyClicks(edit, typed)
        QTest.keyClick(edit, Qt.Key.Key_Return)
        assert shown_text(controller, "position").startswith(shown)


@pytest.mark.parametrize("points", [9, 13])
def test_the_numbers_beside_the_sliders_are_whole(
    controller: Any, wait: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, points: int
) -> None:
    monkeypatch.setattr(get_settings().appearance, "font_size", points)
    open_scan(controller, wait, write_scan(tmp_path / "many.nii.gz", ((40, 36, 120), (1.0, 1.0, 1.0))), monkeypatch)
    controller.view.show_three_planes(True)
    live(200)
    found = [label for label in main_window(controller.viewer).findChildren(QLabel, "slice_label") if label.isVisible()]
    assert {label.text() for label in found} == {"120", "40", "36"}
    for label in found:
        label.setText("888")
        assert label.width() >= label.sizeHint().width()


def test_the_position_does_not_lie_on_the_letter_below(
    controller: Any, wait: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_scan(controller, wait, write_scan(tmp_path / "pelvis.nii.gz", THICK), monkeypatch)
    controller.view.show_three_planes(True)
    live(200)
    window = main_window(controller.viewer)
    for text, letter in (("position", "orientation.bottom"), ("planes.first.position", "planes.first.bottom")):
        one, other = window.findChild(QWidget, text), window.findChild(QWidget, letter)
        assert one.isVisible() and other.isVisible()
        assert not one.geometry().intersects(other.geometry())


def test_segment_goes_to_the_slice_that_shows_most_unless_somebody_has_drawn(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, pelvis_files[0], monkeypatch)

    def segment() -> None:
        find("segment_panel.run").click()
        wait(lambda: controller.session.job is None and not controller.segmentation.busy)

    controller.viewer.dims.set_current_step(0, 1)
    segment()
    data = np.asarray(controller.tools.layer.data)
    assert data.any(), "the tiny model finds something"
    best = fullest_slice(data, (1, 2, 3))
    assert controller.grid.voxel() == best
    controller.viewer.dims.set_current_step(0, 1)
    controller.tools.choose(3)
    stroke(controller, 90)
    segment()
    assert controller.view.slice() == 1


def test_the_fullest_slice_shows_most_organs_and_most_of_them() -> None:
    labels = np.zeros((9, 300, 300), np.uint8)
    assert fullest_slice(labels, (1, 2)) is None
    labels[2, 50:250, 50:250] = 1
    assert fullest_slice(labels, (1, 2))[0] == 2
    labels[6, 100:130, 100:130] = 2
    labels[6, 100:150, 60:90] = 1
    at, y, x = fullest_slice(labels, (1, 2))
    assert at == 6
    assert 100 <= y <= 150 and 60 <= x <= 130
