"""Rows 99 to 108 of the catalogue, as far as no other test makes the fault: GPU, memory, training, cancel."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from gpu_tasks import LoseGpu, Pid
from patience import until

from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.worker_runner import WorkerRunner

HERE = Path(__file__).parent


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerRunner]:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")])))
    made = WorkerRunner(tasks="gpu_tasks", warm=False)
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
