"""The worker process: results, errors, cancel, loss, and no process left behind."""

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from job_functions import Add, Count, Die, Fail, Nap, Niceness, Noisy, NoJson, Pid, Unlisted, WrongFile

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.runner import InlineRunner
from napari_boundaryseg.jobs.worker import NICENESS
from napari_boundaryseg.jobs.worker_process import WorkerProcess
from napari_boundaryseg.jobs.worker_runner import LOST, WorkerRunner
from napari_boundaryseg.task import Task

HERE = Path(__file__).parent
WITH_TASKS = os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")]))
"""Where the worker finds the tests' own tasks, beside the package."""


@pytest.fixture
def runner(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", WITH_TASKS)
    runner = WorkerRunner(tasks="job_functions", warm=False)
    yield runner
    runner.close()


@pytest.fixture(params=["inline", "worker"])
def any_runner(request, monkeypatch, runner):
    monkeypatch.syspath_prepend(str(HERE))
    return runner if request.param == "worker" else InlineRunner(tasks="job_functions")


def wait(job, seconds=20.0):
    end = time.monotonic() + seconds
    while not job.ended and time.monotonic() < end:
        time.sleep(0.01)
    return job


def running(job, seconds=20.0):
    """Wait for the job's first report."""
    end = time.monotonic() + seconds
    while job.state == "waiting" and time.monotonic() < end:
        time.sleep(0.01)
    assert job.state == "running"
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

    job = wait(any_runner.run(Add(a=2, b=3), started=watch))
    assert (job.state, job.result) == ("returned", 5)
    assert finished == ["returned"]
    assert seen == [(0.5, "adding")]


def test_a_fault_reaches_the_person_in_one_sentence(any_runner):
    job = wait(any_runner.run(WrongFile()))
    assert (job.state, job.error) == ("failed", "scan.nii.gz: it is cut off. Copy it again.")
    job = wait(any_runner.run(Fail()))
    assert "RuntimeError: the network does not fit" in job.error
    assert "\n" not in job.error


@pytest.mark.parametrize(
    "name",
    [
        "os:system",
        "job_functions:os",
        "job_functions:add",
        "add",
        "unlisted",
        "_private",
        "__class__",
        "builtins:eval",
        "job_functions:sleep",
        "napari_boundaryseg.engine.tasks.fine_tune:os",
        "",
    ],
)
def test_only_listed_functions_are_called(any_runner, name):
    job = wait(any_runner.run(type(name, (Task,), {})()))
    assert job.state == "failed"
    assert "not a function that jobs may call" in job.error


def test_a_task_without_a_listed_function_is_refused(any_runner):
    job = wait(any_runner.run(Unlisted()))
    assert (job.state, job.error_kind) == ("failed", "ValueError")
    assert "'Unlisted' is not a function that jobs may call" in job.error


def test_other_arguments_than_the_tasks_own_are_refused(any_runner):
    class Add(Task):
        a: Any
        c: int = 0

    for task in (Add(a=1), Add(a="x")):
        job = wait(any_runner.run(task))
        assert (job.state, job.error_kind) == ("failed", "ValidationError")


@pytest.mark.parametrize(
    "command",
    [
        {"task": "os:system", "arguments": {}},
        {"task": "napari_boundaryseg.engine.tasks:fine_tune", "arguments": {}},
        {"task": ["Pid"], "arguments": {}},
        {"task": None, "arguments": {}},
        {"task": "Pid", "arguments": {"progress": 1}},
        {"task": "Pid", "arguments": ["a"]},
        {"task": "Pid"},
        {"function": "os:system", "arguments": {}},
        {},
    ],
)
def test_the_worker_refuses_what_is_no_listed_task_and_lives(runner, command):
    process = WorkerProcess("job_functions", warm=False)
    try:
        process.send({"run": 1, **command})
        assert set(next(process.events(1))) == {"id", "failed", "kind", "details"}
        process.send({"run": 2, "task": "Add", "arguments": {"a": 2, "b": 3}})
        assert [event.get("returned") for event in itertools.islice(process.events(2), 2)] == [None, 5]
    finally:
        process.kill()
        process.close()


def test_cancel_between_reports(runner):
    job = running(runner.run(Count(n=1000, seconds=0.05)))
    pid = runner.pid
    began = time.monotonic()
    job.cancel()
    assert wait(job).state == "cancelled"
    assert time.monotonic() - began < 1.5
    assert runner.pid == pid, "a job that stops by itself costs no worker"


def test_cancelling_a_waiting_job_leaves_the_running_one_alone(runner):
    first = running(runner.run(Nap(seconds=3)))
    pid = runner.pid
    behind = runner.run(Add(a=1, b=1))
    behind.cancel()
    assert behind.state == "cancelled"
    assert wait(first).state == "returned"
    assert runner.pid == pid
    assert wait(runner.run(Pid())).result == pid


def test_cancel_inside_one_long_call_within_two_seconds(runner):
    job = runner.run(Nap(seconds=60))
    behind = runner.run(Add(a=1, b=1))
    running(job)
    old = runner.pid
    began = time.monotonic()
    job.cancel()
    assert wait(job).state == "cancelled"
    assert time.monotonic() - began < 2.0
    assert not alive(old)
    assert wait(behind).result == 2


def test_a_lost_worker_is_noticed_and_replaced(runner):
    job = running(runner.run(Nap(seconds=60)))
    behind = runner.run(Add(a=1, b=2))
    old = runner.pid
    began = time.monotonic()
    os.kill(old, signal.SIGKILL)
    assert wait(job).state == "failed"
    assert time.monotonic() - began < 2.0
    assert (job.error, job.error_kind) == (LOST, "LostWorker")
    assert wait(behind).result == 3, "a job that was only waiting is not lost"
    assert runner.pid not in (None, old)


def test_a_worker_that_dies_by_itself_is_replaced(runner):
    assert wait(runner.run(Die())).error == LOST
    assert wait(runner.run(Add(a=1, b=2))).result == 3


def test_a_worker_lost_while_idle_is_replaced_for_the_next_job(runner):
    pid = wait(runner.run(Pid())).result
    os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + 2
    while runner.pid is not None and time.monotonic() < end:
        time.sleep(0.01)
    job = wait(runner.run(Pid()))
    assert job.state == "returned"
    assert job.result != pid


def test_files_are_prepared_before_and_results_made_after_off_the_calling_thread(any_runner):
    order = []
    job = wait(
        any_runner.run(
            Add(a=2, b=3),
            before=lambda: order.append("before"),
            after=lambda result: order.append("after") or 10 * result,
        )
    )
    assert (job.state, job.result, order) == ("returned", 50, ["before", "after"])


def test_what_goes_wrong_before_or_after_is_the_jobs_failure(any_runner):
    def refuse(*_):
        raise InputError("project", "it is full", "Free some space")

    for job in (
        any_runner.run(Add(a=1, b=1), before=refuse),
        any_runner.run(Add(a=1, b=1), after=refuse),
    ):
        assert wait(job).error == "project: it is full. Free some space."
    assert wait(any_runner.run(Add(a=1, b=1))).result == 2


def test_a_result_that_is_no_json_fails_and_the_worker_lives(runner):
    job = wait(runner.run(NoJson()))
    assert (job.state, job.error_kind) == ("failed", "TypeError")
    assert "Traceback" in job.details
    assert wait(runner.run(Add(a=1, b=1))).result == 2


def test_libraries_that_write_to_standard_output_do_not_disturb(runner):
    assert wait(runner.run(Noisy())).result == "quiet"


def test_a_fault_of_a_listener_does_not_stop_the_runner(runner, capsys):
    def watch(job):
        job.finished.connect(lambda: 1 / 0)

    assert wait(runner.run(Add(a=1, b=1), started=watch)).result == 2
    assert wait(runner.run(Add(a=2, b=2))).result == 4
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_prestart_starts_one_worker_that_the_first_job_uses(runner):
    runner.prestart()
    end = time.monotonic() + 20
    while runner.pid is None and time.monotonic() < end:
        time.sleep(0.01)
    pid = runner.pid
    assert pid is not None
    runner.prestart()
    assert wait(runner.run(Pid())).result == pid


def test_the_worker_gives_way_to_the_window(runner):
    nice = wait(runner.run(Niceness())).result
    assert nice == min(19, os.nice(0) + NICENESS)


def test_a_job_paused_before_it_starts_rests_at_its_first_report(runner):
    first = running(runner.run(Nap(seconds=0.5)))
    job = runner.run(Count(n=5, seconds=0.01))
    job.pause()
    wait(first)
    time.sleep(0.7)
    assert not job.ended
    job.resume()
    assert wait(job).result == 5


def test_a_paused_job_can_be_cancelled(runner):
    job = running(runner.run(Count(n=1000, seconds=0.02)))
    pid = runner.pid
    job.pause()
    time.sleep(0.3)
    job.cancel()
    assert wait(job).state == "cancelled"
    assert runner.pid == pid


def test_pause_and_resume(runner):
    job = running(runner.run(Count(n=20, seconds=0.02)))
    job.pause()
    time.sleep(0.3)
    before = job.fraction
    time.sleep(0.5)
    assert job.fraction == before
    assert not job.ended
    job.resume()
    assert wait(job).result == 20


def test_closing_leaves_no_process(runner):
    job = running(runner.run(Nap(seconds=60)))
    behind = runner.run(Add(a=1, b=1))
    pid = runner.pid
    runner.close()
    assert (job.state, behind.state) == ("cancelled", "cancelled")
    assert not alive(pid)
    assert runner.run(Add(a=1, b=1)).state == "cancelled"
    time.sleep(0.3)
    assert runner.pid is None, "a closed runner starts nothing"
    assert not [thread for thread in threading.enumerate() if thread.name == "boundaryseg-worker"]


PARENT = """
    import os, time
    import job_functions
    from napari_boundaryseg.jobs.worker_runner import WorkerRunner
    runner = WorkerRunner(tasks="job_functions", warm=False)
    job = runner.run(job_functions.{task}(seconds=60))
    while job.state == "waiting":
        time.sleep(0.01)
    print(runner.pid, flush=True)
    {end}
"""


@pytest.mark.parametrize("task", ["Nap", "NapHoldingTheInterpreter"])
@pytest.mark.parametrize("end", ["os.kill(os.getpid(), 9)", "raise SystemExit"])
def test_the_worker_dies_with_its_parent(task, end):
    if task != "Nap" and sys.platform != "linux":
        pytest.skip("only Linux ends a process whose interpreter is held by one call")
    code = textwrap.dedent(PARENT.format(task=task, end=end))
    environment = {**os.environ, "PYTHONPATH": WITH_TASKS}
    parent = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60)
    pid = int(parent.stdout.strip())
    end_s = time.monotonic() + 3
    while alive(pid) and time.monotonic() < end_s:
        time.sleep(0.05)
    assert not alive(pid)


def test_a_file_of_the_current_folder_is_no_library(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('this file was run')")
    monkeypatch.setenv("PYTHONPATH", WITH_TASKS)
    monkeypatch.chdir(tmp_path)
    runner = WorkerRunner(tasks="job_functions", warm=False)
    try:
        assert wait(runner.run(Add(a=1, b=1))).result == 2
    finally:
        runner.close()
