"""Jobs of one lane in a worker process: queued, watched, cancelled; a process that dies is replaced."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import queue
import threading
from dataclasses import dataclass
from typing import Any, Literal

from napari_boundaryseg.errors import DeviceLost
from napari_boundaryseg.jobs.allowed import TASKS
from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.liveness import SILENT, watched
from napari_boundaryseg.jobs.runner import (
    After,
    Before,
    Dispatch,
    Failed,
    Started,
    directly,
    guarded,
    nothing,
    settle,
    unchanged,
    unwatched,
)
from napari_boundaryseg.jobs.worker_process import WorkerProcess
from napari_boundaryseg.progress import Cancelled
from napari_boundaryseg.task import Lane, Task

PATIENCE_S = 1.5
"""How long a cancelled job may take to notice before its process is ended."""

LOST = "The computing process ended without an answer, perhaps for lack of memory. A new one is ready: try again."
LOST_TRAINING = (
    "The training process ended without an answer, perhaps for lack of memory. Close other programs and try again."
)


@dataclass(eq=False)
class _Entry:
    number: int
    job: Job
    before: Before
    after: After
    stage: Literal["waiting", "asking", "storing"] = "waiting"
    cancelled: bool = False


class WorkerRunner:
    """Runs jobs one after the other in a process of their own, and starts a new one whenever that is lost.

    One thread of this process does it all: it starts the worker, hands it a job, and reads what comes back.

    Parameters
    ----------
    dispatch : callable
        Gets each piece of news as a function to call; the window gives one that calls it on its own thread. News is
        taken on the runner's thread by default.
    tasks : str
        The module that lists what the worker carries out; tests give their own.
    warm : bool
        Let the worker load its libraries (torch) as soon as it starts.
    lane : str
        Only the process that segments outlives its jobs; the others give way to it, and hold no memory afterwards.
    """

    def __init__(
        self, dispatch: Dispatch = directly, tasks: str = TASKS, warm: bool = True, lane: Lane = "work"
    ) -> None:
        self._notify, self._tasks, self._warm, self._lane = guarded(dispatch), tasks, warm, lane
        self._numbers = itertools.count(1)
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._entries: list[_Entry] = []
        self._lock = threading.RLock()
        self._process: WorkerProcess | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """The worker's process number while it lives."""
        process = self._process
        return None if process is None else process.pid

    def prestart(self) -> None:
        """Start the worker before it is needed, unless it is there or busy."""
        with self._lock:
            if self._closed or self._entries or self.pid is not None:
                return
            self._put(None)

    def run(
        self,
        task: Task,
        started: Started = unwatched,
        *,
        before: Before = nothing,
        after: After = unchanged,
    ) -> Job:
        """Ask the worker to carry out a task.

        Parameters
        ----------
        task : Task
            One that the worker lists with its function, such as `engine.task_list.Predict`.
        started : callable
            Gets the job before any news of it.
        before : callable
            Prepares files for the worker, on the runner's thread and not on the window's.
        after : callable
            Makes the job's result from what the worker returned, there too. It is not cancelled.
        """
        job = Job(task)
        entry = _Entry(next(self._numbers), job, before, after)
        job.controlled_by(lambda command: self._control(entry, command))
        started(job)
        with self._lock:
            if self._closed:
                job.end("cancelled")
                return job
            self._entries.append(entry)
            self._put(entry)
        return job

    def close(self) -> None:
        """End the worker; jobs that were under way end as cancelled, a training after it was saved. No process is left.

        A training gets as long as after Cancel.
        """
        with self._lock:
            self._closed = True
            process, entries = self._process, list(self._entries)
            for entry in entries:
                entry.cancelled = True
                if entry.stage == "asking" and process is not None:
                    process.send({"cancel": entry.number})
            if self._thread is not None:
                self._queue.put(None)
        if self._lane == "training" and entries and self._thread is not None:
            self._thread.join(PATIENCE_S)
        if process is not None:
            process.kill()
            process.wait()
        atexit.unregister(self.close)
        for entry in entries:
            entry.job.end("cancelled")

    # On the window's thread.
    def _put(self, item: _Entry | None) -> None:
        self._queue.put(item)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="boundaryseg-worker", daemon=True)
            self._thread.start()

    def _control(self, entry: _Entry, command: str) -> None:
        with self._lock:
            if entry.stage == "asking" and self._process is not None:
                self._process.send({command: entry.number})
            if command != "cancel" or entry.stage == "storing":
                return
            entry.cancelled = True
            waiting = entry.stage == "waiting"
        if waiting:
            self._notify(lambda: entry.job.end("cancelled"))
        else:
            timer = threading.Timer(PATIENCE_S, self._kill_unresponsive, (entry,))
            timer.daemon = True
            timer.start()

    def _kill_unresponsive(self, entry: _Entry) -> None:
        """End the process of a job that did not stop by itself; the runner's thread starts a new one."""
        with self._lock:
            if entry.stage == "asking" and entry in self._entries and self._process is not None:
                self._process.kill()

    # On the runner's own thread.
    def _run(self) -> None:
        while True:
            item = self._queue.get()
            if not self._closed:
                self._carry_out(item)
            if self._closed:
                self._drop_process()
                return

    def _carry_out(self, item: _Entry | None) -> None:
        """Bring a job to its end, and leave a worker ready for the next."""
        if item is not None:
            settle(item.job, lambda: self._result_of(item), self._notify)
            with self._lock:
                self._entries.remove(item)
        if self._lane != "work" or self._closed:
            self._drop_process()
            return
        with contextlib.suppress(OSError, Cancelled):  # the next job says what is wrong
            self._worker()

    def _result_of(self, entry: _Entry) -> Any:
        if entry.cancelled:
            raise Cancelled
        entry.job.begun = True
        entry.before()
        answer = self._answer_of(entry)
        if "cancelled" in answer:
            raise Cancelled
        if "failed" in answer:
            raise Failed(answer["failed"], answer["kind"], answer["details"])
        return entry.after(answer["returned"])

    def _answer_of(self, entry: _Entry) -> dict[str, Any]:
        process = self._worker()
        with self._lock:
            if entry.cancelled:
                raise Cancelled
            entry.stage = "asking"
            task = entry.job.task
            process.send({"run": entry.number, "task": task.name(), "arguments": task.model_dump()})
            if entry.job.paused:
                process.send({"pause": entry.number})
        with watched(lambda: process.signs, lambda silent: self._on_silence(entry.job, silent)):
            for event in process.events(entry.number):
                if "progress" not in event:
                    with self._lock:
                        entry.stage = "storing"
                    if event.get("kind") == DeviceLost.__name__:
                        process.wait()  # it ends by itself, and takes no other job
                    return event
                self._notify(lambda event=event: entry.job.report(event["progress"], event["text"]))  # type: ignore[misc]
        code = process.wait()
        if entry.cancelled:
            raise Cancelled
        raise Failed(LOST_TRAINING if self._lane == "training" else LOST, "LostWorker", f"exit code {code}")

    def _on_silence(self, job: Job, silent: bool) -> None:
        """Say in the job's text that the worker gives no sign of life, and take it back when it does."""
        if silent:
            self._notify(lambda: job.report(job.fraction, SILENT))
        elif job.text == SILENT:
            self._notify(lambda: job.report(job.fraction, "The computing process goes on"))

    def _worker(self) -> WorkerProcess:
        """The process, a new one where there is none; started on the runner's own thread, with which it ends."""
        with self._lock:
            if self._closed:
                raise Cancelled
            if self._process is None or self._process.pid is None:
                self._drop_process()
                self._process = WorkerProcess(self._tasks, self._warm, self._lane)
            return self._process

    def _drop_process(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.close()
