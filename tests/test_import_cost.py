"""Importing the package costs nothing that is not used: no torch, no Qt, no MONAI, no SciPy."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

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


def loaded_by(code: str) -> tuple[set[str], float]:
    """Top-level modules in a fresh interpreter after ``code``, and the seconds that it took."""
    script = (
        "import json, sys, time; t = time.perf_counter()\n"
        f"{code}\n"
        "print(json.dumps([sorted({m.partition('.')[0] for m in sys.modules}), time.perf_counter() - t]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=True)
    names, seconds = json.loads(done.stdout.splitlines()[-1])
    return set(names), seconds


def test_the_package_loads_nothing_heavy() -> None:
    names, seconds = loaded_by("import napari_boundaryseg")
    assert not names & HEAVY
    assert seconds < 0.5


def test_the_command_line_loads_nothing_heavy() -> None:
    names, _ = loaded_by("import napari_boundaryseg.cli")
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
    names, _ = loaded_by(f"import napari_boundaryseg.{module}")
    assert not names & ({"torch", "monai", "lightning_fabric"} | WINDOW)


def test_names_of_the_package_resolve() -> None:
    names, _ = loaded_by("import napari_boundaryseg as bs\nfor name in bs.__all__: getattr(bs, name)")
    assert "torch" in names
    assert not names & WINDOW
