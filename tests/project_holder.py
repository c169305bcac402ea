"""A process that holds a project as a window does, until it is told to end or is killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from napari_boundaryseg.session.project.project import WINDOW, Project


@contextmanager
def held(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the project; killed at the end."""
    with subprocess.Popen(
        [sys.executable, __file__, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "held\n"
            yield child
        finally:
            child.kill()


if __name__ == "__main__":
    project = Project(Path(sys.argv[1]), WINDOW)
    project.begin_writing()
    print("held", flush=True)
    sys.stdin.read()
