"""Priority of a worker process: what gives way when processors or memory run short."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import psutil

NICENESS = {"work": 10, "adapting": 12, "training": 15}
"""The window's own thread goes first, then what a person waits for, then a training."""
OOM_SCORE = {"work": 500, "adapting": 700, "training": 900}
"""Of 1000, for Linux: a training can be resumed and a segmentation repeated, what is drawn in the window cannot."""
THREADS = "OMP_NUM_THREADS"


def give_way(lane: str) -> None:
    """Let this process stand behind the window's, for good."""
    if sys.platform == "win32":
        idle = lane == "training"
        with suppress(psutil.Error, OSError):
            psutil.Process().nice(psutil.IDLE_PRIORITY_CLASS if idle else psutil.BELOW_NORMAL_PRIORITY_CLASS)
        return
    os.nice(NICENESS[lane])
    with suppress(OSError):  # macOS has no such file
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE[lane]))


def environment(lane: str) -> Mapping[str, str] | None:
    """What a worker is started with; only what a person waits for may take all processor cores."""
    if lane == "work" or THREADS in os.environ:
        return None
    return {**os.environ, THREADS: str(max(1, cores() - 1))}


def cores() -> int:
    """Processor cores that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, psutil.cpu_count(logical=False) or usable)
