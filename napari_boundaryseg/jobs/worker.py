"""The worker process, `python -m napari_boundaryseg.jobs.worker`: its end with its parent, its streams."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import signal
import sys

from napari_boundaryseg.jobs.allowed import TASKS
from napari_boundaryseg.jobs.priority import NICENESS, give_way
from napari_boundaryseg.jobs.task_loop import TaskLoop

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def die_with_parent() -> None:
    """Ask Linux to end this process with the thread that started it, even inside one long call.

    That thread is the client's own, which lives as long as it has a worker. Elsewhere the end of the commands tells.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def main() -> None:
    """Keep the real standard output for events; whatever libraries print goes to the standard error."""
    options = argparse.ArgumentParser()
    options.add_argument("--tasks", default=TASKS, help="the module that lists what may be called")
    options.add_argument("--lane", default="work", choices=NICENESS, help="what it gives way to")
    options.add_argument("--warm", action="store_true", help="load the libraries before they are needed")
    chosen = options.parse_args()
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is for the window, which ends this process
    give_way(chosen.lane)
    events = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    TaskLoop(sys.stdin, events, chosen.tasks).serve(chosen.warm)


if __name__ == "__main__":
    main()
