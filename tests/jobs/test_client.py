"""The worker process: results, errors, cancel, loss, and no process left behind."""

import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from napari_boundaryseg.jobs.client import WorkerRunner
from napari_boundaryseg.jobs.job import InlineRunner

HERE = Path(__file__).parent


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{HERE}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    runner = WorkerRunner(allowed=("job_functions",))
    yield runner
    runner.close()


@pytest.fixture(params=["inline", "worker"])
def any_runner(request, monkeypatch, runner):
    monkeypatch.syspath_prepend(str(HERE))
    return runner if request.param == "worker" else InlineRunner(allowed=("job_functions",))


def wait(job, seconds=20.0):
    end = time.monotonic() + seconds
    while not job.ended and time.monotonic() < end:
        time.sleep(0.01)
    return job


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").exists() else True


def test_returns_a_result_and_finishes_once(any_runner):
    finished, seen = [], []

    def watch(job):
        job.finished.connect(lambda: finished.append(job.state))
        job.progressed.connect(lambda fraction, text: seen.append((fraction, text)))

    job = wait(any_runner.run("job_functions:add", {"a": 2, "b": 3}, started=watch))
    assert (job.state, job.result) == ("returned", 5)
    assert finished == ["returned"]
    assert seen == [(0.5, "adding")]


def test_a_fault_reaches_the_person_in_one_sentence(any_runner):
    job = wait(any_runner.run("job_functions:wrong_file", {}))
    assert (job.state, job.error) == ("failed", "scan.nii.gz: it is cut off. Copy it again.")
    job = wait(any_runner.run("job_functions:fail", {}))
    assert "RuntimeError: the network does not fit" in job.error
    assert "\n" not in job.error


@pytest.mark.parametrize("function", ["os:system", "job_functions:os", "job_functions:_private", "builtins:eval"])
def test_only_allowed_functions_are_called(any_runner, function):
    job = wait(any_runner.run(function, {}))
    assert job.state == "failed"
    assert "not a function that jobs may call" in job.error


def test_cancel_between_reports(runner):
    job = runner.run("job_functions:count", {"n": 1000, "seconds": 0.05})
    time.sleep(1.0)
    pid = runner.pid
    began = time.monotonic()
    job.cancel()
    assert wait(job).state == "cancelled"
    assert time.monotonic() - began < 1.0
    assert runner.pid == pid


def test_cancel_inside_one_long_call_within_two_seconds(runner):
    job = runner.run("job_functions:sleep_deaf", {"seconds": 60})
    behind = runner.run("job_functions:add", {"a": 1, "b": 1})
    while job.state == "waiting":
        time.sleep(0.01)
    old = runner.pid
    began = time.monotonic()
    job.cancel()
    assert wait(job).state == "cancelled"
    assert time.monotonic() - began < 2.0
    assert not alive(old)
    assert wait(behind).result == 2


def test_a_lost_worker_is_noticed_and_replaced(runner):
    began = time.monotonic()
    job = wait(runner.run("job_functions:die", {}))
    assert job.state == "failed"
    assert "ended without an answer" in job.error
    assert time.monotonic() - began < 10
    assert wait(runner.run("job_functions:add", {"a": 1, "b": 2})).result == 3


def test_pause_and_resume(runner):
    job = runner.run("job_functions:count", {"n": 20, "seconds": 0.02})
    while job.state == "waiting":
        time.sleep(0.01)
    job.pause()
    time.sleep(0.3)
    before = job.fraction
    time.sleep(0.5)
    assert job.fraction == before
    assert not job.ended
    job.resume()
    assert wait(job).result == 20


def test_closing_leaves_no_process(runner):
    job = runner.run("job_functions:sleep_deaf", {"seconds": 60})
    while job.state == "waiting":
        time.sleep(0.01)
    pid = runner.pid
    runner.close()
    assert job.state == "cancelled"
    assert not alive(pid)


def test_the_worker_dies_with_its_parent():
    code = textwrap.dedent("""
        import os, time
        from napari_boundaryseg.jobs.client import WorkerRunner
        runner = WorkerRunner(allowed=("job_functions",))
        job = runner.run("job_functions:sleep_deaf", {"seconds": 60})
        while job.state == "waiting":
            time.sleep(0.01)
        print(runner.pid, flush=True)
        os.kill(os.getpid(), 9)
    """)
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    parent = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    pid = int(parent.stdout.strip())
    end = time.monotonic() + 3
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(pid)
