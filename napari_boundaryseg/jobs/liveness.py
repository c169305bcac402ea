"""Liveness of a worker: whether it still gives signs of life while it carries out a task."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BEAT_S = 1.0
"""How often a worker says that it lives while it has something to do."""
TICK_S = 1.0
"""How often its parent looks. Looks are counted, not seconds: they stop with the computer when it sleeps."""
SILENT_TICKS = 30
"""Looks without a sign of life, one call of a library that holds the interpreter for so long being rare."""
SILENT = "The computing process gives no sign of life. Wait, or cancel, which ends it"


@contextmanager
def watched(signs: Callable[[], int], tell: Callable[[bool], None]) -> Iterator[None]:
    """Tell, on a thread of its own, when there has been no new sign for long, and when there is one again.

    Nothing is ended: that is for the person to decide.

    Parameters
    ----------
    signs : callable
        The number of signs of life so far.
    tell : callable
        ``tell(silent)``.
    """
    ended = threading.Event()

    def watch() -> None:
        seen, silent = signs(), 0
        while not ended.wait(TICK_S):
            now = signs()
            if now != seen and silent >= SILENT_TICKS:
                tell(False)
            silent = 0 if now != seen else silent + 1
            seen = now
            if silent == SILENT_TICKS:
                tell(True)

    threading.Thread(target=watch, name="worker's liveness", daemon=True).start()
    try:
        yield
    finally:
        ended.set()
