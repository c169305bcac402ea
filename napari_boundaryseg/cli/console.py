"""Console output: progress bar, tables, errors in one line, and what became of many cases."""

from __future__ import annotations

import io
import shutil
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence

from napari_boundaryseg.cli.stopping import obeying, stop_if_asked
from napari_boundaryseg.errors import BoundarySegError
from napari_boundaryseg.progress import Cancelled, Progress, silent

DEBUG = "--debug"
WIDTH = 24
EVERY_S = 0.1


def progress_bar() -> Progress:
    """A bar on stderr where that is a terminal, nothing otherwise; after a signal it stops what asks it."""
    return obeying(_bar(sys.stderr.write) if sys.stderr.isatty() else silent)


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


def one_line(error: Exception) -> str:
    """What went wrong in one line; a fault of the program itself names its kind."""
    if isinstance(error, Cancelled):
        text = "stopped"
    elif isinstance(error, BoundarySegError):
        text = str(error)
    elif isinstance(error, OSError) and error.filename:
        name = str(error.filename).replace("\\", "/").rpartition("/")[2]
        text = f"{name}: {error.strerror}. Check the name and the permissions."
    else:
        text = f"unexpected {type(error).__name__}: {error}. Run it again with --debug and report what it says."
    return " ".join(text.split())


def each(cases: Sequence[str], action: Callable[[int], None]) -> dict[str, str]:
    """Do the same for many cases; one that fails does not end the others.

    Parameters
    ----------
    cases : sequence of str
        What each is called in the list of those that failed.
    action : callable
        Gets the place of the case in the sequence.

    Returns
    -------
    dict
        The cases that failed, each with its error in one line: listed on stderr after the others were done.

    Raises
    ------
    Exception
        That of an only case, and `Cancelled`.
    """
    failed: dict[str, str] = {}
    try:
        for n, case in enumerate(cases):
            stop_if_asked()
            try:
                action(n)
            except Cancelled:
                raise
            except Exception as error:
                if len(cases) == 1:
                    raise
                if DEBUG in sys.argv:
                    traceback.print_exc()
                failed[case] = one_line(error)
        stop_if_asked()
    finally:
        for text in failed.values():
            print(f"error: {text}", file=sys.stderr)
        if failed:
            print(f"{len(failed)} of {len(cases)} cases failed: {', '.join(failed)}.", file=sys.stderr)
    return failed


def so_many(done: Sequence[str], cases: Sequence[str]) -> str:
    """How many of the cases are done, and which.

    Examples
    --------
    >>> so_many(["a", "b"], ["a", "b", "c"])
    '2 of 3 cases (a, b)'
    """
    names = f" ({', '.join(done)})" if done else ""
    return f"{len(done)} of {len(cases)} cases{names}"


def never_fail_to_print() -> None:
    """What a terminal's letters cannot show is printed as escapes, instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
