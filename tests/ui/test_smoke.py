"""Open, segment, close in the real window, on the Qt binding that the run means."""

from __future__ import annotations

import os
import sys

import pytest
import qtpy
from patience import alive
from qtpy.QtWidgets import QPushButton

from napari_boundaryseg.ui import hooks, samples
from napari_boundaryseg.ui.layers.labels import read_labels
from napari_boundaryseg.ui.workbench import Workbench


def test_open_segment_close(make_napari_viewer, wait) -> None:
    viewer = make_napari_viewer(show=True)
    controller = hooks.controller_of(viewer)
    bench = Workbench(controller)
    viewer.window.add_dock_widget(bench, name="Boundary segmentation", area="right")

    controller.open(*samples.SAMPLES[-1].paths())
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    run = bench.findChild(QPushButton, "segment_panel.run")
    wait(run.isEnabled)
    run.click()
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)

    prediction = controller.session.prediction
    names = {layer.name for layer in viewer.layers}
    assert {"labels", "edges", *(f"contour: {organ}" for organ in prediction.contours)} <= names
    assert read_labels(viewer, controller.session.scan).array.tolist() == prediction.labels.array.tolist()
    assert "torch" not in sys.modules

    worker = controller.session.runner.pid
    assert worker is not None
    viewer.close()
    wait(lambda: not alive(worker))


@pytest.mark.skipif("BOUNDARYSEG_QT" not in os.environ, reason="only where the run says which binding it means")
def test_the_binding_is_the_one_that_is_meant() -> None:
    assert os.environ["BOUNDARYSEG_QT"] == qtpy.API_NAME
