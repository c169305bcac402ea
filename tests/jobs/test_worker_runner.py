"""The worker process: results, errors, cancel, loss, and no process left behind."""

import itertools
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path
from typing import Any

import pytest
from job_functions import Add, Count, Die, Fail, Nap, Niceness, Noisy, NoJson, Pid, Unlisted, WaitFor, WrongFile
from patience import NEVER_S, PATIENCE_S, alive, nothing_happens, until

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs import worker_runner
from napari_boundaryseg.jobs.priority import NICENESS
from napari_boundaryseg.jobs.runner import InlineRunner
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


def wait(job):
    until(lambda: job.ended)
    return job


def running(job):
    """Wait for the job's first report."""
    until(lambda: job.state != "waiting")
    assert job.state == "running"
    return job


def resting(job):
    """Wait until a paused job reports no more."""
    seen = [None, job.fraction]
    while seen[-1] != seen[-2]:
        nothing_happens()
        seen.append(job.fraction)
        assert len(seen) < 200, "a paused job goes on"
    return job


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


def test_cancel_between_reports(runner, monkeypatch):
    monkeypatch.setattr(worker_runner, "PATIENCE_S", NEVER_S)
    job = running(runner.run(Count(n=10**9, seconds=0.01)))
    pid = runner.pid
    job.cancel()
    assert wait(job).state == "cancelled"
    assert runner.pid == pid, "a job that stops by itself costs no worker"


def test_cancelling_a_waiting_job_leaves_the_running_one_alone(runner, tmp_path):
    first = running(runner.run(WaitFor(path=str(tmp_path / "go"))))
    pid = runner.pid
    behind = runner.run(Add(a=1, b=1))
    behind.cancel()
    assert behind.state == "cancelled"
    assert first.state == "running"
    (tmp_path / "go").touch()
    assert wait(first).state == "returned"
    assert runner.pid == pid
    assert wait(runner.run(Pid())).result == pid


def test_the_patience_with_a_cancelled_job_is_below_the_two_seconds_that_are_promised():
    assert worker_runner.PATIENCE_S < 2


def test_cancel_inside_one_long_call_ends_its_process(runner, monkeypatch, tmp_path):
    monkeypatch.setattr(worker_runner, "PATIENCE_S", 0.1)
    job = runner.run(Nap(seconds=NEVER_S, asleep=str(tmp_path / "asleep")))
    behind = runner.run(Add(a=1, b=1))
    until((tmp_path / "asleep").exists)
    old = runner.pid
    job.cancel()
    assert wait(job).state == "cancelled"
    until(lambda: not alive(old))
    assert wait(behind).result == 2


def test_a_lost_worker_is_noticed_and_replaced(runner):
    job = running(runner.run(Nap(seconds=NEVER_S)))
    behind = runner.run(Add(a=1, b=2))
    old = runner.pid
    os.kill(old, signal.SIGKILL)
    assert wait(job).state == "failed"
    assert (job.error, job.error_kind) == (LOST, "LostWorker")
    assert wait(behind).result == 3, "a job that was only waiting is not lost"
    assert runner.pid not in (None, old)


def test_a_worker_that_dies_by_itself_is_replaced(runner):
    assert wait(runner.run(Die())).error == LOST
    assert wait(runner.run(Add(a=1, b=2))).result == 3


def test_a_worker_lost_while_idle_is_replaced_for_the_next_job(runner):
    pid = wait(runner.run(Pid())).result
    os.kill(pid, signal.SIGKILL)
    until(lambda: runner.pid is None)
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
    until(lambda: runner.pid is not None)
    pid = runner.pid
    runner.prestart()
    assert wait(runner.run(Pid())).result == pid


def test_the_worker_gives_way_to_the_window(runner):
    nice = wait(runner.run(Niceness())).result
    assert nice == min(19, os.nice(0) + NICENESS["work"])


def test_a_job_paused_before_it_starts_rests_at_its_first_reports(runner, tmp_path):
    first = running(runner.run(WaitFor(path=str(tmp_path / "go"))))
    job = runner.run(Count(n=100, seconds=0.01))
    job.pause()
    (tmp_path / "go").touch()
    wait(first)
    resting(running(job))
    assert not job.ended
    job.resume()
    assert wait(job).result == 100


def test_a_paused_job_can_be_cancelled(runner, monkeypatch):
    monkeypatch.setattr(worker_runner, "PATIENCE_S", NEVER_S)
    job = running(runner.run(Count(n=10**9, seconds=0.01)))
    pid = runner.pid
    job.pause()
    resting(job)
    job.cancel()
    assert wait(job).state == "cancelled"
    assert runner.pid == pid


def test_pause_and_resume(runner):
    job = running(runner.run(Count(n=10**9, seconds=0.01)))
    job.pause()
    before = resting(job).fraction
    assert not job.ended
    job.resume()
    until(lambda: job.fraction > before)
    job.cancel()
    assert wait(job).state == "cancelled"


def test_closing_leaves_no_process(runner):
    job = running(runner.run(Nap(seconds=NEVER_S)))
    behind = runner.run(Add(a=1, b=1))
    pid = runner.pid
    runner.close()
    assert (job.state, behind.state) == ("cancelled", "cancelled")
    assert not alive(pid)
    assert runner.run(Add(a=1, b=1)).state == "cancelled"
    nothing_happens()
    assert runner.pid is None, "a closed runner starts nothing"
    until(lambda: "boundaryseg-worker" not in {thread.name for thread in threading.enumerate()})


PARENT = """
    import os, time
    import job_functions
    from napari_boundaryseg.jobs.worker_runner import WorkerRunner
    runner = WorkerRunner(tasks="job_functions", warm=False)
    job = runner.run(job_functions.{task}(seconds=100_000))
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
    parent = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=PATIENCE_S
    )
    pid = int(parent.stdout.strip())
    until(lambda: not alive(pid))


def test_a_file_of_the_current_folder_is_no_library(tmp_path, monkeypatch):
    (tmp_path / "json.py").write_text("raise SystemExit('this file was run')")
    monkeypatch.setenv("PYTHONPATH", WITH_TASKS)
    monkeypatch.chdir(tmp_path)
    runner = WorkerRunner(tasks="job_functions", warm=False)
    try:
        assert wait(runner.run(Add(a=1, b=1))).result == 2
    finally:
        runner.close()
