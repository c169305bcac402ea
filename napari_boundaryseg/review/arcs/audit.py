"""Audit: how much of the border that nobody was shown is still wrong, from the random places among those shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from napari_boundaryseg.review.arcs.binomial import clopper_pearson
from napari_boundaryseg.review.arcs.queue import Queue

FEWEST_DRAWN = 10
"""Answered random places that an estimate needs: of fewer the interval ends above 31 % though none was wrong."""


@dataclass(frozen=True)
class Audit:
    """An estimate with its interval.

    Parameters
    ----------
    drawn : int
        Random places of the border that was not shown for its score.
    wrong : int
        How many of them a person called wrong, or put right.
    skipped : int
        How many had no answer. They count as right at the lower end of the interval, and as wrong at the upper one.
    low, high : float
        95 % interval (Clopper and Pearson) of the part of that border, by its length, that is wrong.
    """

    drawn: int
    wrong: int
    skipped: int
    low: float
    high: float

    @property
    def share(self) -> float | None:
        """The estimate; None without an answer."""
        answered = self.drawn - self.skipped
        return self.wrong / answered if answered else None

    def text(self) -> str:
        """For a person.

        Examples
        --------
        >>> Audit(23, 1, 0, 0.0011, 0.2195).text()
        'Of the border that was not shown, 4 % is wrong (0 to 22 %, from 23 random places)'
        >>> Audit(0, 0, 0, 0.0, 1.0).text()
        'No random place was looked at yet: nothing is known of the border that was not shown'
        """
        if self.share is None:
            return "No random place was looked at yet: nothing is known of the border that was not shown"
        places = f"{self.drawn - self.skipped} random place{'s' if self.drawn - self.skipped != 1 else ''}"
        ends = f"{100 * self.low:.0f} to {100 * self.high:.0f} %"
        return f"Of the border that was not shown, {100 * self.share:.0f} % is wrong ({ends}, from {places})"


def audited(queue: Queue, wrong: Mapping[int, bool]) -> Audit:
    """What the random places say.

    Random places are drawn with a chance as their length, so that the part of them that is wrong estimates the part of
    the border's length. Those that were also shown for their score say nothing of what was not, and are left out.

    Parameters
    ----------
    queue : Queue
    wrong : mapping of int to bool
        Answers so far: an item's place in the queue, and whether it was wrong. All up to the last one were shown.
    """
    shown = max(wrong, default=-1) + 1
    answers = [wrong.get(draw.item) for draw in queue.draws if draw.before < shown <= draw.ranked]
    return _with_interval(len(answers), answers.count(True), answers.count(None))


def pooled(several: Iterable[Audit]) -> Audit:
    """The audits of several scans as one: a scan alone has few random places.

    Examples
    --------
    >>> one = pooled([Audit(4, 0, 0, 0.0, 0.6024), Audit(6, 1, 0, 0.0042, 0.6412)])
    >>> one.drawn, one.wrong, round(one.low, 4), round(one.high, 4)
    (10, 1, 0.0025, 0.445)
    """
    audits = list(several)
    return _with_interval(*(sum(getattr(one, name) for one in audits) for name in ("drawn", "wrong", "skipped")))


def _with_interval(drawn: int, wrong: int, skipped: int) -> Audit:
    low, high = clopper_pearson(wrong, drawn)[0], clopper_pearson(wrong + skipped, drawn)[1]
    return Audit(drawn, wrong, skipped, low, high)
