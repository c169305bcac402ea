"""The protocol of a job runner, the way to a job's one end, and a runner for scripts and tests."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any, Protocol

from napari_boundaryseg.jobs.allowed import TASKS, resolve
from napari_boundaryseg.jobs.error_text import cause_of, sentence, trace
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.progress import Cancelled, Progress
from napari_boundaryseg.task import Task

Dispatch = Callable[[Callable[[], None]], None]
"""Gets each piece of news as a function, and calls it on the thread where it belongs."""
Started = Callable[[Job], None]
Before = Callable[[], None]
After = Callable[[Any], Any]


def directly(call: Callable[[], None]) -> None:
    """Give news on the thread that has it."""
    call()


def guarded(dispatch: Dispatch) -> Dispatch:
    """News whose listener fails is told on the terminal: it is not the job's fault, and stops no other."""

    def tell(call: Callable[[], None]) -> None:
        try:
            dispatch(call)
        except Exception:
            traceback.print_exc()

    return tell


def unwatched(job: Job) -> None:
    """Do nothing with a job that begins."""


def nothing() -> None:
    """Prepare nothing."""


def unchanged(result: Any) -> Any:
    """Give a result on as it came."""
    return result


class Failed(Exception):
    """What another process said of a function that failed there."""

    def __init__(self, said: str, kind: str, details: str) -> None:
        super().__init__(said)
        self.said, self.kind, self.details = said, kind, details


def settle(job: Job, call: Callable[[], Any], tell: Dispatch = directly) -> None:
    """Call a function and bring the job to its one end: returned, failed or cancelled."""
    try:
        result = call()
    except Cancelled:
        tell(lambda: job.end("cancelled"))
    except Failed as failed:
        said, kind, details = failed.said, failed.kind, failed.details
        tell(lambda: job.end("failed", error=said, kind=kind, details=details))
    except Exception as error:
        said, kind, details = sentence(error), type(cause_of(error)).__name__, trace(error)
        tell(lambda: job.end("failed", error=said, kind=kind, details=details))
    else:
        tell(lambda: job.end("returned", result=result))


class InlineRunner:
    """Runs a job at once, on the thread that asks: for scripts and tests."""

    def __init__(self, tasks: str = TASKS) -> None:
        self._tasks = tasks

    def run(
        self,
        task: Task,
        started: Started = unwatched,
        *,
        before: Before = nothing,
        after: After = unchanged,
    ) -> Job:
        """Carry out a task to its end; see `jobs.worker_runner.WorkerRunner.run`."""

        def work(progress: Progress) -> Any:
            before()
            return after(resolve(task.name(), task.model_dump(), self._tasks)(progress=progress))

        return self._work(Job(task), work, started)

    def call(
        self,
        task: Task,
        function: Callable[..., Any],
        *arguments: Any,
        started: Started = unwatched,
        abandon: bool = False,
    ) -> Job:
        """Call ``function(*arguments, progress=...)`` of this process at once."""
        return self._work(Job(task), lambda progress: function(*arguments, progress=progress), started)

    def _work(self, job: Job, work: Callable[[Progress], Any], started: Started) -> Job:
        asked: set[str] = set()
        job.controlled_by(asked.add)
        started(job)

        def progress(fraction: float, text: str = "") -> None:
            if "cancel" in asked:
                raise Cancelled
            job.report(fraction, text)

        settle(job, lambda: work(progress))
        return job

    def close(self) -> None:
        """Nothing is left to close."""


class Runner(Protocol):
    """Where jobs run: `jobs.worker_runner.WorkerRunner`, or `InlineRunner` in scripts and tests."""

    def run(
        self,
        task: Task,
        started: Started = ...,
        *,
        before: Before = ...,
        after: After = ...,
    ) -> Job:
        """Carry out a task in the worker; ``before`` and ``after`` deal with its files beside the window's thread."""

    def call(
        self, task: Task, function: Callable[..., Any], *arguments: Any, started: Started = ..., abandon: bool = ...
    ) -> Job:
        """Call a function of this process: for files."""

    def close(self) -> None:
        """Leave no process behind."""
