"""Jobs of a session: begun, listed until they end, their result taken or their error reported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.jobs.error_text import sentence, trace
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import After, Before, nothing, unchanged
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.project import WINDOW, Project
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.task import Task

CANCELLED = "Cancelled. Nothing was changed."

Done = Callable[[Any], None]


def not_returned(job: Job) -> str:
    """What is said of a job that failed or was cancelled."""
    return job.error if job.state == "failed" else CANCELLED


class Watch(NamedTuple):
    """What is done with the news of a job.

    Parameters
    ----------
    done : callable
        Gets the result.
    about : str
        What is worked on; the scan's name by default.
    scan : Volume, optional
        The scan that it is about. Where it is not open any more, what went wrong is said with its name.
    ended : callable
        Gets the job however it ends, before ``done``.
    words : callable
        What is said of it when it failed or was cancelled; nothing where that is empty.
    """

    done: Done
    about: str = ""
    scan: Volume | None = None
    ended: Done = lambda job: None
    words: Callable[[Job], str] = not_returned


def in_worker(session: Session, task: Task, watch: Watch, *, before: Before = nothing, after: After = unchanged) -> Job:
    """Carry out a task in the worker of its lane; ``before`` and ``after`` as for the session's runner."""
    return session.runner.run(task, partial(_begin, session, watch), before=before, after=after)


def beside(
    session: Session,
    task: Task,
    watch: Watch,
    function: Callable[..., Any],
    *arguments: Any,
    abandon: bool = False,
) -> Job:
    """Call a function of this process beside the window's thread."""
    return session.runner.call(task, function, *arguments, abandon=abandon, started=partial(_begin, session, watch))


def _begin(session: Session, watch: Watch, job: Job) -> None:
    job.about = watch.about or (watch.scan.name if watch.scan is not None else "")
    job.finished.connect(lambda: _end(session, watch, job))
    session.jobs.add(job, watch.scan)


def _end(session: Session, watch: Watch, job: Job) -> None:
    session.jobs.remove(job)
    watch.ended(job)
    if job.state == "returned":
        _store(session, watch.done, job.result)
        return
    if job.state == "failed":
        _log(job.details)
    text = watch.words(job)
    elsewhere = watch.scan is not None and session.scan is not watch.scan
    if text:
        named = f"{job.about}: {text}" if elsewhere and job.about not in text else text
        session.say("error" if job.state == "failed" else "info", named)


def _store(session: Session, done: Done, result: Any) -> None:
    try:
        done(result)
    except Exception as error:
        _log(trace(error))
        session.say("error", sentence(error))


def _log(details: str) -> None:
    """Tell developers where the program went wrong: on the person's own terminal, in no file."""
    if details and sys.stderr is not None:  # a window started without a terminal may have none
        print(details, file=sys.stderr)


def warn(session: Session, notes: Sequence[str]) -> None:
    """Say what is doubtful, all of it at once."""
    if notes:
        session.say("warning", ". ".join(note.rstrip(".") for note in notes))


def scan_of(session: Session) -> Volume:
    """The open scan; an error where there is none."""
    if session.scan is None:
        raise InputError("scan", "none is open", "Open a scan first")
    return session.scan


def project_of(session: Session) -> Project:
    """The open project, else the default one, which is opened."""
    if session.project is None:
        project = Project.default(WINDOW)
        with suppress(ReadOnly):  # what is shown says who holds it
            project.begin_writing()
        session.project = project
    if session.project is None:
        raise InputError("project", "none is open", "Choose a project folder")
    return session.project
