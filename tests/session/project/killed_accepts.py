"""A process that forks others, each of which accepts twice in a project of its own and is killed at a random moment.

Arguments: a folder, the first seed and the one behind the last. What a child has told lies in ``FOLDER/SEED/told``.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from random import Random

import accepting_process
import numpy  # noqa: F401 (before the first fork)
from accepting_process import accept_each, die_at, prepare, scan_of

from napari_boundaryseg.session.project.project import Project

ACCEPTS = range(100, 102)


def child(folder: Path, seed: int, moments: int) -> None:
    """Accept until killed."""
    folder.mkdir(parents=True)
    told = os.open(folder / "told", os.O_WRONLY | os.O_CREAT)
    os.dup2(told, 1)
    scan = scan_of(1)
    works = prepare(scan, ACCEPTS, folder / "journals")
    die_at(Random(seed).randint(1, moments))
    accept_each(Project(folder / "study"), scan, works, wait=False)
    os.kill(os.getpid(), signal.SIGKILL)  # it had fewer moments: killed at rest


def main() -> None:
    root, first, last, moments = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    accepting_process.prepare(scan_of(1), range(0), root / "journals")  # imports what is needed once
    for seed in range(first, last):
        number = os.fork()
        if number == 0:
            child(root / str(seed), seed, moments)
        _, status = os.waitpid(number, 0)
        if not os.WIFSIGNALED(status):
            sys.exit(f"{seed} ended by itself")


if __name__ == "__main__":
    main()
