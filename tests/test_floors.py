"""Imports point downwards, between floors and between rooms; a wrong one is noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENCE_S

FLOORS = "Imports point downwards"
WINDOW = "Rooms of the window: imports point downwards"
WIDGETS = "Widgets know neither viewer nor session"
PANELS = "Panels ask the controller and touch neither viewer nor layers"
ENGINE = "Rooms of the engine: imports point downwards"
QT, TORCH = "Only ui knows Qt and napari", "The window, its data and its jobs need no torch"
WRONG = {
    "upward": ("data/upwards.py", "import torch\nfrom napari_boundaryseg import models", {FLOORS, TORCH}),
    "qt": ("session/shows.py", "import qtpy", {QT}),
    "control": ("ui/control/asks.py", "from napari_boundaryseg.ui.panels import panel", {WINDOW}),
    "room": ("ui/attic/__init__.py", "", {WINDOW}),
    "session": ("ui/widgets/knows.py", "from napari_boundaryseg.session import session", {WIDGETS}),
    "layer": ("ui/widgets/shows.py", "from napari_boundaryseg.ui.layers import access", {WIDGETS}),
    "viewer": ("ui/panels/draws.py", "import napari", {PANELS}),
    "action": ("ui/panels/acts.py", "from napari_boundaryseg.session.actions import scan", {PANELS}),
    "engine": ("engine/inference/learns.py", "from napari_boundaryseg.engine.training import train", {ENGINE}),
}
"""A file that is planted, what it holds, and the contracts that it breaks."""


def check_floors(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def broken(output: str) -> set[str]:
    """The names of the contracts that were broken."""
    return {line.partition(" BROKEN")[0] for line in output.splitlines() if " BROKEN" in line}


def test_imports_point_downwards(root: Path) -> None:
    done = check_floors(root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 kept, 0 broken" in done.stdout


@pytest.fixture(scope="module")
def copied(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package in which wrong imports may be planted."""
    folder = tmp_path_factory.mktemp("planted")
    shutil.copy(root / "pyproject.toml", folder)
    shutil.copytree(
        root / "napari_boundaryseg",
        folder / "napari_boundaryseg",
        ignore=shutil.ignore_patterns("*.safetensors", "__pycache__"),
    )
    return folder


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_import_is_noticed(copied: Path, wrong: str) -> None:
    place, text, contracts = WRONG[wrong]
    planted = copied / "napari_boundaryseg" / place
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(f"{text}\n")
    try:
        done = check_floors(copied)
    finally:
        planted.unlink()
        if not any(planted.parent.iterdir()):
            planted.parent.rmdir()
    assert done.returncode == 1
    assert broken(done.stdout) == contracts, done.stdout
