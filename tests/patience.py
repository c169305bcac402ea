"""How tests wait: for an event, never for a time. The one limit only ends a test that hangs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE_S = 600.0
"""Far more than anything takes, on a loaded core and in a worker that gives way too. It promises nothing about time."""

NEVER_S = 100_000.0
"""Longer than any test: a job that takes so long does not end by itself."""


def until(condition: Callable[[], object], what: str = "") -> None:
    """Return as soon as a condition holds."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, what or "what the test waits for has not happened"
        time.sleep(0.005)


def nothing_happens() -> None:
    """Leave a fault the time to show itself. On a slow machine the check that follows is weaker, never wrong."""
    time.sleep(0.2)


def alive(pid: int) -> bool:
    """Whether a process exists and is more than a zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z" if PROC else True
    except (ProcessLookupError, FileNotFoundError):
        return False


PROC = Path("/proc/self/stat").exists()
