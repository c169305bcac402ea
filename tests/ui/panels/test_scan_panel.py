"""A CT that comes without its modality: its windows, and a word that it is a guess."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hands import LEFT
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_boundaryseg.data import formats
from napari_boundaryseg.phantom import pelvis
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.control.cases.recent import RecentScans
from napari_boundaryseg.ui.layers import access


def open_file(
    path: Path, viewer: Any, find: Callable[[str], Any], wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    session = hooks.controller_of(viewer).session
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", staticmethod(lambda *a, **k: ([str(path)], "")))
    QTest.mouseClick(find("scan_panel.open"), LEFT)
    wait(lambda: session.scan is not None and session.scan.name == path.name.split(".")[0] and session.job is None)


@pytest.mark.parametrize("ending", ["nii.gz", "nrrd", "mha"])
def test_a_ct_without_its_modality_opens_in_soft_tissue_and_an_mr_does_not(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    ending: str,
) -> None:
    for name, contrast in (("thorax", "ct"), ("knee", "t2")):
        formats.write(pelvis(1, (48, 48, 12), (4.8, 4.8, 8.0), contrast)[0], tmp_path / f"{name}.{ending}")
    window, header = find("scan_panel.window"), bench.sections.by_title["Scan"].header

    open_file(tmp_path / f"thorax.{ending}", controller_viewer, find, wait, monkeypatch)
    assert window.currentText() == "CT soft tissue"
    assert access.only(controller_viewer, "scan").contrast_limits == [-160.0, 240.0]
    assert find("scan_panel.modality").text() == "CT, by its values"
    assert "CT, by its values" in header.toolTip(), "in the header as far as there is room"

    open_file(tmp_path / f"knee.{ending}", controller_viewer, find, wait, monkeypatch)
    assert window.currentText().startswith("Robust")
    assert find("scan_panel.modality").text() == "not stated in the file"
    assert "by its values" not in header.toolTip()


def test_recent_opens_one_of_the_last_scans_again_and_dialogs_begin_where_the_last_one_ended(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    sample_data: Path,
) -> None:
    session, recent = hooks.controller_of(controller_viewer).session, find("scan_panel.recent")
    recent.menu().aboutToShow.emit()
    assert [action.isEnabled() for action in recent.menu().actions()] == [False], "there is none"
    for n, name in enumerate(("first", "second")):
        (tmp_path / name).mkdir()
        formats.write(pelvis(n, (32, 32, 8), (7.0, 7.0, 12.0), "t2")[0], tmp_path / name / f"{name}.nii.gz")
        open_file(tmp_path / name / f"{name}.nii.gz", controller_viewer, find, wait, monkeypatch)
    begun: list[str] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", staticmethod(lambda *a: (begun.append(a[2]), ([], ""))[1]))
    QTest.mouseClick(find("scan_panel.open"), LEFT)
    assert begun == [str(tmp_path / "second")]
    (tmp_path / "gone").mkdir()
    formats.write(pelvis(3, (32, 32, 8), (7.0, 7.0, 12.0), "t2")[0], tmp_path / "gone" / "third.nii.gz")
    open_file(tmp_path / "gone" / "third.nii.gz", controller_viewer, find, wait, monkeypatch)
    (tmp_path / "gone" / "third.nii.gz").unlink()
    recent.menu().aboutToShow.emit()
    actions = recent.menu().actions()
    assert [action.text() for action in actions] == ["second.nii.gz", "first.nii.gz"]
    actions[1].trigger()
    wait(lambda: session.scan.name == "first" and session.job is None)
    again = RecentScans(session)
    assert [paths[0].name for paths in again.listed()] == ["first.nii.gz", "second.nii.gz"]
    again.note(formats.read(sample_data / "two_parts.nii.gz"))
    assert [paths[0].name for paths in again.listed()] == ["first.nii.gz", "second.nii.gz"], "it has a list of its own"
