"""The whole of it: painting in three planes, one undo, a locked bladder, a brush and a model over it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from conftest import organ_centre
from hands import live
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from test_planes import canvases, models, stroke

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.widgets.organ_table import LOCK

BLADDER, PROSTATE, RECTUM = 1, 2, 3


def test_three_planes_one_history_and_a_bladder_that_nothing_changes(
    controller_viewer: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    viewer, controller = controller_viewer, hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    controller.labels.open(pelvis_files[0].with_name("case1_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: controller.tools.layer is not None and controller.session.job is None)
    bench.sections.open("Correct")
    controller.view.planes.open()
    live(200)
    layer, editable = controller.tools.layer, controller.tools.editable
    views = list(zip(canvases(controller.view.planes, viewer), models(controller.view.planes, viewer)))

    # One stroke in each plane; undo with the keys of another.
    layer.selected_label, layer.brush_size = RECTUM, 6
    states = [layer.data.copy()]
    for canvas, _ in views:
        layer.mode = "paint"
        stroke(canvas, 25)
        states.append(layer.data.copy())
    assert [step.name.partition(",")[0] for step in editable.history.steps[-3:]] == ["Paint: Rectum"] * 3
    assert editable.effort.total().strokes == 3
    assert editable.effort.total().path_mm > 30
    for n, (canvas, _) in zip((2, 1, 0), views):  # the last stroke from the first view, and so on
        QTest.keyClick(canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        np.testing.assert_array_equal(layer.data, states[n])

    # Lock the bladder; draw the prostate over it in each plane.
    find("correct_panel.organs").item(0, LOCK).setCheckState(Qt.CheckState.Checked)
    bladder = np.asarray(layer.data) == BLADDER
    assert bladder.sum() > 100
    layer.selected_label, layer.brush_size = PROSTATE, 10
    at = np.asarray(layer.data_to_world(organ_centre(layer, BLADDER)))
    viewer.dims.set_point((0, 1, 2), at)
    for _, model in views:
        model.scene.camera.center = (0, *at[list(model.dims.order[-2:])])
    for canvas, _ in views:
        before = layer.data.copy()
        layer.mode = "paint"
        stroke(canvas, 90)
        assert not np.array_equal(layer.data, before)
        np.testing.assert_array_equal(np.asarray(layer.data) == BLADDER, bladder)
        assert "are locked" in find("job_bar.message").text()
    for _, model in views:
        copy = model.layers[layer.name]
        with copy.block_history():
            copy.paint(organ_centre(layer, BLADDER), PROSTATE)
            np.testing.assert_array_equal(np.asarray(layer.data) == BLADDER, bladder, "while the mouse is down")

    # Predict over both, and take it all back.
    drawn = layer.data.copy()
    controller.segmentation.run()
    wait(lambda: bool(find("segment_panel.offer").text()))
    np.testing.assert_array_equal(layer.data, drawn, "nothing is applied before the answer")
    find("segment_panel.apply").click()
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    assert editable.history.top is not None
    assert editable.history.top.name == "Model: tiny-pelvis"
    np.testing.assert_array_equal(np.asarray(layer.data) == BLADDER, bladder)
    result = layer.data.copy()
    layer.undo()
    np.testing.assert_array_equal(layer.data, result, "before the whole of a result, undo stops once")
    layer.undo()
    np.testing.assert_array_equal(layer.data, drawn)
