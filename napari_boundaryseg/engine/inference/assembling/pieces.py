"""Which piece of an organ is the organ: the likeliest by its voxels' probabilities and by its place to other organs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import combinations, product
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data.components import components, organ_boxes
from napari_boundaryseg.data.shapes.places import NEIGHBOURS, PLACES

MOST, LEAST = 4, 0.1
"""How many pieces of an organ may be it, and the least part of the best one's evidence that such a piece has."""
OUT_OF_PLACE = 0.25
"""What a piece's evidence counts for where it lies on the wrong side of another organ."""
NEAR_MM = 50.0
"""The gap to a neighbour over which its evidence falls to a third (1 / e)."""

TINY = 1e-12


class Piece(NamedTuple):
    """One connected piece; places are in mm along the array's axes."""

    organ: str
    voxel: tuple[int, ...]
    evidence: float
    middle_mm: np.ndarray
    low_mm: np.ndarray
    high_mm: np.ndarray


def likeliest(
    labels: np.ndarray, probability: Callable[[int], np.ndarray], organs: Mapping[int, str], spacing_mm: Sequence[float]
) -> dict[int, tuple[int, ...]]:
    """A voxel of the piece that each organ is, all organs taken together.

    Evidence is the sum of the organ's probabilities in a piece. It counts less where the piece lies on the wrong side
    of another organ (`PLACES`) or far from one that it touches in a patient (`NEIGHBOURS`).

    Parameters
    ----------
    labels : (I, J, K) array of integers
        Along the patient's axes: right, front, head.
    probability : callable
        Of the n-th organ in the order of ``organs``, (I, J, K); asked for only where it has several pieces.
    organs : mapping
        Integer to name.
    spacing_mm : sequence of float
    """
    order, spacing = {integer: n for n, integer in enumerate(organs)}, np.asarray(spacing_mm)
    found = {
        integer: _pieces(labels, integer, box, partial(probability, order[integer]), organs[integer], spacing)
        for integer, box in organ_boxes(labels)
    }
    placed = {name for _, one, other, _ in PLACES for name in (one, other)}
    best = {integer: pieces[0] for integer, pieces in found.items()}
    together = [integer for integer in found if organs[integer] in placed]
    choices = product(*(found[integer] for integer in together))
    best |= dict(zip(together, max(choices, key=_log_score), strict=True))
    return {integer: piece.voxel for integer, piece in best.items()}


def _pieces(
    labels: np.ndarray,
    integer: int,
    box: tuple[slice, ...],
    probability: Callable[[], np.ndarray],
    name: str,
    spacing: np.ndarray,
) -> list[Piece]:
    """The pieces of an organ that may be it, those of most evidence first."""
    parts, evidence = components(labels[box] == integer)
    if len(evidence) > 1:  # of an only piece it decides nothing
        evidence = np.bincount(parts.ravel(), weights=probability()[box].ravel().astype(np.float64))[1:]
    corner = np.array([part.start for part in box])
    pieces = []
    for n in np.argsort(-evidence, kind="stable")[:MOST]:
        if evidence[n] >= LEAST * evidence.max():
            at = np.argwhere(parts == n + 1) + corner
            ends = (at.min(0) * spacing, (at.max(0) + 1) * spacing)
            pieces.append(Piece(name, tuple(at[0]), float(evidence[n]), at.mean(0) * spacing, *ends))
    return pieces


def _log_score(pieces: Iterable[Piece]) -> float:
    """How likely it is that these pieces are their organs, but for a constant."""
    by_name = {piece.organ: piece for piece in pieces}
    score = math.fsum(math.log(max(piece.evidence, TINY)) for piece in by_name.values())
    for axis, one, other, _ in PLACES:
        if one in by_name and other in by_name and by_name[one].middle_mm[axis] < by_name[other].middle_mm[axis]:
            score += math.log(OUT_OF_PLACE)
    for one, other in combinations(sorted(by_name), 2):
        if (one, other) in NEIGHBOURS:
            score -= gap_mm(by_name[one], by_name[other]) / NEAR_MM
    return score


def gap_mm(one: Piece, other: Piece) -> float:
    """The distance between the boxes round two pieces."""
    apart = np.maximum(0, np.maximum(one.low_mm - other.high_mm, other.low_mm - one.high_mm))
    return float(np.linalg.norm(apart))
