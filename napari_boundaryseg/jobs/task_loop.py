"""The worker's loop: commands in, one task after the other, events out, all as lines of JSON."""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import threading
import time
from typing import Any, TextIO

from napari_boundaryseg.errors import DeviceLost
from napari_boundaryseg.jobs.allowed import resolve
from napari_boundaryseg.jobs.error_text import sentence, trace
from napari_boundaryseg.jobs.liveness import BEAT_S
from napari_boundaryseg.progress import Cancelled


class TaskLoop:
    """Reads commands, one JSON object a line, and writes events the same way.

    Commands: ``{"run": id, "task": name, "arguments": {...}}``, ``{"cancel": id}``, ``{"pause": id}``,
    ``{"resume": id}``. Events: ``{"ready": pid}``, then for each id ``progress``, and at the end one of
    ``returned``, ``failed``, ``cancelled``; and ``{"alive": true}`` now and then while there is something to do.
    """

    def __init__(self, commands: TextIO, events: TextIO, tasks: str) -> None:
        self._commands, self._events, self._tasks = commands, events, tasks
        self._writing = threading.Lock()
        self._news = threading.Condition()
        self._waiting: list[dict[str, Any]] = []
        self._busy = False
        self._cancelled: set[int] = set()
        self._paused: set[int] = set()

    def serve(self, warm: bool = False) -> None:
        """Work until the commands end, which they do when the parent is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()
        self._say(ready=os.getpid())
        if warm:
            with contextlib.suppress(Exception):  # whoever asks for a function is told what is wrong
                importlib.import_module(self._tasks)
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting)
                command, self._busy = self._waiting.pop(0), True
            self._work(command)
            self._busy = False

    def _beat(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting or self._busy)
            self._say(alive=True)
            time.sleep(BEAT_S)

    def _listen(self) -> None:
        for line in self._commands:
            try:
                command = json.loads(line)
            except ValueError:
                continue
            with self._news:
                if "run" in command:
                    self._waiting.append(command)
                elif "cancel" in command:
                    self._cancelled.add(command["cancel"])
                elif "pause" in command:
                    self._paused.add(command["pause"])
                elif "resume" in command:
                    self._paused.discard(command["resume"])
                self._news.notify_all()
        os._exit(0)  # the parent is gone, and what is under way is for nobody

    def _work(self, command: dict[str, Any]) -> None:
        number = command["run"]

        def progress(fraction: float, text: str = "") -> None:
            self._say(id=number, progress=float(fraction), text=str(text))
            with self._news:
                self._news.wait_for(lambda: number not in self._paused or number in self._cancelled)
                if number in self._cancelled:
                    raise Cancelled

        try:
            if number in self._cancelled:
                raise Cancelled
            call = resolve(command["task"], command["arguments"], self._tasks)
            self._say(id=number, returned=call(progress=progress))
        except Cancelled:
            self._say(id=number, cancelled=True)
        except BaseException as error:
            self._say(id=number, failed=sentence(error), kind=type(error).__name__, details=trace(error))
            if isinstance(error, DeviceLost):
                os._exit(1)  # the next job gets a fresh process, which alone can use the GPU again

    def _say(self, **event: Any) -> None:
        line = json.dumps(event) + "\n"
        try:
            with self._writing:
                self._events.write(line)
                self._events.flush()
        except OSError:
            os._exit(0)  # nobody listens any more
