"""Imports point downwards, and a wrong one is noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def check_floors(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_imports_point_downwards(root: Path) -> None:
    done = check_floors(root)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 kept, 0 broken" in done.stdout


def test_an_upward_import_is_noticed(root: Path, tmp_path: Path) -> None:
    shutil.copy(root / "pyproject.toml", tmp_path)
    shutil.copytree(
        root / "napari_boundaryseg",
        tmp_path / "napari_boundaryseg",
        ignore=shutil.ignore_patterns("*.safetensors", "__pycache__"),
    )
    (tmp_path / "napari_boundaryseg" / "data" / "upwards.py").write_text(
        "import torch\nfrom napari_boundaryseg import models\n"
    )
    done = check_floors(tmp_path)
    assert done.returncode == 1
    assert "2 broken" in done.stdout, done.stdout
