"""Importing the package costs nothing that is not used: no torch, no Qt, no MONAI, no SciPy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from patience import PATIENCE_S

HEAVY = {
    "torch",
    "monai",
    "scipy",
    "skimage",
    "nibabel",
    "pydantic",
    "napari",
    "qtpy",
    "PyQt5",
    "PyQt6",
    "lightning_fabric",
}
WINDOW = {"napari", "qtpy", "PyQt5", "PyQt6", "vispy", "magicgui", "superqt"}


def loaded_by(code: str) -> set[str]:
    """Top-level modules in a fresh interpreter after ``code``."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_package_loads_nothing_but_itself() -> None:
    """So it is there at once, on any machine."""
    names = loaded_by("import napari_boundaryseg") - loaded_by("pass")
    assert names - set(sys.stdlib_module_names) == {"napari_boundaryseg"}


def test_the_command_line_loads_nothing_heavy() -> None:
    names = loaded_by("import napari_boundaryseg.cli")
    assert not names & (HEAVY - {"pydantic"})


@pytest.mark.parametrize(
    "module",
    [
        "data.formats",
        "data.metrics",
        "phantom",
        "engine.recipes.recipe",
        "engine.checkpoints.card",
        "engine.inference.prediction",
        "engine.checkpoints.model_library",
        "session",
        "engine.task_list",
        "jobs.worker_runner",
        "jobs.worker",
    ],
)
def test_what_the_window_uses_needs_no_torch(module: str) -> None:
    names = loaded_by(f"import napari_boundaryseg.{module}")
    assert not names & ({"torch", "monai", "lightning_fabric"} | WINDOW)


def test_a_worker_that_only_segments_loads_nothing_of_a_training() -> None:
    """Sympy stands for torch's compiler, which Lightning brings along."""
    assert not loaded_by("import napari_boundaryseg.engine.tasks") & {"lightning_fabric", "sympy", "monai"}


def test_names_of_the_package_resolve() -> None:
    names = loaded_by("import napari_boundaryseg as bs\nfor name in bs.__all__: getattr(bs, name)")
    assert "torch" in names
    assert not names & WINDOW
