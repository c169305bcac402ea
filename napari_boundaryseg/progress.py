"""Progress and cancelling of long functions."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""``progress(fraction, text)``: fraction done, 0..1, and what is being done. It may raise `Cancelled`."""


class Cancelled(Exception):
    """The person asked to stop."""


def silent(fraction: float, text: str = "") -> None:
    """Report nothing."""


def part(progress: Progress, start: float, stop: float) -> Progress:
    """Let a step of a longer function report on its own scale from 0 to 1."""

    def report(fraction: float, text: str = "") -> None:
        progress(start + (stop - start) * fraction, text)

    return report
