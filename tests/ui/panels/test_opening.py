"""What a person opens: a folder of several series, channels dropped together, a label map taken for a scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pydicom")

from dicom_files import Edit, one_file, save, series, voxels
from hands import LEFT, live
from pydicom.dataset import Dataset
from pydicom.uid import RTStructureSetStorage, generate_uid
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog
from scans_of_a_day import FINE, THICK, new_labels, open_scan, stroke, write_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.ui.compat.canvas import main_view


def of_series(number: int, description: str) -> Edit:
    """Slices of a series of its own."""
    uid = generate_uid()

    def edit(ds: Dataset, n: int) -> None:
        ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = uid, number, description

    return edit


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """Two series, and a third that is one slice, in one folder."""
    folder = series(tmp_path / "study", 6, of_series(3, "t2 tse tra"), name="A{:04}.dcm")
    series(folder, 4, of_series(7, "adc"), step=3.0, name="B{:04}.dcm")
    return series(folder, 1, of_series(9, "lone"), name="C{:04}.dcm")


def drop(viewer: Any, *paths: Path) -> None:
    """Drop files on the view, as the desktop does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    entered, dropped = QDragEnterEvent(QPoint(200, 200), *how), QDropEvent(QPointF(200, 200), *how)
    for event in (entered, dropped):
        QApplication.sendEvent(main_view(viewer), event)
    live(20)


def test_a_folder_of_several_series_is_a_list_to_choose_from(
    controller: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    study: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, write_scan(tmp_path / "before.nii.gz", THICK), monkeypatch)
    new_labels(find, "Pelvis MR")
    stroke(controller)
    bench.sections.open("Scan")
    table = find("scan_panel.series")
    assert not table.isVisible()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(study))

    def ask() -> None:
        QTest.mouseClick(find("scan_panel.open_folder"), LEFT)
        wait(lambda: table.isVisible() and controller.session.job is None)

    ask()
    assert controller.session.scan.name == "before"
    assert "✕" not in find("job_bar.message").text()
    assert [[table.item(row, column).text() for column in range(4)] for row in range(3)] == [
        ["t2_tse_tra_3", "MR", "6", "0.75 × 0.5 × 1.5"],
        ["adc_7", "MR", "4", "0.75 × 0.5 × 3"],
        ["lone_9", "MR", "1", "no volume"],
    ]
    assert "one slice" in table.item(2, 0).toolTip()
    place = table.visualItemRect(table.item(2, 0)).center()
    QTest.mouseClick(table.viewport(), LEFT, pos=place)
    assert table.chosen() == 0, "a series that makes no volume cannot be chosen"
    QTest.mouseClick(find("scan_panel.cancel_series"), LEFT)
    assert not table.isVisible()
    ask()
    QTest.mouseClick(table.viewport(), LEFT, pos=table.visualItemRect(table.item(1, 0)).center())
    QTest.mouseClick(find("scan_panel.open_series"), LEFT)
    wait(lambda: controller.session.scan.name == "study_adc_7")
    assert controller.session.scan.geometry.shape[2] == 4
    assert not table.isVisible()


def test_channels_that_are_dropped_together_are_one_case(
    controller: Any, wait: Callable[..., None], tmp_path: Path
) -> None:
    paths = [write_scan(tmp_path / f"case-7-{name}.nii.gz", FINE, n) for n, name in enumerate(("t1", "t2", "flair"))]
    drop(controller.viewer, *paths)
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    scan = controller.session.scan
    assert (scan.name, scan.channels) == ("case-7", ("t1", "t2", "flair"))
    for n, path in enumerate(paths):
        np.testing.assert_array_equal(scan.array[n], formats.read(path).array[0])


def test_files_that_do_not_belong_together_are_refused_by_name_and_the_open_scan_stays(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, write_scan(tmp_path / "before.nii.gz", THICK), monkeypatch)
    new_labels(find, "Pelvis MR")
    stroke(controller)
    layers = list(controller.viewer.layers)
    drop(controller.viewer, write_scan(tmp_path / "a.nii.gz", THICK), write_scan(tmp_path / "b.nii.gz", FINE))
    wait(lambda: "b.nii.gz: its grid is not that of a.nii.gz" in find("job_bar.message").text())
    assert controller.session.scan.name == "before"
    assert list(controller.viewer.layers) == layers


def test_what_is_no_scan_is_napari_s_as_before(
    controller: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, seen = main_view(controller.viewer), []
    monkeypatch.setattr(type(view), "_qt_open", lambda self, filenames, *more, **named: seen.append(list(filenames)))
    table, scan = tmp_path / "points.csv", write_scan(tmp_path / "a.nii.gz", FINE)
    table.write_text("x,y\n1,2\n")
    drop(controller.viewer, table)
    drop(controller.viewer, scan, table)
    view._qt_open([str(scan)], stack=False, choose_plugin=True)
    view._qt_open([str(scan)], stack=False, plugin="napari")
    assert seen == [[str(table)], [str(scan), str(table)], [str(scan)], [str(scan)]]
    assert controller.session.scan is None


def test_a_label_map_that_is_opened_as_a_scan_is_told(
    controller: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    drop(controller.viewer, pelvis_files[0].with_name("case1_labels.nii.gz"))
    wait(lambda: controller.session.scan is not None)
    assert "as those of a label map" in find("scan_panel.warnings").text()
    drop(controller.viewer, pelvis_files[0])
    wait(lambda: controller.session.scan.name == "case1")
    assert "label map" not in find("scan_panel.warnings").text()


def test_a_structure_set_that_is_opened_as_labels_is_called_one(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was called one slice of a series, and a folder was asked for that does not help."""
    open_scan(controller, wait, write_scan(tmp_path / "scan.nii.gz", THICK), monkeypatch)
    contours = one_file(0, voxels(1)[0], "RTSTRUCT")
    contours.SOPClassUID = contours.file_meta.MediaStorageSOPClassUID = RTStructureSetStorage
    for name in ("Rows", "Columns", "PixelData", "PixelSpacing", "ImagePositionPatient", "ImageOrientationPatient"):
        delattr(contours, name)
    path = save(contours, tmp_path / "RTstruct.dcm")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", staticmethod(lambda *_, **__: (str(path), "")))
    names = find("correct_panel.load").menu()
    next(action for action in names.actions() if action.text() == "Pelvis MR").trigger()
    wait(lambda: "RTstruct.dcm" in find("job_bar.message").text())
    assert "it is a structure set, and labels are not read from DICOM yet" in find("job_bar.message").text()
    assert controller.tools.layer is None
