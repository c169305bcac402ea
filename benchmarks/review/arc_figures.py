"""Figures of a ranking of arcs: how well it separates wrong from right ones, and how much of the error comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import rankdata, t

from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.data.shapes.border_lines import border_lines, part_of
from napari_boundaryseg.review.arcs.arc import Arc, plane_of

MOST_MM = 10.0
"""Of a distance; also what an arc counts in a slice in which the reference has nothing of the organ."""
WORST = 0.2
"""Of the length of all arcs."""


def auroc(score: np.ndarray, wrong: np.ndarray) -> float:
    """How likely a wrong arc has a higher score than a right one, ties half; NaN where all are alike.

    Examples
    --------
    >>> auroc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, False, True, True]))
    0.875
    """
    n, m = int(wrong.sum()), int((~wrong).sum())
    if not n or not m:
        return float("nan")
    return float((rankdata(score)[wrong].sum() - n * (n + 1) / 2) / (n * m))


def error_share(score: np.ndarray, off_mm: np.ndarray, length_mm: np.ndarray, worst: float = WORST) -> float:
    """How much of the summed error lies on the arcs that come first, up to a part of the whole length.

    Examples
    --------
    >>> error_share(np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 1.0]), np.ones(3), 1 / 3)
    0.25
    """
    order = np.argsort(-score, kind="stable")
    before = np.cumsum(length_mm[order]) - length_mm[order]
    room = np.clip(worst * length_mm.sum() - before, 0, length_mm[order])  # the last arc counts as far as it is within
    return float((off_mm[order] * room).sum() / (off_mm * length_mm).sum())


def off_mm(arcs: Sequence[Arc], wanted: np.ndarray) -> np.ndarray:
    """Mean distance of each arc to the reference's border of its organ in the same slice, in mm."""
    found = np.full(len(arcs), MOST_MM)
    trees: dict[tuple[int, int], cKDTree | None] = {}
    for n, arc in enumerate(arcs):
        across = plane_of(arc.axis)
        spacing = np.array([arc.spacing_mm[axis] for axis in across])
        place = (arc.organ, arc.slice)
        if place not in trees:
            trees[place] = _tree(wanted.take(arc.slice, arc.axis) == arc.organ, spacing)
        tree = trees[place]
        if tree is not None:
            found[n] = np.minimum(tree.query(arc.in_slice * spacing)[0], MOST_MM).mean()
    return found


def _tree(mask: np.ndarray, spacing: np.ndarray) -> cKDTree | None:
    part = part_of(mask)
    if part is None:
        return None
    corner, points = np.array([part[0].start, part[1].start]), []
    for line in border_lines(mask[part], spacing.tolist()):
        mm = (line + corner) * spacing
        way = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(mm, axis=0), axis=1))])
        at = np.arange(0, way[-1], spacing.min() / 4)
        points.append(np.stack([np.interp(at, way, mm[:, axis]) for axis in (0, 1)], axis=1))
    return cKDTree(np.concatenate(points))


def mean_interval(values: Iterable[float]) -> tuple[float, float, float]:
    """Mean over patients and its 95 % t interval; patients without a value are left out."""
    n, mean, sd = mean_sd(values)
    if mean is None or sd is None:
        return float("nan") if mean is None else mean, float("nan"), float("nan")
    half = float(t.ppf(0.975, n - 1)) * sd / float(np.sqrt(n))
    return mean, mean - half, mean + half
