"""What tests of a working day share: two scans of different grids as files, and a person's way to open and draw."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hands import drag, live
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.ui.compat.canvas import canvas_widget

THICK, FINE = ((64, 60, 19), (2.0, 2.0, 3.0)), ((35, 48, 32), (1.0, 1.0, 1.0))
"""Voxels and spacing, in mm: thick slices of a pelvis, and a cut-out hippocampus with more slices."""


def write_scan(path: Path, grid: tuple[tuple[int, ...], tuple[float, ...]], seed: int = 0) -> Path:
    """A scan with something to see, as a file."""
    shape, spacing = grid
    array = np.random.default_rng(seed).normal(100, 5, (1, *shape)).astype(np.float32)
    array[(0, *(slice(n // 3, 2 * n // 3) for n in shape))] += 100
    formats.write(Volume(array, Geometry(shape, np.diag([-spacing[0], -spacing[1], spacing[2], 1.0]))), path)
    return path


def open_scan(controller: Any, wait: Callable[..., None], path: Path, monkeypatch: Any) -> None:
    """Press Open file and choose a scan."""
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", staticmethod(lambda *_, **__: ([str(path)], "")))
    before = controller.session.scan
    window = controller.viewer.window._qt_window
    QTest.mouseClick(window.findChild(QWidget, "scan_panel.open"), Qt.MouseButton.LeftButton)
    wait(lambda: controller.session.scan is not before and controller.session.job is None)
    live(50)


def new_labels(find: Callable[[str], Any], title: str) -> None:
    """Correct, New empty labels, and one of its names."""
    menu = find("correct_panel.new").menu()
    next(action for action in menu.actions() if action.text() == title).trigger()
    live(20)


def stroke(controller: Any, right: int = 40) -> None:
    """Take the brush by its key and draw from the middle of the view to the right."""
    canvas = canvas_widget(controller.viewer)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_B)
    start = QPoint(canvas.width() // 2, canvas.height() // 2)
    drag(canvas, start, start + QPoint(right // 2, 0), start + QPoint(right, 0))


def undo_key(controller: Any, times: int = 1) -> None:
    """Ctrl+Z in the view."""
    for _ in range(times):
        QTest.keyClick(canvas_widget(controller.viewer), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        live(20)


def shown_text(controller: Any, name: str) -> str:
    """The text of a line anywhere in the window, by its object name."""
    found = controller.viewer.window._qt_window.findChild(QWidget, name)
    assert found is not None, name
    return found.text()


def slices_with(layer: Any) -> list[int]:
    """The axial slices on which something is drawn, counted from 1 as a person does."""
    return [int(at) + 1 for at in np.flatnonzero(np.asarray(layer.data).any(axis=(1, 2)))]
