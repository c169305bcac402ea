"""Much of an organ that was left out is told with both volumes, and can be had back, as one step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from results_that_come import comes, drawn, empty, press

from napari_boundaryseg.ui import hooks

PROSTATE, LEFT_OUT = 2, 4
BOX = [[40, 45], [20, 30], [4, 8]]


def test_what_was_left_out_is_told_and_had_back(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    controller = hooks.controller_of(controller_viewer)
    controller_viewer.window.resize(1366, 768)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    bench.sections.open("Segment")
    display, ml = controller.session.scan.geometry.display, controller.session.scan.geometry.voxel_ml
    array = empty(controller)
    array[20:24, 20:30, 4:8] = PROSTATE
    array[40:45, 20:30, 4:8] = LEFT_OUT
    left = {"Prostate": {"kept_ml": 160 * ml, "left_out_ml": 200 * ml, "box": BOX}}
    for answer, voxels in (("leave_out", 160), ("put_back", 360)):
        comes(controller, monkeypatch, array, left_out=left)
        said = find("segment_panel.pieces").text()
        assert said.startswith(f"Prostate: a piece of {160 * ml:.1f} mL was kept, {200 * ml:.1f} mL in other pieces")
        assert np.count_nonzero(drawn(controller)) == 160
        press(find(f"segment_panel.{answer}"))
        assert find("segment_panel.pieces").text() == ""
        assert np.count_nonzero(drawn(controller)) == voxels
    np.testing.assert_array_equal(drawn(controller) == PROSTATE, display.to_display(array) > 0)
    assert controller.tools.editable.history.top.name == "Model: all pieces of Prostate"
    assert controller.tools.editable.is_stored, "no person has drawn it"
    comes(controller, monkeypatch, np.where(array == LEFT_OUT, 0, array))
    assert find("segment_panel.pieces").text() == "", "of this one nothing was left out"


def test_only_background_is_filled_again(
    controller_viewer: Any,
    bench: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    pelvis_files: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    bench.sections.open("Segment")
    array = empty(controller)
    array[20:24, 20:30, 4:8] = PROSTATE
    array[40:45, 20:30, 4:8] = LEFT_OUT
    comes(controller, monkeypatch, array, left_out={"Prostate": {"kept_ml": 1, "left_out_ml": 2, "box": BOX}})
    geometry = controller.session.scan.geometry
    by_hand = np.zeros(geometry.shape, np.uint8)
    by_hand[41:43, 20:30, 4:8] = 3
    by_hand = geometry.display.to_display(by_hand)
    layer = controller.tools.layer
    layer.data[by_hand > 0] = 3
    controller.tools.editable.finish()
    controller.session.say("warning", "Only the likeliest piece of each organ was kept; 2.00 mL were left out")
    press(find("segment_panel.put_back"))
    assert find("job_bar.message").text() == "", "it is not so any more"
    assert np.count_nonzero(drawn(controller) == 3) == 80
    assert np.count_nonzero(drawn(controller) == PROSTATE) == 160 + 120
