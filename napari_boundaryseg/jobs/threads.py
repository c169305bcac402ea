"""Functions of the window's own process in threads, one after the other, as jobs: for reading and writing files."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import Dispatch, Started, directly, guarded, settle, unwatched
from napari_boundaryseg.progress import Cancelled
from napari_boundaryseg.task import Task


class ThreadLane:
    """First come, first served: each function is called once the one before it has ended.

    Parameters
    ----------
    dispatch : callable
        Gets each piece of news as a function to call.
    """

    def __init__(self, dispatch: Dispatch = directly) -> None:
        self._notify = guarded(dispatch)
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Job, threading.Thread]] = deque()
        self._running: Job | None = None
        self._closed = False

    def call(
        self,
        task: Task,
        function: Callable[..., Any],
        *arguments: Any,
        started: Started = unwatched,
        abandon: bool = False,
    ) -> Job:
        """Call ``function(*arguments, progress=...)`` in a thread of its own when its turn comes.

        Parameters
        ----------
        task : Task
            What the job is known by.
        started : callable
            Gets the job before it begins.
        abandon : bool
            For functions that only read: cancel ends the job at once, even while the disk does not answer, and what the
            function still returns is dropped. Others end at their next report, and the program waits for them at its
            end.
        """
        job = Job(task)
        asked: set[str] = set()

        def control(command: str) -> None:
            asked.add(command)
            if command == "cancel" and (self._gives_up(job) or abandon):
                self._notify(lambda: job.end("cancelled"))

        def progress(fraction: float, text: str = "") -> None:
            if "cancel" in asked:
                raise Cancelled
            self._notify(lambda: job.report(fraction, text))

        call = lambda: function(*arguments, progress=progress)  # noqa: E731
        thread = threading.Thread(target=settle, args=(job, call, self._notify), daemon=abandon)
        job.controlled_by(control)
        job.finished.connect(lambda: self._next(job))
        started(job)
        with self._lock:
            if not self._closed:
                self._waiting.append((job, thread))
        if self._closed:
            job.end("cancelled")
        self._begin()
        return job

    def close(self) -> None:
        """Begin nothing more; what has begun comes to its end."""
        with self._lock:
            self._closed = True
            left = [job for job, _ in self._waiting]
            self._waiting.clear()
        for job in left:
            job.end("cancelled")

    def _gives_up(self, job: Job) -> bool:
        """Take a job out of the queue; whether it was still there."""
        with self._lock:
            before = len(self._waiting)
            self._waiting = deque(entry for entry in self._waiting if entry[0] is not job)
            return len(self._waiting) < before

    def _begin(self) -> None:
        with self._lock:
            if self._running is not None or not self._waiting:
                return
            self._running, thread = self._waiting.popleft()
            self._running.begun = True
        thread.start()

    def _next(self, ended: Job) -> None:
        with self._lock:
            if self._running is ended:
                self._running = None
        self._begin()
