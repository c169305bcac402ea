"""Jobs of a session: started, shown while they run, their result taken or their error reported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

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


def in_worker(
    session: Session,
    task: Task,
    done: Done,
    *,
    before: Before = nothing,
    after: After = unchanged,
    ended: Done = lambda job: None,
    cancelled: Callable[[], str] = lambda: CANCELLED,
) -> Job:
    """Carry out a task in the worker.

    Parameters
    ----------
    session : Session
    task : Task
    done : callable
        Gets the result.
    before, after : callable
        As for the session's runner.
    ended : callable
        Gets the job however it ends, before ``done``.
    cancelled : callable
        What is said when it was stopped; asked then.
    """
    return session.runner.run(
        task, lambda job: _watch(session, job, done, ended, cancelled), before=before, after=after
    )


def beside(
    session: Session,
    task: Task,
    done: Done,
    function: Callable[..., Any],
    *arguments: Any,
    abandon: bool = False,
) -> Job:
    """Call a function of this process beside the window's thread."""
    return session.runner.call(
        task, function, *arguments, abandon=abandon, started=lambda job: _watch(session, job, done)
    )


def _watch(
    session: Session,
    job: Job,
    done: Done,
    ended: Done = lambda job: None,
    cancelled: Callable[[], str] = lambda: CANCELLED,
) -> None:
    if session.job is not None:
        raise InputError("job", "something else is running", "Wait for it, or cancel it")

    def finished() -> None:
        session.job = None
        ended(job)
        if job.state == "returned":
            _store(session, done, job.result)
        elif job.state == "failed":
            _log(job.details)
            session.say("error", job.error)
        else:
            session.say("info", cancelled())

    job.finished.connect(finished)
    session.job = job


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
