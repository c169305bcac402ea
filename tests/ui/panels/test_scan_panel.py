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
