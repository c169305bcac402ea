"""Every system of the papers in the real window: it shows its own layers and says where they come from."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from patience import PATIENCE_S
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.widgets.result_words import PLAIN

MAKE = """
import sys
from pathlib import Path
import torch
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, save
from napari_boundaryseg.engine.recipes.recipe import Recipe
from napari_boundaryseg.engine.recipes.shipped import recipe
base = recipe("pelvis-mr-sgm").model_dump() | {
    "patch_vox": (16, 32, 32), "losses": {"wce-dice": 1.0}, "loss_arguments": {}, "expected_field_mm": (250, 250, 120),
    "synthetic": ""}
base["preprocessing"]["spacing_mm"] = (2.5, 2.5, 5.0)
base["inference"]["overlap"] = 0.25
systems = {
    "sgm": {"network_arguments": {"width": 4, "norm": "group"}},
    "hmedn": {"network_arguments": {"width": 8, "norm": "group"}, "dims": 2, "slices": 5},
    "egcnn": {"network_arguments": {"width": 8, "norm": "group"}},
    "bacnn": {"network_arguments": {"width": 4, "norm": "group"}, "dims": 2},
    "segresnet": {"network_arguments": {"width": 8, "norm": "group"}},
}
for name, own in systems.items():
    torch.manual_seed(1)
    made = Recipe.model_validate(base | {"name": name, "network": name} | own)
    network = build_network(made)
    card = Card(name=f"tiny-{name}", recipe=made, parameters=sum(p.numel() for p in network.parameters()))
    save(Path(sys.argv[1]) / f"tiny-{name}.safetensors", card, network.state_dict())
"""
CONTOURS = {"Bladder": "hard head", "Rectum": "hard head", "Prostate": "soft head"}
DERIVED = dict.fromkeys(CONTOURS, "derived")
SYSTEMS = {  # contours, edges, attention levels, levels with channel weights
    "sgm": (CONTOURS, "derived", {"level 0", "level 1", "level 2"}, 3),
    "hmedn": (CONTOURS, "derived", set(), 0),
    "egcnn": (DERIVED, "hard head", {"level 0", "level 1", "level 2"}, 0),
    "bacnn": (DERIVED, "hard head", {"level 1", "level 2", "level 3"}, 0),
    "segresnet": (DERIVED, "derived", set(), 0),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one tiny model of each system; its weights are drawn at random."""
    folder = tmp_path_factory.mktemp("systems")
    subprocess.run(
        [sys.executable, "-c", MAKE, str(folder)],
        check=True,
        timeout=PATIENCE_S,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    return folder


@pytest.fixture
def opened(controller_viewer: Any, bench: Any, pelvis_files: list[Path], wait: Callable[..., None]) -> Iterator[Any]:
    """The controller of a window with a scan open."""
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    bench.sections.open("Segment")
    yield controller


def test_every_system_shows_its_layers(opened: Any, find: Callable[[str], Any], wait: Callable[..., None]) -> None:
    viewer, models = opened.viewer, find("segment_panel.model")
    assert {models.itemText(n) for n in range(models.count())} == {f"tiny-{name}" for name in SYSTEMS}
    for name, (contours, edges, levels, charts) in SYSTEMS.items():
        choose(models, f"tiny-{name}")
        before = opened.session.prediction
        QTest.mouseClick(find("segment_panel.run"), Qt.MouseButton.LeftButton)
        wait(lambda before=before: opened.session.prediction is not before and not opened.segmentation.busy)
        wait(lambda: bool(find("segment_panel.result").text()))
        check_layers(viewer, contours, edges, levels)
        check_panel(
            find, PLAIN[edges] if contours is DERIVED else "learned as a soft band (Prostate)", bool(levels), charts
        )
        find("segment_panel.attention").setChecked(False)


def choose(models: Any, text: str) -> None:
    """Choose in the drop-down list as a person does: what follows listens to `activated`."""
    models.setCurrentText(text)
    models.activated.emit(models.currentIndex())


def check_layers(viewer: Any, contours: dict[str, str], edges: str, levels: set[str]) -> None:
    """Each organ's contour and the edges say their origin, and attention lies on the scan's own grid."""
    for organ, source in contours.items():
        layer = viewer.layers[f"contour: {organ}"]
        assert layer.metadata["source"] == source
        assert layer.metadata["source"] == source
    assert viewer.layers["edges"].metadata["source"] == edges
    shown = access.of_kind(viewer, "attention")
    assert {layer.name for layer in shown} == {f"attention: {level}" for level in levels}
    scan = access.only(viewer, "scan")
    for layer in shown:
        assert layer.data.shape == scan.data.shape
        assert tuple(layer.scale) == tuple(scan.scale)
        assert float(layer.data.max()) > 0


def check_panel(find: Callable[[str], Any], origin: str, attention: bool, charts: int) -> None:
    """The panel says where the maps come from; attention and channel weights are offered where there are any."""
    assert origin in find("segment_panel.origins").text()
    box, bars = find("segment_panel.attention"), find("segment_panel.channel_weights")
    assert box.isVisible() == attention
    assert not bars.isVisible()
    box.setChecked(True)
    assert bars.isVisible() == bool(charts)
    assert len(bars.weights) == charts
