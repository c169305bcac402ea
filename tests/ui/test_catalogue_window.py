"""Rows 92 and 109 to 113 of the catalogue, as far as no other test of the window makes the fault."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import PATIENCE_S

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.jobs.threads import ThreadLane
from napari_boundaryseg.progress import Progress, silent
from napari_boundaryseg.task import Task
from napari_boundaryseg.ui import hooks


class Warn(Task):
    """A job that warns."""


@pytest.fixture
def opened(controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]) -> Any:
    """The controller, with a small scan open."""
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    return controller


def test_labels_that_napari_made_without_a_scale_are_never_taken_for_the_scans(
    opened: Any, find: Callable[[str], Any], wait: Callable[..., None], tmp_path: Path
) -> None:
    shape = tuple(opened.viewer.layers[0].data.shape)
    opened.viewer.add_labels(np.ones(shape, np.uint8), name="napari's own")
    assert opened.session.labels is None
    assert opened.tools.layer is None
    assert not find("correct_panel.accept").isEnabled()
    opened.labels.accept()
    wait(lambda: opened.session.job is None)
    assert not list(tmp_path.rglob("labels-v*.nii.gz"))


def test_a_warning_in_a_thread_stops_nothing(opened: Any, wait: Callable[..., None]) -> None:
    def work(*, progress: Progress = silent) -> str:
        for n in range(50):
            warnings.warn(f"planted {n}", UserWarning, stacklevel=1)
        return "done"

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pytest turns some into errors; napari's own hook is called all the same
        job = ThreadLane().call(Warn(), work)
        wait(lambda: job.ended)
    assert (job.state, job.result) == ("returned", "done")
    opened.viewer.dims.set_point(0, 5)


def test_a_layer_that_is_deleted_and_a_scan_that_is_replaced_under_a_prediction_harm_nothing(
    opened: Any, wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    opened.segmentation.run()
    opened.session.job.pause()
    wait(lambda: opened.session.job.state == "running")
    opened.viewer.layers.clear()
    opened.session.job.cancel()
    wait(lambda: opened.session.job is None)
    opened.open(pelvis_files[1])
    wait(lambda: opened.session.scan is not None and opened.session.scan.name == "case2" and opened.session.job is None)
    assert opened.session.prediction is None
    assert "case2" in opened.viewer.layers


def test_files_are_read_and_networks_run_off_the_windows_thread(
    opened: Any, wait: Callable[..., None], pelvis_files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    where: list[threading.Thread] = []
    read = formats.read

    def seen(*sources: Any, **more: Any) -> Volume:
        where.append(threading.current_thread())
        return read(*sources, **more)

    monkeypatch.setattr(formats, "read", seen)
    opened.open(pelvis_files[1])
    wait(lambda: opened.session.scan.name == "case2" and opened.session.job is None)
    assert where
    assert threading.main_thread() not in where
    opened.segmentation.run()
    wait(lambda: opened.session.prediction is not None)
    assert opened.session.runner.pid not in (None, os.getpid())
    assert "torch" not in sys.modules, "the window's process has loaded torch"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux runs without a display")
def test_without_a_display_one_sentence_says_so(tmp_path: Path) -> None:
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    code = "from napari_boundaryseg.cli import main; import sys; sys.argv = ['boundaryseg', 'demo']; main()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={name: value for name, value in os.environ.items() if name not in displays},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "display" in done.stderr
