"""A trial in a process of its own, which may crash, hang, or be ended with this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_boundaryseg.engine.inference.backends.openvino import Kind
from napari_boundaryseg.engine.inference.backends.trial import NOT_RIGHT, Trial

LONGEST_S = 300
POLL_S = 0.2
CRASHES = {-4, -6, -7, -8, -11}
"""Ended by SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV."""


def trial_of(model: Path, threads: int, tell: Callable[[str], None], precision: Kind = "float32") -> Trial | None:
    """What a trial of a model's file finds: nothing is right where it crashes, None where it says nothing.

    A trial that takes too long, that memory does not suffice for, or that a person or the system has ended says nothing
    of the model.

    Parameters
    ----------
    model : Path
    threads : int
    tell : callable
        Told again and again; what it raises ends the trial.
    precision : str
    """
    command = [sys.executable, "-m", "napari_boundaryseg.engine.inference.backends.trial", str(model)]
    command += ["--threads", str(threads), "--precision", precision, "--watched"]
    own: dict[str, Any] = {"start_new_session": True}  # Ctrl-C in the terminal is for the program, which ends this one
    if sys.platform == "win32":
        own = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    try:
        child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, **own
        )
    except OSError:
        return None
    try:
        until = time.monotonic() + LONGEST_S
        while child.poll() is None and time.monotonic() < until:
            tell("Trying OpenVINO with this model, once")
            time.sleep(POLL_S)
        if child.returncode is None:
            return None
        return _read(child.returncode, child.stdout.read() if child.stdout is not None else "")
    finally:
        child.kill()
        child.communicate()


def _read(status: int, said: str) -> Trial | None:
    if status in CRASHES or (os.name == "nt" and status >= 0xC0000000):
        return NOT_RIGHT
    try:
        return Trial(**json.loads(said.splitlines()[-1]))
    except (ValueError, TypeError, IndexError):
        return None
