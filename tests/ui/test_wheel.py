"""The wheel, apart from the source tree: it holds models and samples, and runs the demo."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from patience import PATIENCE_S

from napari_boundaryseg.engine.checkpoints import model_library

FILES = ("window.png", "report.json")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(root)],
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the wheel in it, and the libraries of this one but not this one's checkout."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=PATIENCE_S)
    python = folder / "bin" / "python"
    packages = Path(
        subprocess.check_output(
            [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    # A line in a .pth file adds a folder without reading the .pth files inside it, so not the editable install.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            str(python),
            "install",
            "-q",
            "--no-deps",
            "--no-index",
            "--ignore-installed",
            str(wheel),
        ],
        check=True,
        capture_output=True,
        timeout=PATIENCE_S,
    )
    return python


def test_the_wheel_holds_models_and_samples_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for name in (
        *(f"weights/{path.name}" for path in model_library.shipped().values()),
        "sample_data/pelvis_mr.nii.gz",
        "napari.yaml",
        "py.typed",
    ):
        assert f"napari_boundaryseg/{name}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "tools/")) or "__pycache__" in name]
    assert wheel.stat().st_size < 40e6


def test_the_installed_wheel_runs_the_demo(python: Path, root: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "VIRTUAL_ENV")}
    where = subprocess.check_output(
        [str(python), "-c", "import napari_boundaryseg as b; print(b.__file__)"],
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=PATIENCE_S,
    ).strip()
    assert Path(where).is_relative_to(python.parents[1])
    assert not Path(where).is_relative_to(root)
    out = tmp_path / "out"
    done = subprocess.run(
        [str(python.with_name("boundaryseg")), "demo", "--headless", str(out)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    written = {path.name for path in out.iterdir()}
    assert set(FILES) <= written
    assert any(name.endswith("_seg.nii.gz") for name in written), written
    assert (out / "window.png").stat().st_size > 50_000
