"""Lanes of jobs that do not wait for each other: workers that segment, adapt and train, a thread for files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from napari_boundaryseg.jobs.allowed import TASKS
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import After, Before, Dispatch, Started, directly, nothing, unchanged, unwatched
from napari_boundaryseg.jobs.threads import ThreadLane
from napari_boundaryseg.jobs.worker_runner import WorkerRunner
from napari_boundaryseg.task import Lane, Task


class Lanes:
    """A job's task says to which lane it belongs; within one, jobs are carried out in the order of asking.

    Parameters
    ----------
    dispatch, tasks, warm
        As for `jobs.worker_runner.WorkerRunner`; only the worker that segments stays; the others are
        started when they are needed.
    """

    def __init__(self, dispatch: Dispatch = directly, tasks: str = TASKS, warm: bool = True) -> None:
        self._files = ThreadLane(dispatch)
        self._workers: dict[Lane, WorkerRunner] = {
            lane: WorkerRunner(dispatch, tasks, warm, lane) for lane in get_args(Lane)
        }

    @property
    def pid(self) -> int | None:
        """The process number of the worker that segments, while it lives."""
        return self.pid_of("work")

    def pid_of(self, lane: Lane) -> int | None:
        """The process number of a lane's worker, while it lives."""
        return self._workers[lane].pid

    def prestart(self) -> None:
        """Start the worker that segments before it is needed."""
        self._workers["work"].prestart()

    def run(
        self, task: Task, started: Started = unwatched, *, before: Before = nothing, after: After = unchanged
    ) -> Job:
        """Carry out a task in the worker of its lane."""
        return self._workers[task.lane].run(task, started, before=before, after=after)

    def call(
        self,
        task: Task,
        function: Callable[..., Any],
        *arguments: Any,
        started: Started = unwatched,
        abandon: bool = False,
    ) -> Job:
        """Call a function of this process in a thread: see `jobs.threads.ThreadLane`."""
        return self._files.call(task, function, *arguments, started=started, abandon=abandon)

    def close(self) -> None:
        """Leave no process behind, and begin nothing more."""
        self._files.close()
        for worker in self._workers.values():
            worker.close()
