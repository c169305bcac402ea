"""A 3-D view that would stop the window is asked for first; the answer counts, and small scans are not asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QMessageBox

from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat import three_d
from napari_boundaryseg.ui.control import three_d_question
from napari_boundaryseg.ui.control.three_d_question import why_slow


@pytest.fixture
def viewer(controller_viewer: Any, bench: Any) -> Any:
    """A viewer with our controller, whose canvas can say what draws it."""
    assert hooks.controller_of(controller_viewer) is not None
    return controller_viewer


def answering(role: Any, seen: list[str]) -> None:
    """Press a button of the question that is about to come."""

    def press() -> None:
        box = QApplication.activeModalWidget()
        if not isinstance(box, QMessageBox):  # it is not there yet
            QTimer.singleShot(20, press)
            return
        seen.append(box.text())
        (wanted,) = [one for one in box.buttons() if box.buttonRole(one) == role]
        wanted.click()

    QTimer.singleShot(20, press)


def add(viewer: Any, shape: tuple[int, ...]) -> None:
    viewer.add_image(np.zeros(shape, np.uint8), name="large", visible=False)


def test_a_large_scan_without_a_graphics_card_stays_flat_until_the_person_agrees(
    viewer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(three_d_question, "draws_by_software", lambda viewer: True)
    add(viewer, (101, 100, 100))
    shown: list[int] = []
    viewer.dims.events.ndisplay.connect(lambda event: shown.append(viewer.dims.ndisplay))
    seen: list[str] = []
    answering(QMessageBox.ButtonRole.RejectRole, seen)
    viewer.dims.ndisplay = 3
    assert "without a graphics card" in seen[0]
    assert viewer.dims.ndisplay == 2
    assert 3 not in shown, "a layer was shown in 3-D before the answer"
    answering(QMessageBox.ButtonRole.AcceptRole, seen)
    viewer.dims.ndisplay = 3
    assert (viewer.dims.ndisplay, len(seen)) == (3, 2)
    viewer.dims.ndisplay = 2
    viewer.dims.ndisplay = 3
    assert len(seen) == 2, "who agreed is not asked again"


def test_a_small_scan_or_a_graphics_card_is_not_asked_about(viewer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    add(viewer, (100, 100, 100))
    monkeypatch.setattr(three_d_question, "draws_by_software", lambda viewer: True)
    assert why_slow(viewer) == ""
    add(viewer, (101, 100, 100))
    assert why_slow(viewer) != ""
    monkeypatch.setattr(three_d_question, "draws_by_software", lambda viewer: False)
    assert why_slow(viewer) == ""


def test_a_scan_beyond_the_graphics_card_is_asked_about(viewer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(three_d_question, "draws_by_software", lambda viewer: False)
    monkeypatch.setattr(three_d_question, "longest_texture", lambda: 64)
    add(viewer, (65, 4, 4))
    seen: list[str] = []
    answering(QMessageBox.ButtonRole.RejectRole, seen)
    viewer.dims.ndisplay = 3
    assert "longer than the 64 voxels" in seen[0]
    assert viewer.dims.ndisplay == 2


RENDERERS = {
    "llvmpipe (LLVM 15.0.7, 256 bits)": True,
    "Google SwiftShader": True,
    "GDI Generic": True,
    "Apple Software Renderer": True,
    "Microsoft Basic Render Driver": True,
    "NVIDIA GeForce RTX 4090/PCIe/SSE2": False,
    "Mesa Intel(R) UHD Graphics 620 (KBL GT2)": False,
    "Apple M2 Pro": False,
    None: False,
}


def test_the_renderers_name_tells(viewer: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, software in RENDERERS.items():
        monkeypatch.setattr(three_d.gl, "glGetParameter", lambda which, name=name: name)
        assert three_d.draws_by_software(viewer) is software, name


def test_this_screen_says_what_draws_it(viewer: Any, wait: Callable[..., None]) -> None:
    assert three_d.draws_by_software(viewer) in (True, False)
    assert three_d.longest_texture() >= 256
