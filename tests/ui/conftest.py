"""A real window on a small scan, with a tiny model whose weights were drawn at random in another process."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import PATIENCE_S

MAKE_MODEL = """
import sys
from pathlib import Path
import torch
from napari_boundaryseg.engine.checkpoints.card import Card, TrainingData, Score
from napari_boundaryseg.engine.checkpoints.checkpoint import build_network, save
from napari_boundaryseg.engine.recipes.shipped import recipe
torch.manual_seed(1)
small = recipe(sys.argv[2]).with_settings({
    "network_arguments.width": 4, "patch_vox": (16, 32, 32), "inference.window_vox": (16, 32, 32), "batch": 1,
    "inference.overlap": 0.25,
    "preprocessing.spacing_mm": (2.5, 2.5, 5.0), "expected_field_mm": (250, 250, 120), "synthetic": ""})
network = build_network(small)
card = Card(name=sys.argv[3], recipe=small, parameters=sum(p.numel() for p in network.parameters()),
            training=TrainingData(description="nothing: random weights", licence="BSD-3-Clause"),
            scores=(Score(organ="Bladder", metric="dsc", mean=0.1, sd=0.0, n=1, label_prior=0.05),))
save(Path(sys.argv[1]), card, network.state_dict())
"""


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one model, ``tiny-pelvis``, made outside this process: torch stays out of the window's."""
    folder = tmp_path_factory.mktemp("weights")
    subprocess.run(
        [sys.executable, "-c", MAKE_MODEL, str(folder / "tiny-pelvis.safetensors"), "pelvis-mr-sgm", "tiny-pelvis"],
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=PATIENCE_S,
    )
    return folder


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of its own for what is remembered between two windows, and for journals."""
    from napari_boundaryseg.editing.journal import records as journal_file
    from napari_boundaryseg.session.project import last_project
    from napari_boundaryseg.ui import remembered

    monkeypatch.setattr(remembered, "user_config_path", lambda name: tmp_path / "config" / name)
    monkeypatch.setattr(journal_file, "user_data_path", lambda name: tmp_path / "data" / name)
    monkeypatch.setattr(last_project, "user_config_path", lambda name: tmp_path / "config" / name)


@pytest.fixture(autouse=True)
def kept() -> None:
    """What is imported or left by earlier tests stays: each of many searches for garbage would go through it again."""
    gc.freeze()


@pytest.fixture(autouse=True)
def unfrozen(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A window's libraries are loaded when they are asked for; what is garbage at the end of a test is found."""
    if "preload" not in request.node.name:
        from napari_boundaryseg.ui.compat import preload

        monkeypatch.setattr(preload, "preload", lambda viewer: None)


@pytest.fixture
def findings_are_asked() -> None:
    """For tests of the question that open findings are before labels are accepted."""


@pytest.fixture(autouse=True)
def accepted_at_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the rules find in the small labels of a test, they are accepted; but where the question is the test."""
    if "findings_are_asked" not in request.fixturenames:
        from napari_boundaryseg.ui.control.reviewing.findings_question import FindingsQuestion

        monkeypatch.setattr(FindingsQuestion, "allows", lambda self, act: True)


@pytest.fixture
def controller_viewer(
    make_napari_viewer: Callable[..., Any], weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A shown viewer whose project is in a temporary folder and whose only shipped model is the tiny one."""
    from napari_boundaryseg.engine.checkpoints import model_library
    from napari_boundaryseg.session.project import last_project
    from napari_boundaryseg.ui import hooks

    monkeypatch.setattr(model_library, "WEIGHTS", weights)
    monkeypatch.setenv("BOUNDARYSEG_PROJECT", str(tmp_path / "project"))
    last_project.see(tmp_path / "project")
    viewer = make_napari_viewer(show=True)
    viewer.window.resize(1000, 760)
    yield viewer
    if viewer in hooks._CONTROLLERS:
        hooks.controller_of(viewer).close()


@pytest.fixture
def bench(controller_viewer: Any) -> Any:
    """The workbench, docked in the viewer."""
    from napari_boundaryseg.ui.docks import WorkbenchDock

    made = WorkbenchDock(controller_viewer)
    controller_viewer.window.add_dock_widget(made, name="Boundary segmentation", area="right")
    return made


@pytest.fixture
def controller(controller_viewer: Any, bench: Any) -> Any:
    """The controller of a window at the size of a small screen, the workbench in it."""
    from napari_boundaryseg.ui import hooks

    controller_viewer.window.resize(1366, 768)
    return hooks.controller_of(controller_viewer)


@pytest.fixture(scope="session")
def pelvis_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three small synthetic pelves as NIfTI, with labels beside them (``NAME_labels.nii.gz``)."""
    from napari_boundaryseg.data import formats
    from napari_boundaryseg.phantom import pelvis

    folder = tmp_path_factory.mktemp("scans")
    made = []
    for seed in (1, 2, 3):
        scan, labels = pelvis(seed, (64, 64, 16), (3.6, 3.6, 6.0))
        path = folder / f"case{seed}.nii.gz"
        formats.write(scan, path)
        formats.write(labels, folder / f"case{seed}_labels.nii.gz")
        made.append(path)
    return made


@pytest.fixture
def wait(qtbot: Any) -> Callable[..., None]:
    """Let the window live until a condition holds."""
    return lambda condition: qtbot.waitUntil(condition, timeout=int(1000 * PATIENCE_S))


@pytest.fixture
def find(bench: Any) -> Callable[[str], Any]:
    """A control of the workbench by its object name."""
    from qtpy.QtWidgets import QWidget

    def by_name(name: str) -> Any:
        found = bench.findChild(QWidget, name)
        assert found is not None, name
        return found

    return by_name


@pytest.fixture
def drawing(controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    """The controller of a window with a small scan and its true labels, the Correct section open."""
    from napari_boundaryseg.data.labels import preset
    from napari_boundaryseg.ui import hooks

    made = hooks.controller_of(controller_viewer)
    made.open(pelvis_files[0])
    wait(lambda: made.session.scan is not None and made.session.job is None)
    made.labels.open(pelvis_files[0].with_name("case1_labels.nii.gz"), preset("pelvis-mr"))
    wait(lambda: "labels" in controller_viewer.layers and made.session.job is None)
    bench.sections.open("Correct")
    return made


@pytest.fixture
def rectum(drawing: Any) -> Any:
    """The same window with the rectum chosen, and a slice in view that holds it."""
    drawing.tools.choose(3)
    drawing.grid.go_to(organ_centre(drawing.tools.layer, 3).tolist())
    return drawing


def organ_centre(layer: Any, organ: int) -> np.ndarray:
    """A voxel in the middle of an organ of a labels layer."""
    where = np.argwhere(np.asarray(layer.data) == organ)
    return where[len(where) // 2]
