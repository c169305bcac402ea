"""A job's one end, and what a person is told."""

import errno

import pytest
from psygnal import EmitLoopError, Signal

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.error_text import sentence, trace
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import Failed, InlineRunner, settle
from napari_boundaryseg.progress import Cancelled
from napari_boundaryseg.task import Task


class Anything(Task):
    """A task that nothing is said about."""


def test_only_the_first_end_counts_and_finished_comes_once():
    job, finished = Job(Anything()), []
    job.finished.connect(lambda: finished.append(job.state))
    job.end("returned", result=1)
    job.end("failed", error="too late")
    job.report(0.5, "too late")
    assert (job.state, job.result, job.error, finished) == ("returned", 1, "", ["returned"])


def test_an_ended_job_takes_no_commands():
    job, asked = Job(Anything()), []
    job.controlled_by(asked.append)
    job.pause()
    job.resume()
    job.end("cancelled")
    job.cancel()
    job.pause()
    assert asked == ["pause", "resume"]
    assert not job.paused


@pytest.mark.parametrize(
    ("raised", "state"),
    [
        (None, "returned"),
        (Cancelled(), "cancelled"),
        (ValueError("no"), "failed"),
        (Failed("said", "Kind", "t"), "failed"),
    ],
)
def test_a_call_settles_a_job_in_one_way(raised, state):
    def call():
        if raised is not None:
            raise raised
        return "result"

    job, finished = Job(Anything()), []
    job.finished.connect(lambda: finished.append(1))
    settle(job, call)
    assert (job.state, finished) == (state, [1])
    assert (job.result == "result", bool(job.error)) == (state == "returned", state == "failed")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (InputError("scan.nii", "it is cut off", "Copy it again"), "scan.nii: it is cut off. Copy it again."),
        (
            FileNotFoundError(errno.ENOENT, "No such file or directory", "/home/Doe_Jane/scan.nii"),
            "scan.nii: No such file or directory. Check whether the disk is connected and has space.",
        ),
        (MemoryError(), "There is not enough memory. Draw a box round the organs, or close other programs."),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes.\nmore"),
            "There is not enough memory. Draw a box round the organs, or close other programs.",
        ),
        (
            RuntimeError("first\nsecond"),
            "Something went wrong inside the program (RuntimeError: first). What you had is unchanged.",
        ),
        (ValueError(), "Something went wrong inside the program (ValueError: ). What you had is unchanged."),
    ],
)
def test_an_error_becomes_one_sentence(error, said):
    assert sentence(error) == said


def test_the_inline_runner_cancels_at_a_report():
    def count(*, progress):
        for i in range(10):
            progress(i / 10, "")
        return "end"

    def watch(job):
        job.progressed.connect(lambda fraction, text: job.cancel() if fraction >= 0.3 else None)

    job = InlineRunner().call(Anything(), count, started=watch)
    assert (job.state, job.fraction) == ("cancelled", 0.3)


def raised_by_a_listener(error):
    """What comes out of a signal when its listener raises."""

    class Source:
        changed = Signal()

    def listener():
        raise error

    source = Source()
    source.changed.connect(listener)
    with pytest.raises(EmitLoopError) as caught:
        source.changed.emit()
    return caught.value


def test_what_a_listener_raises_is_told_without_the_signals_own_words():
    wrapped = raised_by_a_listener(raised_by_a_listener(InputError("scan.nii", "it is cut off", "Copy it again")))
    assert sentence(wrapped) == "scan.nii: it is cut off. Copy it again."


def test_only_a_fault_of_the_program_leaves_a_trace():
    def refuse(error):
        def call():
            raise error

        job = Job(Anything())
        settle(job, call)
        return job.details

    assert refuse(InputError("scan.nii", "it is cut off", "Copy it again")) == ""
    assert "in call" in refuse(ValueError("no"))
    assert trace(raised_by_a_listener(InputError("scan.nii", "it is cut off", "Copy it again"))) == ""
    assert "in listener" in trace(raised_by_a_listener(ValueError("no")))
