"""Open, segment, close in the real window: on every Qt binding (`make test-pyqt6` runs this file on PyQt6)."""

from __future__ import annotations

import os
import sys

import pytest
import qtpy
from qtpy.QtWidgets import QPushButton

from napari_boundaryseg.ui import hooks, samples
from napari_boundaryseg.ui.layers.labels import read_labels
from napari_boundaryseg.ui.workbench import Workbench

OPEN_MS, SEGMENT_MS = 60_000, 240_000


def alive(pid: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_open_segment_close(make_napari_viewer, qtbot) -> None:
    viewer = make_napari_viewer(show=True)
    controller = hooks.controller_of(viewer)
    bench = Workbench(controller)
    viewer.window.add_dock_widget(bench, name="Boundary segmentation", area="right")

    controller.open(*samples.SAMPLES[-1].paths())
    qtbot.waitUntil(lambda: controller.session.scan is not None and controller.session.job is None, timeout=OPEN_MS)
    run = bench.findChild(QPushButton, "segment_panel.run")
    qtbot.waitUntil(run.isEnabled, timeout=OPEN_MS)
    run.click()
    qtbot.waitUntil(
        lambda: controller.session.prediction is not None and not controller.segmentation.busy, timeout=SEGMENT_MS
    )

    prediction = controller.session.prediction
    names = {layer.name for layer in viewer.layers}
    assert {"labels", "edges", *(f"contour: {organ}" for organ in prediction.contours)} <= names
    assert read_labels(viewer, controller.session.scan).array.tolist() == prediction.labels.array.tolist()
    assert "torch" not in sys.modules

    worker = controller.session.runner.pid
    assert worker is not None
    viewer.close()
    qtbot.waitUntil(lambda: not alive(worker), timeout=5000)


@pytest.mark.skipif("BOUNDARYSEG_QT" not in os.environ, reason="only where the run says which binding it means")
def test_the_binding_is_the_one_that_is_meant() -> None:
    assert os.environ["BOUNDARYSEG_QT"] == qtpy.API_NAME
