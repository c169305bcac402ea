"""A worker that gives no sign of life is noticed, and only told; whatever else it says is ignored."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from job_functions import Add, Nap, WaitFor
from patience import NEVER_S, alive, nothing_happens, until

from napari_boundaryseg.jobs import liveness, worker_runner
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.liveness import SILENT, watched
from napari_boundaryseg.jobs.worker_process import WorkerProcess
from napari_boundaryseg.jobs.worker_runner import WorkerRunner

HERE = Path(__file__).parent
POSIX = pytest.mark.skipif(os.name == "nt", reason="processes are stopped as on Unix")


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Iterator[WorkerRunner]:
    """A runner whose worker knows the tests' tasks."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")])))
    made = WorkerRunner(tasks="job_functions", warm=False)
    yield made
    made.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks that follow each other at once."""
    monkeypatch.setattr(liveness, "TICK_S", 0.001)
    monkeypatch.setattr(liveness, "SILENT_TICKS", 5)


@pytest.mark.usefixtures("quick")
def test_silence_is_told_once_and_so_is_its_end() -> None:
    told: list[bool] = []
    silence = [0] * 40 + [1] * 30 + list(range(2, 30)) + [30] * 30
    signs = itertools.chain(silence, itertools.count(31))
    with watched(lambda: next(signs), told.append):
        until(lambda: len(told) == 6)
    assert told == [True, False, True, False, True, False]


@pytest.mark.usefixtures("quick")
def test_signs_that_go_on_tell_nothing() -> None:
    told: list[bool] = []
    looks = itertools.count()
    seen = [0]

    def sign() -> int:
        seen[0] = next(looks)
        return seen[0] // 4  # a new one at every fourth look

    with watched(sign, told.append):
        until(lambda: seen[0] > 300)
    assert told == []


def test_a_worker_gives_signs_of_life_inside_a_long_call(runner: WorkerRunner, tmp_path: Path) -> None:
    job = runner.run(WaitFor(path=str(tmp_path / "go")))
    until(lambda: job.state == "running")
    process = runner._process
    assert process is not None
    before = process.signs
    until(lambda: process.signs >= before + 3)
    assert job.text == "waiting", "and none is news of the job"
    (tmp_path / "go").touch()
    until(lambda: job.ended)
    assert job.state == "returned"


def stopped(runner: WorkerRunner, job: Job) -> int:
    until(lambda: job.state == "running")
    assert runner.pid is not None
    os.kill(runner.pid, signal.SIGSTOP)
    return runner.pid


@POSIX
@pytest.mark.usefixtures("quick")
def test_a_stopped_worker_is_told_not_ended_and_goes_on_when_it_can(runner: WorkerRunner, tmp_path: Path) -> None:
    job = runner.run(WaitFor(path=str(tmp_path / "go")))
    pid = stopped(runner, job)
    until(lambda: job.text == SILENT)
    nothing_happens()
    assert alive(pid) and not job.ended
    os.kill(pid, signal.SIGCONT)
    until(lambda: job.text != SILENT)
    (tmp_path / "go").touch()
    until(lambda: job.ended)
    assert job.state == "returned"
    assert runner.pid == pid


@POSIX
def test_a_stopped_worker_is_ended_by_cancel_and_replaced(
    runner: WorkerRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_runner, "PATIENCE_S", 0.1)
    job = runner.run(Nap(seconds=NEVER_S))
    pid = stopped(runner, job)
    job.cancel()
    until(lambda: job.ended)
    assert job.state == "cancelled"
    until(lambda: not alive(pid))
    again = runner.run(Add(a=1, b=2))
    until(lambda: again.ended)
    assert again.result == 3


ODD = [
    "what a library prints",
    "",
    "[1]",
    "null",
    "[" * 100_000,
    '{"alive": true}',
    '{"ready": 17}',
    '{"id": 2, "returned": "of another task"}',
    '{"id": "1", "returned": "of no task"}',
    '{"id": 1}',
    '{"id": 1, "cancelled": false}',
    '{"id": 1, "progress": "half", "text": ""}',
    '{"id": 1, "progress": NaN, "text": ""}',
    '{"id": 1, "progress": 0.5}',
    '{"id": 1, "progress": 0.5, "text": 7}',
    '{"id": 1, "failed": "without a kind"}',
    '{"id": 1, "failed": null, "kind": "Error", "details": ""}',
    '{"id": 1, "progress": 0.5, "text": "half"}',
    '{"id": 1, "returned": 5}',
    '{"id": 1, "returned": 6}',
]


def test_what_is_no_answer_is_ignored() -> None:
    process = WorkerProcess.__new__(WorkerProcess)
    process.signs = 0
    process._process = SimpleNamespace(stdout=ODD)  # type: ignore[assignment]
    events = process.events(1)
    assert next(events) == {"id": 1, "progress": 0.5, "text": "half"}
    assert next(events)["returned"] == 5
    assert process.signs == len(ODD) - 1
