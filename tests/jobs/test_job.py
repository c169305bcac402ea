"""A job's one end, and what a person is told."""

import errno

import pytest

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.job import Failed, InlineRunner, Job, sentence, settle
from napari_boundaryseg.progress import Cancelled


def test_only_the_first_end_counts_and_finished_comes_once():
    job, finished = Job("m:f", {}), []
    job.finished.connect(lambda: finished.append(job.state))
    job.end("returned", result=1)
    job.end("failed", error="too late")
    job.report(0.5, "too late")
    assert (job.state, job.result, job.error, finished) == ("returned", 1, "", ["returned"])


def test_an_ended_job_takes_no_commands():
    job, asked = Job("m:f", {}), []
    job.controlled_by(asked.append)
    job.pause()
    job.resume()
    job.end("cancelled")
    job.cancel()
    job.pause()
    assert asked == ["pause", "resume"]
    assert not job.paused


@pytest.mark.parametrize(("raised", "state"), [(None, "returned"), (Cancelled(), "cancelled"),
                                               (ValueError("no"), "failed"), (Failed("said", "Kind", "t"), "failed")])
def test_a_call_settles_a_job_in_one_way(raised, state):
    def call():
        if raised is not None:
            raise raised
        return "result"

    job, finished = Job("m:f", {}), []
    job.finished.connect(lambda: finished.append(1))
    settle(job, call)
    assert (job.state, finished) == (state, [1])
    assert (job.result == "result", bool(job.error)) == (state == "returned", state == "failed")


@pytest.mark.parametrize(("error", "said"), [
    (InputError("scan.nii", "it is cut off", "Copy it again"), "scan.nii: it is cut off. Copy it again."),
    (FileNotFoundError(errno.ENOENT, "No such file or directory", "/home/Doe_Jane/scan.nii"),
     "scan.nii: No such file or directory. Check whether the disk is connected and has space."),
    (MemoryError(), "There is not enough memory. Draw a box round the organs, or close other programs."),
    (RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes.\nmore"),
     "There is not enough memory. Draw a box round the organs, or close other programs."),
    (RuntimeError("first\nsecond"),
     "Something went wrong inside the program (RuntimeError: first). What you had is unchanged."),
    (ValueError(), "Something went wrong inside the program (ValueError: ). What you had is unchanged."),
])
def test_an_error_becomes_one_sentence(error, said):
    assert sentence(error) == said


def test_the_inline_runner_cancels_at_a_report():
    def count(*, progress):
        for i in range(10):
            progress(i / 10, "")
        return "end"

    def watch(job):
        job.progressed.connect(lambda fraction, text: job.cancel() if fraction >= 0.3 else None)

    job = InlineRunner().call("Counting", count, started=watch)
    assert (job.state, job.fraction) == ("cancelled", 0.3)
