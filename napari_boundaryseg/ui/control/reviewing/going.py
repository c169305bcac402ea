"""A review that a person goes through: its places in order, what was said of each, and what the labels say since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from napari_boundaryseg.review.arcs.audit import Audit, audited
from napari_boundaryseg.review.arcs.empty_slices import EmptySlice
from napari_boundaryseg.review.arcs.item import Item
from napari_boundaryseg.review.arcs.rankings import FIRST_PART
from napari_boundaryseg.review.arcs.review import Review
from napari_boundaryseg.review.following import Followed

State = Literal["to come", "accepted", "flagged", "corrected"]
WORST_FIRST = 5
"""So many pieces of border come before the empty slices."""
ARC, EMPTY = "arc", "empty"


@dataclass(frozen=True, eq=False)
class Place:
    """One place to look at.

    Parameters
    ----------
    kind : {"arc", "empty"}
        A piece of border, or a slice without an organ next to it.
    number : int
        Among those of its kind, from 0.
    organ, axis : int
        Of the scan's own array.
    slices : tuple of int
        First and last one.
    centre : tuple of float
        Voxel indices I, J, K to show.
    what : Item or EmptySlice
    """

    kind: str
    number: int
    organ: int
    axis: int
    slices: tuple[int, int]
    centre: tuple[float, float, float]
    what: Item | EmptySlice

    @property
    def key(self) -> str:
        """By which its answer is stored."""
        return f"{self.kind} {self.number}"


class Going:
    """Keeps a review while labels change.

    Parameters
    ----------
    review : Review
        Without answers: they are kept here.
    empty : sequence of (EmptySlice, centre)
    model : str
        By whose doubts.
    tolerances_mm : mapping
        Of each ranked organ.
    result : int
        The position of the last result in the history when it began.
    said : mapping, optional
        What `said` gave before.
    base : str
        Of which model the ranking was measured, where that is not the model itself.
    """

    def __init__(
        self,
        review: Review,
        empty: Sequence[tuple[EmptySlice, tuple[float, float, float]]],
        model: str,
        tolerances_mm: Mapping[int, float],
        result: int,
        said: Mapping[str, Any] | None = None,
        *,
        base: str = "",
    ) -> None:
        self.review, self.empty, self.model, self.base = review, tuple(empty), model, base
        self.tolerances_mm, self.result = dict(tolerances_mm), result
        said = said or {}
        self.answers: dict[str, str] = dict(said.get("answers", {}))
        self.shown = int(said.get("shown", 0))
        """How many pieces of border, from the first, a person was shown."""
        self.has_ended = bool(said.get("ended", False))
        """Whether a person asked what is left."""
        at = said.get("at")
        arcs = [_of_item(n, item) for n, item in enumerate(review.queue.items)]
        others = [_of_empty(n, one, centre) for n, (one, centre) in enumerate(self.empty)]
        self.places = (*arcs[:WORST_FIRST], *others, *arcs[WORST_FIRST:])
        first = review.queue.first_part(FIRST_PART)
        self.first_part = first if first <= WORST_FIRST else first + len(others)
        """How many places, from the first, show the most doubtful part of the border, empty slices among them."""
        self.at: int | None = int(at) if at is not None and 0 <= int(at) < len(self.places) else None
        """The place in view."""
        self.followed = Followed(review.queue.items)
        self.changed: frozenset[str] = frozenset()
        """Keys of the places that are no longer as they were shown."""
        self.locked: frozenset[tuple[int, int]] = frozenset()
        """Organ and slice across the review's own axis, of accepted slices."""

    @property
    def current(self) -> Place | None:
        """The place in view."""
        return None if self.at is None else self.places[self.at]

    def said(self) -> dict[str, Any]:
        """Plain values of what a person said, and where they are."""
        return {"answers": self.answers, "shown": self.shown, "ended": self.has_ended, "at": self.at}

    def state(self, place: Place) -> State:
        """What became of a place."""
        if place.key in self.changed:
            return "corrected"
        said = self.answers.get(place.key)
        if said is not None:
            return "flagged" if said == "flag" else "accepted"
        first, last = place.slices
        seen = all((place.organ, n) in self.locked for n in range(first, last + 1))
        return "accepted" if seen else "to come"

    def states(self) -> list[State]:
        """Of every place."""
        return [self.state(place) for place in self.places]

    @property
    def is_past_first_part(self) -> bool:
        """Whether a person has gone through the most doubtful part of the border, and more of it is to come."""
        states, first = self.states(), self.first_part
        if not 0 < first < len(states) or "to come" not in states[first:]:
            return False
        return (self.at is not None and self.at >= first) or "to come" not in states[:first]

    def go_to(self, at: int) -> None:
        """Have a place in view."""
        self.at = at
        if self.places[at].kind == ARC:
            self.shown = max(self.shown, self.places[at].number + 1)

    def following(self, step: int) -> int | None:
        """The next place to come; or, backwards, the one before, whatever was said of it."""
        if step < 0:
            return None if not self.at else self.at - 1
        start = -1 if self.at is None else self.at
        to_come = [n for n, state in enumerate(self.states()) if state == "to come"]
        return next((n for n in to_come if n > start), next((n for n in to_come if n != self.at), None))

    def answer(self, verdict: Literal["accept", "flag"]) -> None:
        """Say something of the place in view."""
        place = self.current
        if place is not None:
            self.answers[place.key] = verdict
            self.has_ended = False

    def look(self, labels: np.ndarray) -> frozenset[str]:
        """Keys of the places that are no longer as they were shown, in these labels (I, J, K)."""
        moved = {f"{ARC} {n}" for n in self.followed.moved(labels)}
        drawn = {f"{EMPTY} {n}" for n, (one, _) in enumerate(self.empty) if _there(labels, one)}
        return frozenset(moved | drawn)

    @property
    def audit(self) -> Audit:
        """What the random places among those that were shown say of the rest."""
        seen = ((place.number, self.state(place)) for place in self.places if place.kind == ARC)
        return audited(
            self.review.queue, {n: said != "accepted" for n, said in seen if said != "to come" and n < self.shown}
        )

    def arcs(self, organ: int) -> Iterator[tuple[State, float, int]]:
        """State, length in mm and number of arcs of each piece of border of an organ."""
        for place in self.places:
            if isinstance(place.what, Item) and place.organ == organ:
                yield self.state(place), place.what.length_mm, len(place.what.arcs)


def _of_item(n: int, item: Item) -> Place:
    i, j, k = (float(at) for at in item.centre)
    return Place(ARC, n, item.organ, item.arcs[0].axis, item.slices, (i, j, k), item)


def _of_empty(n: int, one: EmptySlice, centre: tuple[float, float, float]) -> Place:
    return Place(EMPTY, n, one.organ, one.axis, (one.slice, one.slice), centre, one)


def _there(labels: np.ndarray, one: EmptySlice) -> bool:
    return bool((labels.take(one.slice, one.axis) == one.organ).any())
