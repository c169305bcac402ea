"""Stopping of a command by Ctrl-C or by the system: it ends where nothing is lost, and says what was kept."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from napari_boundaryseg.progress import Cancelled, Progress

SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
NOTED = b"\nStopping after the step that is under way; once more to stop at once.\n"
_asked = 0


class Stopped(BaseException):
    """A signal ended a command.

    Parameters
    ----------
    kept : str
        What was kept, and how to go on.
    status : int
        What the program ends with, as shells have it: 128 and the signal's number, 130 for Ctrl-C.
    """

    def __init__(self, kept: str, status: int) -> None:
        self.kept, self.status = kept, status
        super().__init__(kept)


class _AtOnce(BaseException):
    """Wherever the command is; what catches errors does not catch it."""


@contextmanager
def stoppable(kept: Callable[[], str], *, at_once: bool = False) -> Iterator[None]:
    """Note the first signal, which `stop_if_asked` obeys; the second one ends the command wherever it is.

    Parameters
    ----------
    kept : callable
        Says what was kept and how to go on; asked when the command has stopped.
    at_once : bool
        Obey the first one wherever it comes: for what waits for a person, and has nothing to lose.

    Raises
    ------
    Stopped
    """
    global _asked
    _asked = 0

    def note(number: int, frame: FrameType | None) -> None:
        global _asked
        again, _asked = bool(_asked), number
        if again or at_once:
            raise _AtOnce
        with suppress(OSError):
            os.write(2, NOTED)

    before = _replaced(note)
    try:
        yield
        stop_if_asked()
    except (Cancelled, _AtOnce):
        if not _asked:
            raise
        for number in before:
            signal.signal(number, signal.SIG_IGN)  # what is said now is short
        raise Stopped(kept(), 128 + _asked) from None
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _asked = 0


def stop_if_asked() -> None:
    """Raise `Cancelled` after a signal; called wherever a command can stop without losing anything."""
    if _asked:
        raise Cancelled


def obeying(progress: Progress) -> Progress:
    """A progress that stops what asks it, after a signal."""

    def ask(fraction: float, text: str = "") -> None:
        stop_if_asked()
        progress(fraction, text)

    return ask


@contextmanager
def ended_quietly() -> Iterator[None]:
    """Let Ctrl-C end the program as the system does: for the time in which nothing was begun."""
    before = _replaced(signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _replaced(handler: Any) -> dict[int, Any]:
    """Handlers as they were; signals that this process was told to ignore (nohup, a job in the background) stay so."""
    if threading.current_thread() is not threading.main_thread():
        return {}
    found = {number: signal.getsignal(number) for number in SIGNALS}
    taken = {number: old for number, old in found.items() if old not in (signal.SIG_IGN, None)}
    for number in taken:
        signal.signal(number, handler)
    return taken
