"""Functions in a thread: the same face as a job of the worker."""

import threading
import time

from napari_boundaryseg.jobs.threads import in_thread
from napari_boundaryseg.task import Task


class Reading(Task):
    """Read a file."""


class Writing(Task):
    """Write a file."""


def wait(job, seconds=10.0):
    end = time.monotonic() + seconds
    while not job.ended and time.monotonic() < end:
        time.sleep(0.005)
    return job


def test_it_runs_elsewhere_and_its_news_goes_through_dispatch():
    calls, seen = [], []

    def work(a, *, progress):
        progress(0.5, "half")
        return a, threading.get_ident()

    job = in_thread(
        Reading(),
        work,
        7,
        dispatch=calls.append,
        started=lambda job: job.progressed.connect(lambda f, t: seen.append((f, t))),
    )
    while len(calls) < 2:
        time.sleep(0.005)
    assert (job.state, seen) == ("waiting", []), "nothing changes before the dispatched calls are made"
    for call in calls:
        call()
    assert (job.state, seen, job.task) == ("returned", [(0.5, "half")], Reading())
    assert job.result[0] == 7
    assert job.result[1] != threading.get_ident()


def test_a_fault_is_one_sentence():
    def work(*, progress):
        raise RuntimeError("odd")

    job = wait(in_thread(Reading(), work))
    assert (job.state, job.error_kind) == ("failed", "RuntimeError")
    assert "odd" in job.error


def test_reading_from_a_disk_that_does_not_answer_is_given_up_at_once():
    release, finished = threading.Event(), []

    def work(*, progress):
        release.wait(20)
        return "too late"

    job = in_thread(Reading(), work, abandon=True)
    job.finished.connect(lambda: finished.append(job.state))
    began = time.monotonic()
    job.cancel()
    assert wait(job).state == "cancelled"
    assert time.monotonic() - began < 0.5
    release.set()
    time.sleep(0.1)
    assert (job.state, job.result, finished) == ("cancelled", None, ["cancelled"])


def test_writing_ends_at_its_next_report_and_never_between():
    begun, go_on, steps = threading.Event(), threading.Event(), []

    def work(*, progress):
        begun.set()
        go_on.wait(10)
        steps.append("written")
        progress(0.5, "next file")
        steps.append("more")

    job = in_thread(Writing(), work)
    begun.wait(10)
    job.cancel()
    time.sleep(0.1)
    assert not job.ended
    go_on.set()
    assert wait(job).state == "cancelled"
    assert steps == ["written"]
