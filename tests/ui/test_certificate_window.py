"""Accepting in a real window leaves a certificate, from which the command line rebuilds the labels bit for bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hands import live
from patience import PATIENCE_S
from scans_of_a_day import FINE, new_labels, open_scan, stroke, undo_key, write_scan

from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.editing.journal.kept import JournalUpTo
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.session.certificate import writing
from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.control import apply_prediction
from napari_boundaryseg.ui.docks import WorkbenchDock

REPLAY = "from napari_boundaryseg.cli import main; main()"


def replayed(certificate: Path) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own that has no window."""
    words = [sys.executable, "-c", REPLAY, "replay", str(certificate)]
    environment = {**os.environ, "BOUNDARYSEG_BLOCK_QT": "1"}
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=PATIENCE_S, env=environment)


def certificate_of(controller: Any) -> tuple[Path, dict[str, Any]]:
    (case,) = controller.session.project.cases()
    path = case.label.with_name(f"certificate-v{case.version}.json")
    return path, json.loads(path.read_text("utf-8"))


def test_a_models_result_and_strokes_are_certified_and_replayed_by_the_command(
    controller_viewer: Any, bench: Any, wait: Callable[..., None], pelvis_files: list[Path]
) -> None:
    controller = hooks.controller_of(controller_viewer)
    controller.open(pelvis_files[0])
    wait(lambda: controller.session.scan is not None and controller.session.job is None)
    controller.segmentation.run(lambda: None)
    wait(lambda: controller.session.prediction is not None and not controller.segmentation.busy)
    prediction = controller.session.prediction
    controller.tools.choose(2)
    controller.viewer.dims.set_current_step(0, 5)
    for right in (40, 60, 80):
        stroke(controller, right)
    undo_key(controller)
    controller.tools.layer.paint((6, 30, 30), 1)
    controller.labels.accept()
    stroke(controller, 100)
    wait(lambda: controller.session.job is None)
    path, said = certificate_of(controller)
    done = replayed(path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("case1, version 1: rebuilt bit for bit from ")
    model = said["model"]
    assert (model["title"], model["sha256"]) == ("tiny-pelvis", prediction.details["sha256"])
    assert (model["device"], model["dtype"]) == (prediction.details["device"], prediction.details["dtype"])
    voxels = np.ascontiguousarray(prediction.labels.array, "<u2")
    assert model["result_voxels_sha256"] == sha256(voxels.tobytes()).hexdigest()
    assert said["work"]["steps"]["undone"] == 1
    effort = said["work"]["effort"]["organs"]["Prostate"]
    assert (effort["strokes"], effort["undos"]) == (3, 1) and effort["path_mm"] > 0
    assert said["person"] and said["minutes"] is not None
    assert said["review"]["rules"] == "not checked"


def test_the_window_goes_on_while_a_journal_is_read(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, write_scan(tmp_path / "brain.nii.gz", FINE), monkeypatch)
    new_labels(find, "Hippocampus")
    stroke(controller)
    go_on, threads, real = threading.Event(), [], writing.told

    def slowly(*arguments: Any) -> Any:
        threads.append(threading.current_thread())
        assert go_on.wait(PATIENCE_S)
        return real(*arguments)

    monkeypatch.setattr(writing, "told", slowly)
    controller.labels.accept()
    wait(lambda: bool(threads))
    before = controller.tools.editable.history.position
    stroke(controller, 90)
    live(50)
    assert controller.tools.editable.history.position == before + 1, "a person draws meanwhile"
    assert controller.labels.is_accepting()
    go_on.set()
    wait(lambda: controller.session.job is None)
    assert threads[0] is not threading.main_thread()
    path, said = certificate_of(controller)
    assert said["work"]["steps"]["done"] == before, "what came after the accept is not in it"
    assert replayed(path).returncode == 0


@pytest.fixture
def left_by_another(
    make_napari_viewer: Callable[..., Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The scan on which a window left a model's result with a stroke in it."""
    viewer = make_napari_viewer(show=True)
    viewer.window.add_dock_widget(WorkbenchDock(viewer), name="Boundary segmentation", area="right")
    first, path = hooks.controller_of(viewer), write_scan(tmp_path / "brain.nii.gz", FINE)
    open_scan(first, wait, path, monkeypatch)
    scan = first.session.scan
    labels = np.zeros(scan.geometry.shape, np.uint8)
    labels[10:20, 10:20, 3:9] = 1
    maps = np.zeros((3, *scan.geometry.shape), np.float32)
    found = scan.with_labels(labels, preset("hippocampus"))
    contours = dict.fromkeys(found.scheme.names, maps[0].copy())
    details = {"model": "Old", "sha256": "cd" * 32, "device": "cpu", "box": None, "seconds": {}}
    apply_prediction.apply(viewer, scan, Prediction(found, maps, maps[0].copy(), contours, {}, details=details))
    stroke(first)
    first.close()
    viewer.close()
    return path


def test_work_of_an_earlier_window_still_names_its_model(
    left_by_another: Path,
    controller: Any,
    wait: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    open_scan(controller, wait, left_by_another, monkeypatch)
    wait(lambda: controller.tools.layer is not None)
    controller.labels.accept()
    wait(lambda: controller.session.job is None)
    path, said = certificate_of(controller)
    assert (said["model"]["title"], said["model"]["sha256"]) == ("Old", "cd" * 32)
    assert replayed(path).returncode == 0


def test_labels_whose_journal_the_disk_refused_are_accepted_and_that_is_said(
    controller: Any,
    find: Callable[[str], Any],
    wait: Callable[..., None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: JournalUpTo) -> Any:
        raise OSError(28, "No space left on device")

    open_scan(controller, wait, write_scan(tmp_path / "brain.nii.gz", FINE), monkeypatch)
    new_labels(find, "Hippocampus")
    stroke(controller)
    monkeypatch.setattr(JournalUpTo, "records", refuse)
    controller.labels.accept()
    wait(lambda: controller.session.job is None)
    path, said = certificate_of(controller)
    assert said["work"]["journal"]["why"] == "The journal of these labels could not be read: OSError."
    done = replayed(path)
    assert done.returncode == 1 and "it cannot be replayed" in done.stderr and len(done.stderr.splitlines()) == 1
