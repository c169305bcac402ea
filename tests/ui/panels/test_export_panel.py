"""The Export panel in the real window: what is there already is asked about, and replaced only after Replace."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.ui import hooks


@pytest.fixture
def open_case(controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Callable:
    """Open one of the scans with its labels, under the name ``t1``, and the Export section."""

    def opened(n: int, folder: Path) -> Any:
        folder.mkdir()
        for end in (".nii.gz", "_labels.nii.gz"):
            source = pelvis_files[n].with_name(pelvis_files[n].name.replace(".nii.gz", end))
            (folder / f"t1{end}").write_bytes(source.read_bytes())
        controller = hooks.controller_of(controller_viewer)
        controller.open(folder / "t1.nii.gz")
        wait(
            lambda: (
                controller.session.job is None
                and controller.session.scan is not None
                and controller.session.scan.source == (folder / "t1.nii.gz",)
            )
        )
        controller.labels.open(folder / "t1_labels.nii.gz", preset("pelvis-mr"))
        wait(lambda: controller.session.job is None and "labels" in controller_viewer.layers)
        bench.sections.open("Export")
        return controller

    return opened


@pytest.fixture
def save(find: Callable[[str], Any], bench: Any, wait: Callable[..., None]) -> Callable:
    """Tick labels and report, press Save in a folder, wait for what is said."""
    from napari_boundaryseg.ui.panels.export import ExportPanel

    def pressed(controller: Any, folder: Path) -> None:
        panel = bench.findChild(ExportPanel)
        for name in ("edges", "contours", "mesh"):
            panel.what[name].setChecked(False)
        panel.set_folder(folder)
        QTest.mouseClick(find("export_panel.save"), Qt.MouseButton.LeftButton)
        wait(lambda: controller.session.job is None)
        wait(lambda: bool(find("export_panel.written").text()) or find("export_panel.question").isVisible())

    return pressed


def press(find: Callable[[str], Any], name: str, controller: Any, wait: Callable[..., None]) -> None:
    QTest.mouseClick(find(name), Qt.MouseButton.LeftButton)
    wait(lambda: controller.session.job is None)


def test_another_patients_result_is_asked_about(
    open_case: Callable, save: Callable, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    controller = open_case(0, tmp_path / "patient1")
    save(controller, out)
    assert "t1_seg.nii.gz" in find("export_panel.written").text()
    save(controller, out)
    assert not find("export_panel.question").isVisible(), "one's own untouched result is no question"
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    controller = open_case(1, tmp_path / "patient2")
    save(controller, out)
    assert "t1_seg.nii.gz, t1.json: it is the result of another scan." in find("export_panel.question").text()
    assert find("export_panel.written").text() == ""
    press(find, "export_panel.keep", controller, wait)
    assert not find("export_panel.question").isVisible()
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before

    save(controller, out)
    press(find, "export_panel.replace", controller, wait)
    wait(lambda: "t1_seg.nii.gz" in find("export_panel.written").text())
    assert not find("export_panel.question").isVisible()
    shown = formats.read_labels(tmp_path / "patient2" / "t1_labels.nii.gz").array
    assert (formats.read_labels(out / "t1_seg.nii.gz").array == shown).all()


def test_labels_that_were_corrected_elsewhere_are_asked_about_and_a_question_ends_with_its_scan(
    open_case: Callable, save: Callable, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    controller = open_case(0, tmp_path / "patient1")
    save(controller, out)
    mine = out / "t1_seg.nii.gz"
    formats.write(
        formats.read_labels(tmp_path / "patient1" / "t1_labels.nii.gz").with_scheme(preset("pelvis-mr")), mine
    )
    mine.write_bytes(mine.read_bytes() + b"corrected elsewhere")
    kept = mine.read_bytes()
    save(controller, out)
    assert "t1_seg.nii.gz: it was changed after this program wrote it" in find("export_panel.question").text()
    open_case(1, tmp_path / "patient2")
    assert not find("export_panel.question").isVisible(), "the answer would be about another scan"
    controller.results.replace()
    wait(lambda: controller.session.job is None)
    assert mine.read_bytes() == kept
