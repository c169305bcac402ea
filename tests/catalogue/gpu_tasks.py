"""Tasks that the catalogue lets a worker carry out."""

from __future__ import annotations

import os
from typing import Any

from napari_boundaryseg.errors import DeviceLost
from napari_boundaryseg.task import Task


class LoseGpu(Task):
    """The GPU is gone in the middle of a computation."""


class Pid(Task):
    """Which process answers."""


def lose_gpu(task: LoseGpu, *, progress: Any) -> None:
    progress(0.5, "computing")
    raise DeviceLost("GPU", "it stopped answering during the computation", "Try again")


def pid(task: Pid, *, progress: Any) -> int:
    return os.getpid()


ALLOWED = {LoseGpu: lose_gpu, Pid: pid}
