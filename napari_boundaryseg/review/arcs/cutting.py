"""Cutting of borders into arcs: the outline of each organ in each slice, in pieces of the same length."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.shapes.border_lines import border_lines, part_of
from napari_boundaryseg.review.arcs.arc import Arc, plane_of

SHORT_MM, LONG_MM = 5.0, 10.0
"""Of small structures and of large ones."""
PART_OF_WIDTH = 1 / 3
"""An arc is about so much of how wide its organ is."""


def arc_length_mm(volume_ml: float) -> float:
    """How long the arcs of an organ of this size are: 5 mm of a hippocampus, 10 mm of a pelvic organ.

    A third of the diameter of a ball of that volume, within these two.

    Examples
    --------
    >>> arc_length_mm(1.5), round(arc_length_mm(8.0), 1), arc_length_mm(60.0)
    (5.0, 8.3, 10.0)
    """
    diameter_mm = 2 * (750 * volume_ml / math.pi) ** (1 / 3)
    return min(LONG_MM, max(SHORT_MM, PART_OF_WIDTH * diameter_mm))


def cut(
    labels: np.ndarray,
    organs: Iterable[int],
    spacing_mm: Sequence[float],
    axis: int,
    length_mm: float | None = None,
) -> list[Arc]:
    """The borders of organs, slice by slice, as arcs.

    Each closed line is divided evenly; where the scan ends there is no border.

    Parameters
    ----------
    labels : (I, J, K) array of int
    organs : iterable of int
        Whose borders are wanted.
    spacing_mm : three floats
    axis : int
        Across the slices.
    length_mm : float, optional
        About how long an arc is; by default what the size of each organ asks for.

    Returns
    -------
    list of Arc
        Organ by organ, slice by slice, in order along each line.

    Examples
    --------
    >>> rows, columns = np.mgrid[-20:21, -20:21]
    >>> disc = (np.hypot(rows, columns) < 15.5)[:, :, None]
    >>> arcs = cut(disc, [1], (1.0, 1.0, 3.0), 2, 10.0)
    >>> len(arcs), round(sum(arc.length_mm for arc in arcs)), round(2 * np.pi * 15.5)
    (10, 97, 97)
    """
    a, b, c = (float(mm) for mm in spacing_mm)
    found: list[Arc] = []
    for organ in organs:
        mask = np.asarray(labels == organ)
        box = boxes.bounds(mask)
        if box is None:
            continue
        long = length_mm or arc_length_mm(float(np.count_nonzero(mask[box])) * a * b * c / 1000)
        for n in range(box[axis].start, box[axis].stop):
            found += in_slice(mask.take(n, axis), organ, axis, n, (a, b, c), long)
    return found


def in_slice(
    mask: np.ndarray, organ: int, axis: int, n: int, spacing_mm: tuple[float, float, float], length_mm: float
) -> Iterator[Arc]:
    """The arcs of one organ in one slice: ``mask`` is (R, C) bool."""
    part = part_of(mask)
    if part is None:
        return
    across = plane_of(axis)
    spacing = np.array([spacing_mm[other] for other in across])
    corner = np.array([part[0].start, part[1].start])
    for line in border_lines(mask[part], spacing.tolist()):
        points, step = _every((line + corner) * spacing, spacing.min() / 2)
        inside = ((points >= 0) & (points <= (np.array(mask.shape) - 1) * spacing)).all(axis=1)
        for run in _runs(inside):
            for piece in np.array_split(run, max(1, round(len(run) * step / length_mm))):
                places = np.insert(points[piece] / spacing, axis, n, axis=1)
                yield Arc(organ, axis, n, places, spacing_mm, len(piece) * step)


def _every(line: np.ndarray, step: float) -> tuple[np.ndarray, float]:
    """Points about so far apart, in mm, along a closed line whose last point is its first; and how far they are."""
    way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
    at = np.linspace(0, way[-1], max(3, round(way[-1] / step)), endpoint=False)
    return np.stack([np.interp(at, way, line[:, axis]) for axis in (0, 1)], axis=1), float(way[-1] / len(at))


def _runs(inside: np.ndarray) -> Iterator[np.ndarray]:
    """Runs of indices that are inside, of a closed line; one that goes over its end is one run."""
    if inside.all():
        yield np.arange(len(inside))
        return
    first = int(np.flatnonzero(~inside)[0])  # begin where the line is not inside
    order = np.roll(np.arange(len(inside)), -first)
    ends = np.flatnonzero(np.diff(np.concatenate([[0], inside[order].astype(np.int8), [0]])))
    for start, stop in zip(ends[::2], ends[1::2], strict=True):
        yield order[start:stop]
