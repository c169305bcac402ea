"""Clock of a job: for how long it has worked, and how long it will still take, from the steps that were measured."""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable

FEWEST, MOST = 5, 50
"""Steps of one kind: before the fewest nothing is promised; older ones than the most no longer count."""
_FIGURES = re.compile(r"[\d.,]+|\bnan\b|\binf\b")


class Clock:
    """Takes a job's reports. The time while it was paused does not count.

    Parameters
    ----------
    now : callable
        Seconds of a clock that only goes forward.

    Examples
    --------
    >>> time = iter(range(0, 100, 2))
    >>> clock = Clock(lambda: next(time))
    >>> for step in range(1, 8):
    ...     clock.report(step / 100, f"step {step} of 100")
    >>> round(clock.left_s())
    184
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began: float | None = None
        self._held_since: float | None = None
        self._kind = ""
        self._steps: deque[tuple[float, float]] = deque(maxlen=MOST)

    def report(self, fraction: float, text: str) -> None:
        """Take the part that is done, 0..1; steps whose texts differ by more than figures are of another kind."""
        now = self._now()
        if self._began is None:
            self._began = now
            if self._held_since is not None:
                self._held_since = now
        kind = _FIGURES.sub("", text)
        if kind != self._kind or (self._steps and fraction < self._steps[-1][1]):
            self._kind = kind
            self._steps.clear()
        if not self._steps or fraction > self._steps[-1][1]:
            self._steps.append((now, fraction))

    def hold(self, paused: bool) -> None:
        """Stand still, or go on."""
        now = self._now()
        if paused and self._held_since is None:
            self._held_since = now
        elif not paused and self._held_since is not None:
            held = now - self._held_since
            self._began = None if self._began is None else self._began + held
            moved = [(when + held, fraction) for when, fraction in self._steps]
            self._steps = deque(moved, maxlen=MOST)
            self._held_since = None

    def seconds(self) -> float:
        """For how long it has worked."""
        return 0.0 if self._began is None else max(0.0, self._time() - self._began)

    def left_s(self) -> float | None:
        """For how long it will still work; None while too little is measured to say so."""
        if len(self._steps) < FEWEST:
            return None
        (first, low), (last, high) = self._steps[0], self._steps[-1]
        expected = (1.0 - high) * (last - first) / (high - low)
        return max(0.0, expected - max(0.0, self._time() - last))

    def _time(self) -> float:
        return self._now() if self._held_since is None else self._held_since


def left_in_words(seconds: float) -> str:
    """How long something will still take, no more exactly than it can be known.

    Examples
    --------
    >>> [left_in_words(seconds) for seconds in (3, 42, 260, 4000, 7200)]
    ['a few seconds left', 'about 40 s left', 'about 4 min left', 'about 1 h 7 min left', 'about 2 h left']
    """
    if seconds < 10:
        return "a few seconds left"
    if seconds < 100:
        return f"about {round(seconds, -1):.0f} s left"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"about {minutes} min left"
    hours, minutes = divmod(minutes, 60)
    return f"about {hours} h{f' {minutes} min' if minutes > 1 else ''} left"
