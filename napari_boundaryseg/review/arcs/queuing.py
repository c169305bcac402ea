"""Queuing of arcs: the worst places first, and among them some at random that tell what the others miss."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from napari_boundaryseg.review.arcs.arc import Arc
from napari_boundaryseg.review.arcs.item import Item
from napari_boundaryseg.review.arcs.joining import joined
from napari_boundaryseg.review.arcs.queue import Draw, Queue

AUDITED = 0.1
"""Of the places that are shown, about so many are random ones."""


def queued(
    arcs: Sequence[Arc],
    scores: Sequence[float] | np.ndarray,
    proven: Collection[int],
    seed: int,
    audited: float = AUDITED,
) -> Queue:
    """Make the queue of one scan, or of one organ of it.

    Parameters
    ----------
    arcs : sequence of Arc
    scores : sequence of float
        Of each arc; higher is worse, on one scale for all organs.
    proven : collection of int
        Organs whose ranking is proven, see `rankings.proven`.
    seed : int
        Of the random places; the same seed gives the same queue.
    audited : float
        Part of the items that is random.

    Returns
    -------
    Queue

    Examples
    --------
    >>> piece = np.array([[5.0, 4.0, 0.0], [5.0, 5.0, 0.0], [5.0, 6.0, 0.0]])
    >>> arcs = [Arc(1 + n % 2, 2, n, piece, (1.0, 1.0, 2.0), 3.0) for n in range(10)]
    >>> queue = queued(arcs, np.linspace(1, 0, 10), {1}, seed=0, audited=0.0)
    >>> [item.slices for item in queue.items], queue.unranked
    ([(0, 0), (2, 2), (4, 4), (6, 6), (8, 8)], (2,))
    """
    own = [n for n, arc in enumerate(arcs) if arc.organ in proven]
    ranked = [arcs[n] for n in own]
    places = joined(ranked, [scores[n] for n in own])
    rng = np.random.default_rng(seed)
    lengths = np.array([arc.length_mm for arc in ranked])
    shares = lengths / max(float(lengths.sum()), 1e-9)
    items: list[Item] = []
    shown: dict[int, int] = {}
    reached: dict[int, int] = {}
    drawn: list[tuple[int, int]] = []
    while places:
        if rng.random() < audited:
            n = int(rng.choice(len(ranked), p=shares))
            drawn.append((len(items), n))
            place = [n]
        else:
            place = list(places.pop(0))
            reached |= dict.fromkeys(place, len(items))
        fresh = [n for n in place if n not in shown]
        if fresh:
            shown |= dict.fromkeys(fresh, len(items))
            items.append(Item(tuple(ranked[n] for n in fresh)))
    draws = tuple(Draw(before, shown[n], reached[n]) for before, n in drawn)
    unranked = tuple(sorted({arc.organ for arc in arcs} - {arc.organ for arc in ranked}))
    return Queue(tuple(items), unranked, draws, float(lengths.sum()))
