"""A plain Python function in a thread, with the face of a job: for opening files."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from napari_boundaryseg.jobs.job import Job, sentence
from napari_boundaryseg.progress import Cancelled

Dispatch = Callable[[Callable[[], None]], None]

def in_thread(name: str, function: Callable[..., Any], *arguments: Any, dispatch: Dispatch = lambda call: call(),
              started: Callable[[Job], None] = lambda job: None) -> Job:
    """Call ``function(*arguments, progress=...)`` in a thread of its own.

    Parameters
    ----------
    name : str
        What the job is called.
    dispatch : callable
        Gets each piece of news as a function to call.
    started : callable
        Gets the job before it begins.
    """
    job = Job(name, {})
    asked: set[str] = set()
    job.controlled_by(asked.add)
    started(job)

    def progress(fraction: float, text: str = "") -> None:
        if "cancel" in asked:
            raise Cancelled
        dispatch(lambda: job.report(fraction, text))

    def call() -> None:
        try:
            result = function(*arguments, progress=progress)
        except Cancelled:
            dispatch(lambda: job.end("cancelled"))
        except Exception as error:
            said, kind = sentence(error), type(error).__name__
            dispatch(lambda: job.end("failed", error=said, kind=kind))
        else:
            dispatch(lambda: job.end("returned", result=result))

    threading.Thread(target=call, daemon=True).start()
    return job
