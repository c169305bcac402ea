"""Start, watch, cancel and replace the worker process."""

from __future__ import annotations

import atexit
import itertools
import json
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Mapping
from typing import Any

from napari_boundaryseg.jobs.job import Job
from napari_boundaryseg.jobs.threads import Dispatch, in_thread

PATIENCE_S = 1.5
"""How long a cancelled job may take to notice before its process is ended."""

LOST = "The computing process ended without an answer, perhaps for lack of memory. A new one is ready: try again."

class WorkerRunner:
    """Runs jobs one after the other in a process of their own, and starts a new one whenever that is lost.

    Parameters
    ----------
    dispatch : callable
        Gets each piece of news as a function to call; the window gives one that calls it on its own thread. News is
        taken on a reading thread by default.
    allowed : tuple of str
        Further modules whose functions may be called; for tests.
    """

    def __init__(self, dispatch: Dispatch = lambda call: call(), allowed: tuple[str, ...] = ()) -> None:
        self._dispatch, self._allowed = dispatch, allowed
        self._numbers = itertools.count(1)
        self._jobs: dict[int, Job] = {}
        self._lock = threading.RLock()
        self._process: subprocess.Popen[str] | None = None
        self._closed = False
        atexit.register(_close_weakly, weakref.ref(self))

    @property
    def pid(self) -> int | None:
        """The worker's process number while it lives."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def prestart(self) -> None:
        """Start the worker before it is needed."""
        with self._lock:
            if not self._closed and self.pid is None:
                self._start()

    def run(self, function: str, arguments: Mapping[str, Any],
            started: Callable[[Job], None] = lambda job: None) -> Job:
        """Ask the worker to call a function; ``started`` gets the job before any news of it."""
        job = Job(function, arguments)
        number = next(self._numbers)
        job.controlled_by(lambda command: self._control(number, command))
        started(job)
        with self._lock:
            self.prestart()
            self._jobs[number] = job
            self._send({"run": number, "function": function, "arguments": dict(arguments)})
        return job

    def call(self, name: str, function: Callable[..., Any], *arguments: Any,
             started: Callable[[Job], None] = lambda job: None) -> Job:
        """Call ``function(*arguments, progress=...)`` of this process in a thread: for reading and writing files."""
        return in_thread(name, function, *arguments, dispatch=self._dispatch, started=started)

    def close(self) -> None:
        """End the worker; jobs that were under way end as cancelled. No process is left."""
        with self._lock:
            self._closed = True
            process, self._process = self._process, None
            jobs, self._jobs = list(self._jobs.values()), {}
        if process is not None:
            _end(process)
        for job in jobs:
            job.end("cancelled")

    def _start(self) -> None:
        command = [sys.executable, "-m", "napari_boundaryseg.jobs.worker"]
        for module in self._allowed:
            command += ["--allow", module]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                   encoding="utf-8")
        self._process = process
        threading.Thread(target=self._read, args=(process,), daemon=True).start()

    def _send(self, command: dict[str, Any]) -> None:
        process = self._process
        if process is None or process.stdin is None:
            return
        try:
            process.stdin.write(json.dumps(command) + "\n")
            process.stdin.flush()
        except (OSError, ValueError):
            # The reading thread notices the lost worker and ends its jobs.
            return

    def _control(self, number: int, command: str) -> None:
        with self._lock:
            if number not in self._jobs:
                return
            self._send({command: number})
        if command == "cancel":
            timer = threading.Timer(PATIENCE_S, self._insist, (number,))
            timer.daemon = True
            timer.start()

    def _insist(self, number: int) -> None:
        """End the process of a job that did not stop by itself, and ask a new one for the jobs behind it."""
        with self._lock:
            job = self._jobs.pop(number, None)
            if job is None:
                return
            process, self._process = self._process, None
            if process is not None:
                _end(process)
            if not self._closed:
                self._start()
                for other, waiting in self._jobs.items():
                    self._send({"run": other, "function": waiting.function, "arguments": waiting.arguments})
        self._dispatch(lambda: job.end("cancelled"))

    def _read(self, process: subprocess.Popen[str]) -> None:
        if process.stdout is not None:
            for line in process.stdout:
                self._take(json.loads(line))
        process.wait()
        with self._lock:
            if process is not self._process:
                return
            self._process = None
            lost, self._jobs = list(self._jobs.values()), {}
        for job in lost:
            self._tell_lost(job, process.returncode)

    def _tell_lost(self, job: Job, code: int) -> None:
        self._dispatch(lambda: job.end("failed", error=LOST, kind="LostWorker", details=f"exit code {code}"))

    def _take(self, event: dict[str, Any]) -> None:
        with self._lock:
            job = self._jobs.get(event.get("id", 0))
            if job is not None and "progress" not in event:
                del self._jobs[event["id"]]
        if job is not None:
            self._dispatch(lambda: _apply(job, event))


def _apply(job: Job, event: dict[str, Any]) -> None:
    if "progress" in event:
        job.report(event["progress"], event["text"])
    elif "cancelled" in event:
        job.end("cancelled")
    elif "failed" in event:
        job.end("failed", error=event["failed"], kind=event["kind"], details=event["details"])
    else:
        job.end("returned", result=event["returned"])


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except OSError:
                continue


def _close_weakly(reference: weakref.ref[WorkerRunner]) -> None:
    runner = reference()
    if runner is not None:
        runner.close()
