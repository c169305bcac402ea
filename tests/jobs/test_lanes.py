"""Lanes: a training keeps nothing waiting, and what happens to one process is told of its own jobs only."""

import os
import signal
import sys
import threading
from pathlib import Path

import psutil
import pytest
from job_functions import AdaptPid, Add, Niceness, Pid, Train, TrainAsleep, TrainThreads, WaitFor
from patience import NEVER_S, PATIENCE_S, alive, nothing_happens, until

from napari_boundaryseg.jobs import priority, worker_runner
from napari_boundaryseg.jobs.lanes import Lanes
from napari_boundaryseg.jobs.threads import ThreadLane
from napari_boundaryseg.jobs.worker_runner import LOST, LOST_TRAINING
from napari_boundaryseg.task import Task

HERE = Path(__file__).parent


class Reading(Task):
    """Read a file."""


@pytest.fixture
def lanes(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(HERE), os.environ.get("PYTHONPATH", "")])))
    lanes = Lanes(tasks="job_functions", warm=False)
    yield lanes
    lanes.close()


def wait(job):
    until(lambda: job.ended)
    return job


def running(job):
    until(lambda: job.state != "waiting")
    assert job.state == "running", job.error
    return job


def test_a_job_and_a_file_do_not_wait_for_a_training(lanes, tmp_path):
    training = running(lanes.run(Train(path=str(tmp_path / "go"))))
    assert wait(lanes.run(Add(a=1, b=2))).result == 3
    assert wait(lanes.call(Reading(), lambda *, progress: "read")).result == "read"
    assert training.state == "running"
    (tmp_path / "go").touch()
    assert wait(training).state == "returned"


def test_a_file_does_not_wait_for_a_job_of_the_worker(lanes, tmp_path):
    job = running(lanes.run(WaitFor(path=str(tmp_path / "go"))))
    assert wait(lanes.call(Reading(), lambda *, progress: "read")).result == "read"
    assert not job.ended
    (tmp_path / "go").touch()
    wait(job)


def test_what_adapts_a_model_waits_for_neither_and_its_process_ends_with_it(lanes, tmp_path):
    training = running(lanes.run(Train(path=str(tmp_path / "go"))))
    job = running(lanes.run(WaitFor(path=str(tmp_path / "go"))))
    pid = wait(lanes.run(AdaptPid())).result
    assert pid not in (lanes.pid, lanes.pid_of("training"))
    until(lambda: not alive(pid))
    assert lanes.pid_of("adapting") is None
    assert (training.state, job.state) == ("running", "running")
    (tmp_path / "go").touch()
    assert [wait(one).state for one in (training, job)] == ["returned"] * 2


def test_each_lane_is_first_come_first_served(lanes, tmp_path):
    order = []

    def told(job):
        job.finished.connect(lambda: order.append(job))

    jobs = {
        task.lane: [lanes.run(task, told), lanes.run(then, told), lanes.run(then, told)]
        for task, then in ((WaitFor(path=str(tmp_path / "go")), Pid()), (Train(path=str(tmp_path / "go")), Train()))
    }
    assert [job.begun for job in jobs["work"][1:] + jobs["training"][1:]] == [False] * 4
    (tmp_path / "go").touch()
    for lane, asked in jobs.items():
        assert [wait(job).state for job in asked] == ["returned"] * 3
        assert [job for job in order if job.task.lane == lane] == asked


def test_a_training_that_waits_can_be_cancelled_and_the_running_one_goes_on(lanes, tmp_path):
    first = running(lanes.run(Train(path=str(tmp_path / "go"))))
    behind = lanes.run(Train())
    behind.cancel()
    assert (behind.state, first.state) == ("cancelled", "running")
    (tmp_path / "go").touch()
    assert wait(first).state == "returned"


def test_a_training_whose_process_is_killed_ends_alone(lanes, tmp_path):
    job = running(lanes.run(WaitFor(path=str(tmp_path / "go"))))
    training, behind = running(lanes.run(Train(path=str(tmp_path / "never")))), lanes.run(Train())
    os.kill(lanes.pid_of("training"), signal.SIGKILL)
    assert (wait(training).error, training.error_kind) == (LOST_TRAINING, "LostWorker")
    assert wait(behind).state == "returned"
    assert job.state == "running"
    (tmp_path / "go").touch()
    assert wait(job).state == "returned"


def test_a_training_outlives_the_worker(lanes, tmp_path):
    training = running(lanes.run(Train(path=str(tmp_path / "go"))))
    pid = lanes.pid_of("training")
    job = running(lanes.run(WaitFor(path=str(tmp_path / "never"))))
    os.kill(lanes.pid, signal.SIGKILL)
    assert wait(job).error == LOST
    assert (training.state, lanes.pid_of("training")) == ("running", pid)
    (tmp_path / "go").touch()
    assert wait(training).state == "returned"


def test_the_process_of_a_training_ends_with_it_and_gives_its_memory_back(lanes, tmp_path):
    training = running(lanes.run(Train(path=str(tmp_path / "go"))))
    pid = lanes.pid_of("training")
    (tmp_path / "go").touch()
    wait(training)
    until(lambda: not alive(pid))
    assert lanes.pid_of("training") is None
    first, second = wait(lanes.run(Pid())).result, wait(lanes.run(Pid())).result
    assert first == second == lanes.pid, "the one that segments stays"


@pytest.mark.skipif(os.name != "posix", reason="niceness is of POSIX")
def test_the_window_goes_first_then_the_worker_then_a_training(lanes, tmp_path):
    mine = os.nice(0)
    assert wait(lanes.run(Niceness())).result == min(19, mine + priority.NICENESS["work"])
    running(lanes.run(Train(path=str(tmp_path / "go"))))
    assert psutil.Process(lanes.pid_of("training")).nice() == min(19, mine + priority.NICENESS["training"])
    (tmp_path / "go").touch()


@pytest.mark.skipif(sys.platform != "linux", reason="of Linux")
def test_where_memory_runs_out_linux_ends_a_training_first_and_never_the_window(lanes, tmp_path):
    def score(pid):
        return int(Path(f"/proc/{pid}/oom_score_adj").read_text())

    wait(lanes.run(Pid()))
    running(lanes.run(Train(path=str(tmp_path / "go"))))
    assert score(os.getpid()) < score(lanes.pid) < score(lanes.pid_of("training"))
    (tmp_path / "go").touch()


@pytest.mark.parametrize("chosen, cores, wanted", [(None, 8, "7"), (None, 2, "1"), (None, 1, "1"), ("3", 8, "3")])
def test_a_training_leaves_a_core_to_the_others_unless_a_person_chose(lanes, monkeypatch, chosen, cores, wanted):
    monkeypatch.setattr(priority, "cores", lambda: cores)
    monkeypatch.delenv(priority.THREADS, raising=False)
    if chosen:
        monkeypatch.setenv(priority.THREADS, chosen)
    assert wait(lanes.run(TrainThreads())).result == wanted
    found = priority.environment("training")
    assert (os.environ if found is None else found)[priority.THREADS] == wanted
    assert priority.environment("adapting") == priority.environment("training")
    assert priority.environment("work") is None


def test_closing_lets_a_training_save_what_it_has_learnt(lanes, monkeypatch, tmp_path):
    monkeypatch.setattr(worker_runner, "PATIENCE_S", PATIENCE_S)
    training = running(lanes.run(Train(path=str(tmp_path / "never"), saved=str(tmp_path / "saved"))))
    behind = lanes.run(Train())
    pid = lanes.pid_of("training")
    lanes.close()
    assert (training.state, behind.state) == ("cancelled", "cancelled")
    assert (tmp_path / "saved").exists()
    assert not alive(pid)
    assert lanes.run(Train()).state == "cancelled"
    assert lanes.call(Reading(), lambda *, progress: "read").state == "cancelled"


def test_closing_does_not_wait_for_a_training_that_does_not_answer(lanes, monkeypatch):
    monkeypatch.setattr(worker_runner, "PATIENCE_S", 0.1)
    training = running(lanes.run(TrainAsleep(seconds=NEVER_S)))
    pid = lanes.pid_of("training")
    lanes.close()
    assert training.state == "cancelled"
    assert not alive(pid)


def test_a_file_waits_for_the_one_before_it_and_can_be_taken_out_of_the_queue():
    lane, go_on, order = ThreadLane(), threading.Event(), []

    def work(name, *, progress):
        if name == "first":
            go_on.wait(PATIENCE_S)
        order.append(name)

    first, second, third = (lane.call(Reading(), work, name) for name in ("first", "second", "third"))
    second.cancel()
    assert (second.state, third.begun) == ("cancelled", False)
    nothing_happens()
    assert order == []
    go_on.set()
    assert wait(third).state == wait(first).state == "returned"
    assert order == ["first", "third"]


def test_a_disk_that_does_not_answer_holds_nothing_up_once_it_is_given_up():
    lane, release = ThreadLane(), threading.Event()
    hung = lane.call(Reading(), lambda *, progress: release.wait(PATIENCE_S), abandon=True)
    behind = lane.call(Reading(), lambda *, progress: "read")
    hung.cancel()
    assert wait(behind).result == "read"
    assert not release.is_set()
    release.set()


def test_a_fault_of_a_listener_does_not_stop_the_files(capsys):
    lane = ThreadLane()
    lane.call(Reading(), lambda *, progress: None, started=lambda job: job.finished.connect(lambda: 1 / 0))
    assert wait(lane.call(Reading(), lambda *, progress: "read")).result == "read"
    said = []
    until(lambda: said.append(capsys.readouterr().err) or "ZeroDivisionError" in "".join(said))
