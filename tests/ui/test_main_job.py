"""The main job with mouse and keys in a real window, from opening a series to reading the export back."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import LEFT, drag, live
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat.canvas import canvas_widget


def click(widget: Any) -> None:
    """Press a control as a person does; one that cannot be pressed is a failure."""
    assert widget.isVisible() and widget.isEnabled(), widget.objectName()
    QTest.mouseClick(widget, LEFT)


def stroke(viewer: Any, dx: int = 40) -> None:
    """Drag the mouse over the middle of the view."""
    canvas = canvas_widget(viewer)
    start = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, *(start + QPoint(step, step // 2) for step in range(0, dx + 1, 5)))
    live(100)


def test_the_main_job(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    sample_data: Path,
    pelvis_files: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer, session = controller_viewer, hooks.controller_of(controller_viewer).session
    said: list[tuple[str, str]] = []
    session.message.connect(lambda level, text: said.append((level, text)))
    ready = lambda: session.job is None and not hooks.controller_of(viewer).segmentation.busy  # noqa: E731

    # Open the DICOM series.
    series = sample_data / "pelvis_dicom"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *a, **k: str(series)))
    click(find("sections.scan"))
    click(find("scan_panel.open_folder"))
    wait(lambda: session.scan is not None and ready())
    scan = session.scan
    assert viewer.layers[-1].name == "pelvis_dicom"
    assert "128 × 128 × 40" in find("scan_panel.size").text()

    # Segment it.
    click(find("sections.segment"))
    assert find("segment_panel.model").currentText() == "tiny-pelvis"
    click(find("segment_panel.run"))
    wait(lambda: session.prediction is not None and ready())
    wait(lambda: "attention: level 0" in viewer.layers)
    assert {"labels", "edges", "contour: Bladder", "contour: Prostate", "contour: Rectum"} <= {
        layer.name for layer in viewer.layers
    }
    assert " s" in find("segment_panel.result").text()

    # Paint with the brush, undo by key, redo by button.
    click(find("sections.correct"))
    labels = viewer.layers["labels"]
    before = labels.data.copy()
    find("correct_panel.organs").selectRow(1)
    assert labels.selected_label == 2
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_B)
    assert str(labels.mode) == "paint"
    assert find("correct_panel.tool.brush").isChecked()
    stroke(viewer)
    painted = np.asarray(labels.data).copy()
    changed = painted != before
    assert changed.sum() > 20
    assert set(np.unique(painted[changed])) == {2}
    wait(find("correct_panel.undo").isEnabled)
    QTest.keyClick(canvas_widget(viewer), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    np.testing.assert_array_equal(labels.data, before)
    wait(find("correct_panel.redo").isEnabled)
    click(find("correct_panel.redo"))
    np.testing.assert_array_equal(labels.data, painted)
    np.testing.assert_array_equal(session.prediction.labels.array, scan.geometry.display.from_display(before))

    # Accept it, and a second case.
    wait(find("correct_panel.accept").isEnabled)
    click(find("correct_panel.accept"))
    wait(lambda: ready() and session.project is not None and len(session.project.cases()) == 1)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", staticmethod(lambda *a, **k: ([str(pelvis_files[0])], "")))
    click(find("sections.scan"))
    click(find("scan_panel.open"))
    wait(lambda: session.scan is not scan and ready())
    hooks.controller_of(viewer).labels.open(pelvis_files[0].with_name("case1_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: ready() and "labels" in viewer.layers)
    click(find("sections.correct"))
    click(find("correct_panel.accept"))
    wait(lambda: ready() and len(session.project.cases()) == 2)

    # Fine-tune a few steps, with one case held out.
    click(find("sections.train"))
    cases = find("train_panel.cases")
    assert sorted(cases.roles().values()) == ["Held out", "Train"]
    find("train_panel.steps").setValue(2)
    click(find("train_panel.start"))
    wait(lambda: session.training is not None)
    wait(lambda: session.training is None)
    assert [version.path.stem for version in session.project.models()] == ["tiny-pelvis-v2"]
    assert find("train_panel.verdict").isVisible()
    assert "Mean surface Dice" in find("train_panel.verdict").text()
    assert len(find("train_panel.curve").losses) > 0

    # Export the first case's labels, painted voxels and all, and read them back.
    click(find("sections.scan"))
    click(find("scan_panel.open_folder"))
    wait(lambda: session.scan.name == "pelvis_dicom" and ready())
    stored = next(case for case in session.project.cases() if case.name == "pelvis_dicom")
    hooks.controller_of(viewer).labels.open(stored.label, preset("pelvis-mr"))
    wait(lambda: ready() and "labels" in viewer.layers)
    folder = tmp_path / "out"
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", staticmethod(lambda *a, **k: str(folder)))
    click(find("sections.export"))
    click(find("export_panel.folder"))
    click(find("export_panel.save"))
    wait(lambda: ready() and "✓" in find("export_panel.written").text())
    back = formats.read_labels(folder / "pelvis_dicom_seg.nii.gz", session.scan, preset("pelvis-mr"))
    assert back.geometry.distance_mm(scan.geometry) < 1e-3
    np.testing.assert_array_equal(scan.geometry.display.to_display(back.array), painted)
    report = json.loads((folder / "pelvis_dicom.json").read_text())
    assert report["notice"] == "Research use only, not a medical device"

    assert [text for level, text in said if level == "error"] == []
    assert "torch" not in sys.modules
