"""One worker process as its parent sees it: started, spoken to in lines of JSON, ended."""

from __future__ import annotations

import contextlib
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from napari_boundaryseg.jobs.allowed import TASKS
from napari_boundaryseg.jobs.priority import environment
from napari_boundaryseg.task import Lane


class WorkerProcess:
    """A running ``python -m napari_boundaryseg.jobs.worker``; see `jobs.task_loop.TaskLoop` for what is said.

    Linux ends it with the thread that started it.

    Parameters
    ----------
    tasks : str
        The module that lists what it carries out.
    warm : bool
        Let it load its libraries (torch) at once.
    lane : str
        What it is for: a training has the lowest priority and leaves a processor core to others.
    """

    def __init__(self, tasks: str = TASKS, warm: bool = True, lane: Lane = "work") -> None:
        # -P: the folder that the program was started in may hold a file called torch.py.
        command = [sys.executable, "-P", "-m", "napari_boundaryseg.jobs.worker", "--tasks", tasks, "--lane", lane]
        self._process = subprocess.Popen(
            [*command, *["--warm"] * warm],
            env=environment(lane),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            errors="replace",
        )
        self.signs = 0
        """How many lines it has said."""

    @property
    def pid(self) -> int | None:
        """Its number while it lives."""
        return self._process.pid if self._process.poll() is None else None

    def send(self, command: dict[str, Any]) -> None:
        """Give it a command; one that is lost is noticed by whoever reads from it."""
        line = json.dumps(command) + "\n"
        if self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                self._process.stdin.write(line)
                self._process.stdin.flush()

    def events(self, number: int) -> Iterator[dict[str, Any]]:
        """What it says of the task with this number, until it ends; all else, such as what libraries print, is ignored.

        Each has either ``progress`` and ``text``, or one of ``returned``, ``cancelled`` and ``failed`` (with ``kind``
        and ``details``).
        """
        for line in self._process.stdout or ():
            self.signs += 1
            try:
                event = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(event, dict) and event.get("id") == number and _is_answer(event):
                yield event

    def wait(self) -> int:
        """Wait for its end; the exit code."""
        return self._process.wait()

    def kill(self) -> None:
        """End it now."""
        self._process.kill()

    def close(self) -> None:
        """Wait for its end and close its streams."""
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


def _is_answer(event: dict[str, Any]) -> bool:
    if "progress" in event:
        fraction = event["progress"]
        return isinstance(fraction, int | float) and math.isfinite(fraction) and isinstance(event.get("text"), str)
    if "failed" in event:
        return all(isinstance(event.get(name), str) for name in ("failed", "kind", "details"))
    return "returned" in event or event.get("cancelled") is True
