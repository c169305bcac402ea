"""Functions in a thread: the same face as a job of the worker."""

import threading

from patience import PATIENCE_S, nothing_happens, until

from napari_boundaryseg.jobs.threads import ThreadLane
from napari_boundaryseg.task import Task


class Reading(Task):
    """Read a file."""


class Writing(Task):
    """Write a file."""


def wait(job):
    until(lambda: job.ended)
    return job


def test_it_runs_elsewhere_and_its_news_goes_through_dispatch():
    calls, seen = [], []

    def work(a, *, progress):
        progress(0.5, "half")
        return a, threading.get_ident()

    job = ThreadLane(calls.append).call(
        Reading(),
        work,
        7,
        started=lambda job: job.progressed.connect(lambda f, t: seen.append((f, t))),
    )
    until(lambda: len(calls) == 2)
    assert (job.state, seen) == ("waiting", []), "nothing changes before the dispatched calls are made"
    for call in calls:
        call()
    assert (job.state, seen, job.task) == ("returned", [(0.5, "half")], Reading())
    assert job.result[0] == 7
    assert job.result[1] != threading.get_ident()


def test_a_fault_is_one_sentence():
    def work(*, progress):
        raise RuntimeError("odd")

    job = wait(ThreadLane().call(Reading(), work))
    assert (job.state, job.error_kind) == ("failed", "RuntimeError")
    assert "odd" in job.error


def test_reading_from_a_disk_that_does_not_answer_is_given_up_at_once():
    release, returned, finished = threading.Event(), threading.Event(), []

    def work(*, progress):
        release.wait(PATIENCE_S)
        returned.set()
        return "too late"

    job = ThreadLane().call(Reading(), work, abandon=True)
    job.finished.connect(lambda: finished.append(job.state))
    job.cancel()
    assert job.state == "cancelled"
    assert not returned.is_set(), "nobody waits for the disk"
    release.set()
    returned.wait(PATIENCE_S)
    nothing_happens()
    assert (job.state, job.result, finished) == ("cancelled", None, ["cancelled"])


def test_writing_ends_at_its_next_report_and_never_between():
    begun, go_on, steps = threading.Event(), threading.Event(), []

    def work(*, progress):
        begun.set()
        go_on.wait(PATIENCE_S)
        steps.append("written")
        progress(0.5, "next file")
        steps.append("more")

    job = ThreadLane().call(Writing(), work)
    begun.wait(PATIENCE_S)
    job.cancel()
    nothing_happens()
    assert not job.ended
    go_on.set()
    assert wait(job).state == "cancelled"
    assert steps == ["written"]
