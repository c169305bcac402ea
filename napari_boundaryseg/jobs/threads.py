"""A function of the window's own process in a thread, as a job: for reading and writing files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import Dispatch, Started, directly, settle, unwatched
from napari_boundaryseg.progress import Cancelled
from napari_boundaryseg.task import Task


def in_thread(
    task: Task,
    function: Callable[..., Any],
    *arguments: Any,
    dispatch: Dispatch = directly,
    started: Started = unwatched,
    abandon: bool = False,
) -> Job:
    """Call ``function(*arguments, progress=...)`` in a thread of its own.

    Parameters
    ----------
    task : Task
        What the job is known by.
    dispatch : callable
        Gets each piece of news as a function to call.
    started : callable
        Gets the job before it begins.
    abandon : bool
        For functions that only read: cancel ends the job at once, even while the disk does not answer, and what the
        function still returns is dropped. Others end at their next report, and the program waits for them at its end.
    """
    job = Job(task)
    asked: set[str] = set()

    def control(command: str) -> None:
        asked.add(command)
        if command == "cancel" and abandon:
            dispatch(lambda: job.end("cancelled"))

    def progress(fraction: float, text: str = "") -> None:
        if "cancel" in asked:
            raise Cancelled
        dispatch(lambda: job.report(fraction, text))

    job.controlled_by(control)
    started(job)
    call = lambda: function(*arguments, progress=progress)  # noqa: E731
    threading.Thread(target=settle, args=(job, call, dispatch), daemon=abandon).start()
    return job
