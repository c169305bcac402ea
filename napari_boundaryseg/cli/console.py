"""Console output: progress bar and tables."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterable, Sequence

from napari_boundaryseg.progress import Progress, silent

WIDTH = 24
EVERY_S = 0.1


def progress_bar() -> Progress:
    """A bar on stderr where that is a terminal; nothing otherwise."""
    return _bar(sys.stderr.write) if sys.stderr.isatty() else silent


def _bar(write: Callable[[str], object]) -> Progress:
    last = 0.0

    def show(fraction: float, text: str = "") -> None:
        nonlocal last
        done = fraction >= 1
        if not done and time.monotonic() - last < EVERY_S:
            return
        last = time.monotonic()
        full = round(WIDTH * min(max(fraction, 0.0), 1.0))
        columns = shutil.get_terminal_size().columns - 1
        line = f"[{'#' * full}{'.' * (WIDTH - full)}] {fraction:4.0%} {text}"[:columns]
        write(f"\r\033[K{line}" if not done else "\r\033[K")
        sys.stderr.flush()

    return show


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Text in columns: the first to the left, the others to the right."""
    lines = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if n else cell.ljust(width) for n, (cell, width) in enumerate(zip(line, widths))
        ).rstrip()
        for line in lines
    )
