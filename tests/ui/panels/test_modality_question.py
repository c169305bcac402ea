"""A model made for MR on a CT: a question with its answer in sight, before anything runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.ui import hooks

LEFT = Qt.MouseButton.LeftButton


def test_a_scan_of_another_modality_is_asked_about(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    controller = hooks.controller_of(controller_viewer)
    session = controller.session
    controller.open(pelvis_files[0])
    wait(lambda: session.scan is not None and session.job is None)
    session.scan = replace(session.scan, modality="CT")
    bench.sections.open("Segment")
    QTest.mouseClick(find("segment_panel.run"), LEFT)
    wait(lambda: find("segment_panel.anyway").isVisible() or session.prediction is not None)
    assert session.prediction is None, "it ran unasked"
    said = find("segment_panel.question").text()
    assert "it is CT of 3.6 x 3.6 x 6 mm" in said and "made for MR" in said
    assert "--" not in said, "options are the command line's"
    assert not find("segment_panel.whole").isVisible() and not find("segment_panel.draw").isVisible()
    assert "labels" not in controller.viewer.layers
    QTest.mouseClick(find("segment_panel.anyway"), LEFT)
    wait(lambda: session.prediction is not None)
    assert not find("segment_panel.question").isVisible()
    session.scan = replace(session.scan, modality="MR", name="mr")
    QTest.mouseClick(find("segment_panel.run"), LEFT)
    wait(lambda: session.prediction is not None)
    assert not find("segment_panel.anyway").isVisible()
