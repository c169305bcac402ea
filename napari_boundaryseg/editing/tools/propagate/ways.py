"""Ways from corrected slices to the others, and what each would have said of slices that are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

import numpy as np

from napari_boundaryseg.data.metrics.agreement import agreement
from napari_boundaryseg.editing.tools.propagate.carry import Carry


class Way(Enum):
    """How what a person drew on some slices of an organ tells of the others."""

    CARRIED = "Carried"
    """What the person changed, spread along the slices."""
    INTERPOLATED = "Interpolated"
    """What lies between two drawn slices, from these alone."""
    ADAPTED = "Adapted model"
    """What a model finds that has learnt from them."""
    BOTH = "Adapted, then carried"
    """That, and what the person would still change of it, spread along the slices."""
    NOTHING = "As it is"


JUDGED = (Way.NOTHING, Way.CARRIED, Way.ADAPTED, Way.BOTH)
"""Those that a slice which is left out can judge, the simplest first."""


def agreements(
    start: Mapping[int, np.ndarray],
    drawn: Mapping[int, np.ndarray],
    held_out: Mapping[int, Mapping[int, np.ndarray]],
    spacing_mm: Sequence[float],
    tolerance_mm: float,
    length_mm: float,
    reach_mm: float,
) -> dict[Way, float]:
    """How well each way foretells a corrected slice from the others: mean surface Dice in the slice, 0..1.

    Parameters
    ----------
    start, drawn : mapping
        Each known slice to the organ before any correction, and to what a person drew there: (R, C) bool.
    held_out : mapping
        A slice that was left out, to what the model finds that was adapted without it: each known slice to (R, C) bool.
    spacing_mm : three floats
        Between slices, rows and columns.
    tolerance_mm : float
        What is nearer agrees.
    length_mm, reach_mm : float
        See `carry.Carry`.
    """
    found: dict[Way, list[float]] = {way: [] for way in JUDGED}
    settings = spacing_mm, length_mm, reach_mm
    for n, adapted in held_out.items():
        said = {
            Way.NOTHING: start[n],
            Way.CARRIED: _carried(start, drawn, n, *settings),
            Way.ADAPTED: adapted[n],
            Way.BOTH: _carried(adapted, drawn, n, *settings),
        }
        for way, mask in said.items():
            found[way].append(agreement(mask, drawn[n], {True: tolerance_mm}, spacing_mm[1:]))
    return {way: float(np.mean(values)) for way, values in found.items() if values}


def best_way(scores: Mapping[Way, float]) -> Way:
    """The way that foretold best; the simplest of equal ones.

    Examples
    --------
    >>> best_way({Way.NOTHING: 0.8, Way.CARRIED: 0.9, Way.ADAPTED: 0.9, Way.BOTH: 0.85})
    <Way.CARRIED: 'Carried'>
    """
    return max(JUDGED, key=lambda way: (scores.get(way, -1.0), -JUDGED.index(way)))


def _carried(
    start: Mapping[int, np.ndarray],
    drawn: Mapping[int, np.ndarray],
    n: int,
    spacing_mm: Sequence[float],
    length_mm: float,
    reach_mm: float,
) -> np.ndarray:
    """One known slice as it follows from the others alone."""
    known = sorted(drawn)
    masks = np.stack([start[m] for m in known])
    if not masks.any():
        return start[n]
    carry = Carry(masks, spacing_mm, length_mm, reach_mm, [m * spacing_mm[0] for m in known])
    for place, m in enumerate(known):
        if m != n:
            carry.correct(place, drawn[m])
    return np.asarray(carry.proposal([known.index(n)])[0])
