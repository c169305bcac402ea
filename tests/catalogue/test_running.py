"""Rows 99 to 108 of the catalogue, as far as no other test makes the fault: GPU, memory, training, cancel."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from patience import until

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.engine.checkpoints.card import Card
from napari_boundaryseg.engine.checkpoints.checkpoint import LoadedModel, build_network, load_model
from napari_boundaryseg.engine.inference.predictor import predict
from napari_boundaryseg.engine.recipes.recipe import Inference, Preprocessing
from napari_boundaryseg.engine.recipes.shipped import recipe
from napari_boundaryseg.engine.training.train import fit
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.worker_runner import WorkerRunner
from napari_boundaryseg.progress import Cancelled

from .gpu_tasks import LoseGpu, Pid
from .helpers import nifti

CONVERT = "from napari_boundaryseg.cli import main; main()"
HERE = Path(__file__).parents[1]


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerRunner]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")])))
    made = WorkerRunner(tasks="catalogue.gpu_tasks", warm=False)
    yield made
    made.close()


def ended(job: Job) -> Job:
    until(lambda: job.ended)
    return job


def test_a_worker_that_lost_its_gpu_says_so_and_the_next_job_gets_another_process(runner: WorkerRunner) -> None:
    first = ended(runner.run(Pid())).result
    lost = ended(runner.run(LoseGpu()))
    assert (lost.state, lost.error_kind) == ("failed", "DeviceLost")
    assert lost.error == "GPU: it stopped answering during the computation. Try again."
    again = ended(runner.run(Pid()))
    assert again.state == "returned"
    assert again.result != first


def small(patch: tuple[int, int, int] = (8, 8, 8)) -> LoadedModel:
    """A network of random weights."""
    wanted = recipe("hippocampus-sgm").model_copy(
        update={
            "network_arguments": {"width": 4, "norm": "group"},
            "expected_field_mm": None,
            "preprocessing": Preprocessing(),
            "patch_vox": patch,
            "inference": Inference(),
        }
    )
    torch.manual_seed(1)
    return LoadedModel(
        Card(name="tiny", recipe=wanted, parameters=0), build_network(wanted).eval(), "0" * 64, Path("x")
    )


def noise() -> Volume:
    array = np.random.default_rng(0).normal(size=(1, 20, 18, 16)).astype(np.float32)
    return Volume(array, Geometry((20, 18, 16), np.eye(4)), name="scan")


@pytest.mark.parametrize("window", [1, 3])
def test_memory_that_runs_out_in_a_window_changes_no_voxel(window: int) -> None:
    usual = predict(noise(), small(), device="cpu")
    model, calls = small(), []

    def fail_for_several(module: Any, given: tuple[Any, ...]) -> None:
        calls.append(given[0].shape[0])
        if len(calls) >= window and calls[-1] > 1:
            raise torch.OutOfMemoryError("planted")

    model.network.register_forward_pre_hook(fail_for_several)
    frugal = predict(noise(), model, device="cpu")
    assert max(calls) > 1, "the fault was never made"
    assert "one window at a time" in " ".join(frugal.details["notes"])
    assert np.array_equal(frugal.labels.array, usual.labels.array)
    assert np.allclose(frugal.probabilities, usual.probabilities, atol=1e-5)


def test_cancel_stops_at_the_next_window_and_gives_nothing() -> None:
    seen: list[float] = []

    def stop(fraction: float, text: str = "") -> None:
        seen.append(fraction)
        if text.startswith("Window 3"):
            raise Cancelled

    with pytest.raises(Cancelled):
        predict(noise(), small(), device="cpu", progress=stop)
    assert seen[-1] < 0.9


def test_the_memory_limit_of_a_container_counts_as_free_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from napari_boundaryseg.data.formats import control_groups  # type: ignore[attr-defined,unused-ignore]

    group = tmp_path / "sys/fs/cgroup/box"
    group.mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("0::/box\n")
    line = f"30 23 0:26 / {'/sys/fs/cgroup'} rw - cgroup2 cgroup2 rw\n"
    (tmp_path / "proc/self/mountinfo").write_text(line)
    (group / "memory.max").write_text("2000000000\n")
    (group / "memory.current").write_text("1500000000\n")
    (group / "memory.stat").write_text("inactive_file 0\n")
    assert control_groups.left_by_groups(tmp_path) == 500_000_000


def test_one_labelled_voxel_is_enough_to_train(tmp_path: Path) -> None:
    scan = noise()
    array = np.zeros(scan.geometry.shape, np.uint8)
    array[9, 9, 9] = 1
    wanted = small().card.recipe.with_settings({"batch": 1, "steps": 2, "steps_per_epoch": 2})
    path = fit(wanted, [(scan, scan.with_labels(array, preset("hippocampus")))], tmp_path, device="cpu")
    weights = load_model(path).network.state_dict()
    assert all(bool(torch.isfinite(one).all()) for one in weights.values() if one.is_floating_point())


def test_the_card_says_on_how_many_threads_a_seed_gave_its_weights() -> None:
    assert "threads" in Card.model_fields, "another number of threads gives other weights, and nothing says so"


@pytest.mark.parametrize(
    ("language", "encoding"), [("C", "ascii"), ("de_DE.UTF-8", "latin-1"), ("C.UTF-8", "utf-8"), ("POSIX", "cp1252")]
)
def test_language_and_terminal_change_no_file(tmp_path: Path, language: str, encoding: str) -> None:
    source = tmp_path / "Größe.nii"
    source.write_bytes(nifti(affine=np.diag([0.5, 0.25, 2.75, 1])))
    for name in ("scan.nii.gz", "scan.nrrd", "scan.mha"):
        formats.write(formats.read(source), tmp_path / f"here-{name}")
        language_of = {"LC_ALL": language, "LANG": language, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
        command = [sys.executable, "-c", CONVERT, "convert", source.name, f"there-{name}"]
        done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **language_of}, capture_output=True)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / f"there-{name}").read_bytes() == (tmp_path / f"here-{name}").read_bytes()
