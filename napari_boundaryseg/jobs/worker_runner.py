"""Start, watch, cancel and replace the worker process."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import json
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.runner import (
    After,
    Before,
    Dispatch,
    Failed,
    Started,
    directly,
    nothing,
    settle,
    unchanged,
    unwatched,
)
from napari_boundaryseg.jobs.threads import in_thread
from napari_boundaryseg.progress import Cancelled

PATIENCE_S = 1.5
"""How long a cancelled job may take to notice before its process is ended."""

LOST = "The computing process ended without an answer, perhaps for lack of memory. A new one is ready: try again."


@dataclass(eq=False)
class _Task:
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
    allowed : tuple of str
        Further modules whose functions may be called; for tests.
    warm : bool
        Let the worker load its libraries (torch) as soon as it starts.
    """

    def __init__(self, dispatch: Dispatch = directly, allowed: tuple[str, ...] = (), warm: bool = True) -> None:
        self._dispatch, self._allowed, self._warm = dispatch, allowed, warm
        self._numbers = itertools.count(1)
        self._queue: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._tasks: list[_Task] = []
        self._lock = threading.RLock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._closed = False
        atexit.register(self.close)

    @property
    def pid(self) -> int | None:
        """The worker's process number while it lives."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def prestart(self) -> None:
        """Start the worker before it is needed, unless it is there or busy."""
        with self._lock:
            if self._closed or self._tasks or self.pid is not None:
                return
            self._put(None)

    def run(
        self,
        function: str,
        arguments: Mapping[str, Any],
        started: Started = unwatched,
        *,
        before: Before = nothing,
        after: After = unchanged,
    ) -> Job:
        """Ask the worker to call a function.

        Parameters
        ----------
        function : str
            ``"napari_boundaryseg.engine.tasks:name"``.
        arguments : mapping
            Values that JSON can hold.
        started : callable
            Gets the job before any news of it.
        before : callable
            Prepares files for the worker, on the runner's thread and not on the window's.
        after : callable
            Makes the job's result from what the worker returned, there too. It is not cancelled.
        """
        job = Job(function, arguments)
        task = _Task(next(self._numbers), job, before, after)
        job.controlled_by(lambda command: self._control(task, command))
        started(job)
        with self._lock:
            if self._closed:
                job.end("cancelled")
                return job
            self._tasks.append(task)
            self._put(task)
        return job

    def call(
        self,
        name: str,
        function: Callable[..., Any],
        *arguments: Any,
        started: Started = unwatched,
        abandon: bool = False,
    ) -> Job:
        """Call ``function(*arguments, progress=...)`` of this process in a thread: see `jobs.threads.in_thread`."""
        return in_thread(name, function, *arguments, dispatch=self._dispatch, started=started, abandon=abandon)

    def close(self) -> None:
        """End the worker; jobs that were under way end as cancelled. No process is left."""
        with self._lock:
            self._closed = True
            process, tasks = self._process, list(self._tasks)
            for task in tasks:
                task.cancelled = True
            if self._thread is not None:
                self._queue.put(None)
            if process is not None:
                process.kill()
                process.wait()
        atexit.unregister(self.close)
        for task in tasks:
            task.job.end("cancelled")

    # On the window's thread.
    def _put(self, item: _Task | None) -> None:
        self._queue.put(item)
        if self._thread is None:
            self._thread = threading.Thread(target=self._conduct, name="boundaryseg-worker", daemon=True)
            self._thread.start()

    def _control(self, task: _Task, command: str) -> None:
        with self._lock:
            if task.stage == "asking":
                self._send({command: task.number})
            if command != "cancel" or task.stage == "storing":
                return
            task.cancelled = True
            waiting = task.stage == "waiting"
        if waiting:
            self._tell(lambda: task.job.end("cancelled"))
        else:
            timer = threading.Timer(PATIENCE_S, self._insist, (task,))
            timer.daemon = True
            timer.start()

    def _insist(self, task: _Task) -> None:
        """End the process of a job that did not stop by itself; the runner's thread starts a new one."""
        with self._lock:
            if task.stage == "asking" and task in self._tasks and self._process is not None:
                self._process.kill()

    # On the runner's own thread.
    def _conduct(self) -> None:
        while True:
            item = self._queue.get()
            if not self._closed:
                self._take(item)
            if self._closed:
                self._forget()
                return

    def _take(self, item: _Task | None) -> None:
        """Bring a job to its end, and leave a worker ready for the next."""
        if item is not None:
            settle(item.job, lambda: self._result_of(item), self._tell)
            with self._lock:
                self._tasks.remove(item)
        with contextlib.suppress(OSError, Cancelled):  # the next job says what is wrong
            self._worker()

    def _result_of(self, task: _Task) -> Any:
        if task.cancelled:
            raise Cancelled
        task.before()
        answer = self._answer_of(task)
        if "cancelled" in answer:
            raise Cancelled
        if "failed" in answer:
            raise Failed(answer["failed"], answer["kind"], answer["details"])
        return task.after(answer["returned"])

    def _answer_of(self, task: _Task) -> dict[str, Any]:
        process = self._worker()
        with self._lock:
            if task.cancelled:
                raise Cancelled
            task.stage = "asking"
            self._send({"run": task.number, "function": task.job.function, "arguments": task.job.arguments})
            if task.job.paused:
                self._send({"pause": task.number})
        for line in process.stdout or ():
            event = _event(line)
            if event.get("id") != task.number:
                continue
            if "progress" not in event:
                with self._lock:
                    task.stage = "storing"
                return dict(event)
            self._tell(lambda event=event: task.job.report(event["progress"], event["text"]))  # type: ignore[misc]
        code = process.wait()
        if task.cancelled:
            raise Cancelled
        raise Failed(LOST, "LostWorker", f"exit code {code}")

    def _worker(self) -> subprocess.Popen[str]:
        """The process, a new one where there is none.

        It is started on the runner's own thread, because Linux ends a worker with the thread that started it.
        """
        with self._lock:
            if self._closed:
                raise Cancelled
            if self._process is None or self._process.poll() is not None:
                self._forget()
                # -P: the folder that the program was started in may hold a file called torch.py.
                command = [sys.executable, "-P", "-m", "napari_boundaryseg.jobs.worker", *["--warm"] * self._warm]
                for module in self._allowed:
                    command += ["--allow", module]
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    encoding="utf-8",
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            return self._process

    def _send(self, command: dict[str, Any]) -> None:
        line = json.dumps(command) + "\n"
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):  # whoever reads from a lost worker notices it
                process.stdin.write(line)
                process.stdin.flush()

    def _forget(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def _tell(self, call: Callable[[], None]) -> None:
        try:
            self._dispatch(call)
        except Exception:
            traceback.print_exc()  # a listener's fault is not the job's


def _event(line: str) -> dict[str, Any]:
    """One event of the worker; nothing where a library wrote past the protocol."""
    try:
        event = json.loads(line)
    except ValueError:
        return {}
    return event if isinstance(event, dict) else {}
