"""Begin of a review: from labels, and what a model said, to a queue of the organs whose ranking is proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from napari_boundaryseg.review.arcs.arc import Arc
from napari_boundaryseg.review.arcs.cutting import cut
from napari_boundaryseg.review.arcs.measures import measured
from napari_boundaryseg.review.arcs.queuing import queued
from napari_boundaryseg.review.arcs.rankings import NO_MODEL, proven
from napari_boundaryseg.review.arcs.review import Review
from napari_boundaryseg.review.arcs.slabs import Maps


def begun(
    labels: np.ndarray,
    organs: Mapping[int, str],
    spacing_mm: Sequence[float],
    axis: int,
    model: str = NO_MODEL,
    *,
    probabilities: Maps | None = None,
    classes: Sequence[int] = (),
    image: Maps | None = None,
    seed: int = 0,
) -> Review:
    """A review that nobody has answered yet.

    Parameters
    ----------
    labels : (I, J, K) array of int
        As they are now, also where a person changed them after the prediction.
    organs : mapping of int to str
        Integer to TG-263 name, of those to review.
    spacing_mm : three floats
    axis : int
        Across the slices.
    model : str
        Whose probabilities these are: the ranking of each organ is looked up by it, see `rankings.proven`.
    probabilities : Maps, optional
        (C, I, J, K), in memory or in a file, or a function of a box; the first class is the background.
    classes : sequence of int
        The integer of each class, background included.
    image : Maps, optional
        The scan, (C, I, J, K).
    seed : int
        Of the random places.

    Examples
    --------
    >>> rows, columns = np.mgrid[:40, :40]
    >>> labels = np.repeat((np.hypot(rows - 20, columns - 20) < 9)[:, :, None], 5, axis=2).astype(np.uint8)
    >>> review = begun(labels, {1: "GTV"}, (1.0, 1.0, 2.0), 2)
    >>> len(review.queue.items), review.queue.unranked
    (0, (1,))
    """
    known = proven(model, organs.values())
    arcs: list[Arc] = []
    scores: list[float] = []
    for organ, name in organs.items():
        own = cut(labels, [organ], spacing_mm, axis)
        found = np.zeros(len(own))
        if name in known and own:
            maps = {"probabilities": probabilities, "classes": classes, "image": image}
            found = measured(own, labels, known[name].tolerance_mm, **maps)[known[name].score]  # type: ignore[arg-type]
        arcs += own
        scores += found.tolist()
    return Review(queued(arcs, scores, {organ for organ, name in organs.items() if name in known}, seed))
