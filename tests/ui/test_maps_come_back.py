"""A scan that is opened again shows the maps that it had, without touching the labels in work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hands import LEFT
from qtpy.QtTest import QTest

from napari_boundaryseg.data.volume import Volume


def maps(controller: Any) -> dict[str, np.ndarray]:
    """Every map in the layer list."""
    kinds = ("edges", "contour", "attention")
    layers = [one for one in controller.viewer.layers if one.metadata.get("boundaryseg_kind") in kinds]
    return {layer.name: np.asarray(layer.data).copy() for layer in layers}


def test_a_scan_that_is_opened_again_shows_its_maps_and_keeps_what_was_drawn(
    controller: Any, bench: Any, find: Callable[[str], Any], wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    session = controller.session

    def go_to(path: Path) -> Volume:
        before = session.scan
        controller.open(path)
        wait(lambda: session.scan is not before and session.job is None)
        return session.scan

    go_to(pelvis_files[0])
    bench.sections.open("Segment")
    QTest.mouseClick(find("segment_panel.run"), LEFT)
    wait(lambda: session.prediction is not None and not controller.segmentation.busy)
    wait(lambda: controller.tools.editable is not None)
    shown, made = maps(controller), controller.session.prediction
    assert {"edges", "contour: Bladder"} <= set(shown)
    drawn = np.asarray(controller.tools.layer.data).copy()
    drawn[4, 20:30, 20:30] = 2
    controller.tools.editable.put("A stroke", drawn)

    go_to(pelvis_files[1])
    assert session.prediction is None and not maps(controller)
    assert not find("export_panel.edges").isEnabled() and not find("display.edges").isEnabled()

    go_to(pelvis_files[0])
    wait(lambda: session.prediction is not None and not controller.segmentation.busy)
    wait(lambda: set(maps(controller)) == set(shown))
    for name, array in maps(controller).items():
        np.testing.assert_array_equal(array, shown[name], err_msg=name)
    assert session.prediction is made
    np.testing.assert_array_equal(controller.tools.layer.data, drawn)
    assert controller.tools.editable.history.top.name == "A stroke", "the result was not applied once more"
    assert find("display.limits").isEnabled(), "the lines of 10 and 90 % are there, too"
    assert (
        "tiny-pelvis" in find("segment_panel.result").text()
        and "as you left them" in find("segment_panel.result").text()
    )
    assert "tiny-pelvis" in find("sections.segment").text()
    assert find("segment_panel.origins").isVisible() and find("export_panel.edges").isEnabled()

    go_to(pelvis_files[2])
    assert session.prediction is None and not maps(controller), "another scan shows none of them"
