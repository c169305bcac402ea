"""The worker process, `python -m napari_boundaryseg.jobs.worker`: runs one named function after the other."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import traceback
from typing import Any, TextIO

from napari_boundaryseg.jobs.job import ALLOWED, resolve, sentence
from napari_boundaryseg.progress import Cancelled

NICENESS = 5
"""The window's own thread goes first."""


class Worker:
    """Reads commands, one JSON object a line, and writes events the same way.

    Commands: ``{"run": id, "function": path, "arguments": {...}}``, ``{"cancel": id}``, ``{"pause": id}``,
    ``{"resume": id}``. Events: ``{"ready": pid}``, then for each id ``progress``, and at the end one of
    ``returned``, ``failed``, ``cancelled``.
    """

    def __init__(self, commands: TextIO, events: TextIO, allowed: tuple[str, ...]) -> None:
        self._commands, self._events, self._allowed = commands, events, allowed
        self._lock = threading.Lock()
        self._waiting: list[dict[str, Any]] = []
        self._cancelled: set[int] = set()
        self._go = threading.Event()
        self._go.set()
        self._news = threading.Condition()

    def serve(self) -> None:
        """Work until the commands end, which they do when the parent is gone."""
        threading.Thread(target=self._listen, daemon=True).start()
        self._say(ready=os.getpid())
        while True:
            with self._news:
                self._news.wait_for(lambda: self._waiting)
                command = self._waiting.pop(0)
            self._work(command)

    def _listen(self) -> None:
        for line in self._commands:
            command = json.loads(line)
            if "run" in command:
                with self._news:
                    self._waiting.append(command)
                    self._news.notify()
            elif "cancel" in command:
                self._cancelled.add(command["cancel"])
                self._go.set()
            elif "pause" in command:
                self._go.clear()
            elif "resume" in command:
                self._go.set()
        os._exit(0)

    def _work(self, command: dict[str, Any]) -> None:
        number = command["run"]
        self._go.set()

        def progress(fraction: float, text: str = "") -> None:
            self._say(id=number, progress=fraction, text=text)
            self._go.wait()
            if number in self._cancelled:
                raise Cancelled

        try:
            if number in self._cancelled:
                raise Cancelled
            function = resolve(command["function"], self._allowed)
            result = function(**command["arguments"], progress=progress)
            self._say(id=number, returned=result)
        except Cancelled:
            self._say(id=number, cancelled=True)
        except BaseException as error:
            self._say(id=number, failed=sentence(error), kind=type(error).__name__, details=traceback.format_exc())

    def _say(self, **event: Any) -> None:
        with self._lock:
            self._events.write(json.dumps(event) + "\n")
            self._events.flush()


def main() -> None:
    """Keep the real standard output for events; whatever libraries print goes to the standard error."""
    options = argparse.ArgumentParser()
    options.add_argument("--allow", action="append", default=[ALLOWED])
    allowed = tuple(options.parse_args().allow)
    if hasattr(os, "nice"):
        os.nice(NICENESS)
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    Worker(sys.stdin, events, allowed).serve()


if __name__ == "__main__":
    main()
