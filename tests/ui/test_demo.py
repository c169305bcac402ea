"""The demo with a person and without: it ends when it should, and a bad scan is one sentence."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import PATIENCE_S
from qtpy.QtGui import QPixmap
from results_that_come import result_of

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import BoundarySegError, InputError
from napari_boundaryseg.session.earlier_results import ResultsInTheWay
from napari_boundaryseg.ui import demo, hooks
from napari_boundaryseg.ui.compat.window import is_open, main_window


@pytest.fixture
def viewer(controller_viewer: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The window that the demo gets."""
    monkeypatch.setattr(demo.napari, "Viewer", lambda **_: controller_viewer)
    monkeypatch.setattr(demo, "SETTLE_S", 0.1)
    return controller_viewer


@pytest.fixture
def left_to_the_person(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether the window was left to the person at the end."""
    seen: list[bool] = []
    monkeypatch.setattr(demo.napari, "run", lambda: seen.append(True))
    return seen


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """A scan far larger than the model's field of view."""
    array = np.random.default_rng(0).normal(0, 1, (1, 60, 60, 40)).astype(np.float32)
    formats.write(Volume(array, Geometry((60, 60, 40), np.diag([12.0, 12.0, 20.0, 1]))), tmp_path / "big.nii.gz")
    return tmp_path / "big.nii.gz"


def control(viewer: Any, name: str) -> Any:
    from qtpy.QtWidgets import QWidget

    return main_window(viewer).findChild(QWidget, name)


CLOSED_BY_A_PERSON = """
from qtpy.QtCore import QTimer
from napari_boundaryseg.ui import demo, hooks
from napari_boundaryseg.ui.compat.window import main_window
def in_the_first_moments(viewer):
    QTimer.singleShot(1500, main_window(viewer).close)
def once_it_is_segmented(viewer):
    viewer.layers.events.inserted.connect(
        lambda event: QTimer.singleShot(200, main_window(viewer).close) if event.value.name == "labels" else None
    )
real = hooks.controller_of
def controller_of(viewer, **named):
    WHEN(viewer)
    return real(viewer, **named)
hooks.controller_of = controller_of
demo.run_demo()
"""


@pytest.mark.parametrize("when", ["in_the_first_moments", "once_it_is_segmented"])
def test_a_closed_window_ends_the_program(tmp_path: Path, when: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", CLOSED_BY_A_PERSON.replace("WHEN", when)],
        cwd=tmp_path,
        timeout=PATIENCE_S,
        capture_output=True,
        text=True,
        env={**os.environ, "BOUNDARYSEG_PROJECT": str(tmp_path / "project")},
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_scan_that_cannot_be_read_is_told_in_the_window_which_stays(
    viewer: Any, left_to_the_person: list[bool], tmp_path: Path, pelvis_files: list[Path], wait: Callable[..., None]
) -> None:
    (tmp_path / "bad.nii.gz").write_text("no scan")
    demo.run_demo(tmp_path / "bad.nii.gz")
    assert left_to_the_person == [True]
    assert "bad.nii.gz" in control(viewer, "job_bar.message").text()
    controller = hooks.controller_of(viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)


def test_a_scan_far_too_large_leaves_the_question_to_the_person(
    viewer: Any, left_to_the_person: list[bool], big: Path
) -> None:
    demo.run_demo(big)
    assert left_to_the_person == [True]
    assert "far more than" in control(viewer, "segment_panel.question").text()
    assert hooks.controller_of(viewer).session.prediction is None


def test_without_a_person_a_scan_far_too_large_ends_with_its_sentence(viewer: Any, big: Path, tmp_path: Path) -> None:
    with pytest.raises(BoundarySegError, match=r"far more than.*Draw a box"):
        demo.run_demo(big, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not is_open(viewer)


def test_without_a_person_a_result_over_corrections_ends_with_its_question(
    viewer: Any, pelvis_files: list[Path], tmp_path: Path, wait: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    controller = hooks.controller_of(viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    controller.labels.new(preset("pelvis-mr"))
    controller.tools.layer.data[3, 30:35, 30:35] = 2
    controller.tools.editable.finish()

    def found(whole: bool) -> None:
        result = result_of(controller.session, np.zeros(controller.session.scan.geometry.shape, np.uint8))
        controller.session.kept_results.keep(controller.session.scan, result)

    monkeypatch.setattr(controller.segmentation, "run", found)
    with pytest.raises(BoundarySegError, match=r"Over your corrections.*Apply the result\?"):
        demo.run_demo(pelvis_files[0], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_without_a_person_everything_is_written(viewer: Any, pelvis_files: list[Path], tmp_path: Path) -> None:
    demo.run_demo(pelvis_files[0], tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "case1_contours.nii.gz",
        "case1_edges.nii.gz",
        "case1_seg.nii.gz",
        "report.json",
        "window.png",
    ]
    assert not QPixmap(str(tmp_path / "out" / "window.png")).isNull()
    assert json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["case"] == "case1"


@pytest.mark.parametrize("display", [{}, {"DISPLAY": ":98765"}, {"QT_QPA_PLATFORM": "no-such-platform"}])
@pytest.mark.skipif(sys.platform != "linux", reason="a window can always be opened there")
def test_without_a_display_it_ends_with_one_line(tmp_path: Path, display: dict[str, str]) -> None:
    hidden = ("DISPLAY", "WAYLAND_DISPLAY")
    bare = {name: value for name, value in os.environ.items() if name not in hidden}
    ended = subprocess.run(
        [sys.executable, "-c", "from napari_boundaryseg.cli import main; main()", "demo", "--headless", "out"],
        cwd=tmp_path,
        timeout=PATIENCE_S,
        capture_output=True,
        text=True,
        env={**bare, **display},
    )
    assert ended.returncode == 1, ended.stderr
    assert ended.stderr.splitlines()[-1].startswith("error: display: no window can be opened here.")
    assert not (tmp_path / "out").exists()


def test_what_is_in_the_folder_already_is_not_replaced(viewer: Any, pelvis_files: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "window.png").write_bytes(b"mine")
    with pytest.raises(ResultsInTheWay, match=r"window\.png: it is there already"):
        demo.run_demo(pelvis_files[0], out)
    assert [path.read_bytes() for path in out.iterdir()] == [b"mine"]
    assert not is_open(viewer)


def test_a_picture_that_cannot_be_written_is_an_error_and_keeps_the_old_one(qapp: Any, tmp_path: Path) -> None:
    (tmp_path / "window.png").write_bytes(b"the old one")
    with pytest.raises(InputError, match=r"window.png: the picture could not be written"):
        demo._save_picture(QPixmap(), tmp_path / "window.png")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"the old one"]
