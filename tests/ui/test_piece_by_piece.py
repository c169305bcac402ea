"""What arrives comes piece by piece: the window lives between two layers, and never waits for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qtpy.QtCore import QTimer
from scans_of_a_day import open_scan

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.ui.layers import access


class Turns:
    """Notes in which turn of the window's event loop each layer comes."""

    def __init__(self) -> None:
        self._turn = 0
        self.came: dict[tuple[str, str], int] = {}
        """View and layer to the turn."""
        self.timer = QTimer()
        self.timer.timeout.connect(self._next)
        self.timer.start(0)

    def _next(self) -> None:
        self._turn += 1

    def hear(self, model: Any, place: str = "") -> None:
        """Listen to the layers of a view."""
        model.layers.events.inserted.connect(lambda event: self.came.update({(place, event.value.name): self._turn}))

    def together(self) -> list[str]:
        """The layers that came in the same turn as another one of their view."""
        turns = [(place, turn) for (place, _), turn in self.came.items()]
        return [name for (place, name), turn in self.came.items() if turns.count((place, turn)) > 1]


@pytest.fixture
def turns() -> Iterator[Turns]:
    made = Turns()
    yield made
    made.timer.stop()


def test_the_maps_of_a_result_come_one_a_turn(
    controller: Any, wait: Callable[..., None], pelvis_files: list[Path], monkeypatch: pytest.MonkeyPatch, turns: Turns
) -> None:
    open_scan(controller, wait, pelvis_files[0], monkeypatch)
    scan = controller.session.scan
    array = np.zeros(scan.geometry.shape, np.uint8)
    array[20:30, 20:30, 4:8] = 2
    labels = scan.with_labels(array, preset("pelvis-mr"))
    parts = np.stack([array == n for n in range(4)]).astype(np.float32)
    maps = {organ.name: parts[organ.id] for organ in labels.scheme.organs}
    levels = {f"level {n}": parts[0] for n in range(3)}
    turns.hear(controller.viewer)
    controller.session.prediction = Prediction(labels, parts, parts[0], maps, {}, levels)
    assert turns.came == {}, "nothing is shown before the window has lived"
    wait(lambda: not controller.segmentation.busy)
    assert len(turns.came) == 1 + 1 + 3 + 3
    assert turns.together() == []


def test_the_hidden_channels_of_a_scan_come_one_a_turn(
    controller: Any, wait: Callable[..., None], turns: Turns
) -> None:
    turns.hear(controller.viewer)
    array = np.arange(4 * 60, dtype=np.float32).reshape(4, 3, 4, 5)
    controller.session.scan = Volume(array, Geometry((3, 4, 5), np.eye(4)), ("a", "b", "c", "d"), "brain")
    wait(lambda: controller.has_every_channel)
    assert {name for _, name in turns.came} == {f"brain: {channel}" for channel in "abcd"}
    assert turns.together() == []


def test_the_other_planes_show_new_layers_one_a_turn(
    controller: Any, wait: Callable[..., None], pelvis_files: list[Path], monkeypatch: pytest.MonkeyPatch, turns: Turns
) -> None:
    open_scan(controller, wait, pelvis_files[0], monkeypatch)
    controller.view.show_three_planes(True)
    views, scan = controller.view.planes.views, access.only(controller.viewer, "scan")
    wait(lambda: not any(view.is_fresh for view in views))
    for view in views:
        turns.hear(view.model, view.plane)
    for n in range(3):
        controller.viewer.add_image(np.zeros_like(scan.data), name=f"map {n}", scale=scan.scale, units=scan.units)
    assert turns.came == {}, "nothing is shown before the window has lived"
    wait(lambda: len(turns.came) == 2 * 3)
    assert turns.together() == []
