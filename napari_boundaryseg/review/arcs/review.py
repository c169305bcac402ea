"""Review of one scan: a queue, a person's answers, and for which pieces of border they hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np

from napari_boundaryseg.review.arcs.arc import Arc
from napari_boundaryseg.review.arcs.audit import Audit, audited
from napari_boundaryseg.review.arcs.item import Item
from napari_boundaryseg.review.arcs.queue import Queue

Verdict = Literal["accept", "flag", "corrected"]
"""Right as it was; wrong, to be seen to; wrong, and put right."""
SAME_PLACE = 0.3
"""A border that moved by less than this part of its smallest voxel is the same."""
MOST_OF = 0.8
"""A piece of border was reviewed where so much of it lies on arcs that were."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What a person said of an item.

    Parameters
    ----------
    verdict : {"accept", "flag", "corrected"}
    now : tuple of Arc
        Of a corrected item, the border as it was left there.
    """

    verdict: Verdict
    now: tuple[Arc, ...] = ()


@dataclass(frozen=True, eq=False)
class Review:
    """A queue with the answers so far.

    Parameters
    ----------
    queue : Queue
    answers : dict of int to Answer
        By the item's place in the queue; never changed, see `answered`.
    """

    queue: Queue
    answers: dict[int, Answer] = field(default_factory=dict)

    def answered(self, item: int, verdict: Verdict, now: Iterable[Arc] = ()) -> Review:
        """A review with one more answer, or another one.

        Parameters
        ----------
        item : int
            Its place in the queue.
        verdict : {"accept", "flag", "corrected"}
        now : iterable of Arc
            Of a corrected item: the arcs of the labels as they are now, of which those at the item are kept.

        Raises
        ------
        IndexError
            When the queue has no such item.
        """
        if not 0 <= item < len(self.queue.items):
            raise IndexError(f"the queue has {len(self.queue.items)} items, not {item + 1}")
        left = tuple(_at(self.queue.items[item], now)) if verdict == "corrected" else ()
        return replace(self, answers={**self.answers, item: Answer(verdict, left)})

    @property
    def next_item(self) -> int | None:
        """The first item without an answer; None at the end."""
        return next((n for n in range(len(self.queue.items)) if n not in self.answers), None)

    @property
    def reviewed_mm(self) -> float:
        """Length of the border that was looked at, as it was shown."""
        return sum(self.queue.items[n].length_mm for n in self.answers)

    @property
    def audit(self) -> Audit:
        """What the random places say of the border that was not shown."""
        return audited(self.queue, {n: answer.verdict != "accept" for n, answer in self.answers.items()})

    def verdicts(self, arcs: Sequence[Arc]) -> list[Verdict | None]:
        """Of arcs of the labels as they are now, the answer that still holds; None where nobody looked.

        An answer belongs to its piece of border: where that moved since, it does not hold; where other parts of the
        labels changed, and the arcs are cut elsewhere for it, it does.
        """
        from scipy.spatial import cKDTree

        places: dict[tuple[int, int, int], list[tuple[Arc, Verdict]]] = {}
        for n, answer in self.answers.items():
            for arc in answer.now if answer.verdict == "corrected" else self.queue.items[n].arcs:
                places.setdefault((arc.organ, arc.axis, arc.slice), []).append((arc, answer.verdict))
        trees: dict[tuple[int, int, int], tuple[Any, list[Verdict]]] = {}
        for place, several in places.items():
            points = np.concatenate([arc.points_mm for arc, _ in several])
            trees[place] = cKDTree(points), [verdict for arc, verdict in several for _ in arc.points]
        found: list[Verdict | None] = []
        for arc in arcs:
            tree, said = trees.get((arc.organ, arc.axis, arc.slice), (None, []))
            if tree is None:
                found.append(None)
                continue
            away, nearest = tree.query(arc.points_mm)
            same = away <= SAME_PLACE * float(arc.plane_mm.min())
            there = [said[n] for n in nearest[same].tolist()]
            found.append(max(get_args(Verdict), key=there.count) if same.mean() >= MOST_OF else None)
        return found


def _at(item: Item, now: Iterable[Arc]) -> Iterable[Arc]:
    """Those arcs that lie where an item is: on its slices, no farther away than an arc is long."""
    shown = {(arc.slice): np.concatenate([a.points_mm for a in item.arcs if a.slice == arc.slice]) for arc in item.arcs}
    for arc in now:
        if arc.organ == item.organ and arc.axis == item.arcs[0].axis and arc.slice in shown:
            away = np.linalg.norm(shown[arc.slice] - arc.centre_mm, axis=1).min()
            if away <= item.arcs[0].length_mm:
                yield arc
