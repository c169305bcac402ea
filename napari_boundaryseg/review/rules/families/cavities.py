"""Cavities: what is enclosed by an organ and belongs to none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.numbered_parts import Kind, findings_of
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure

NAME = "cavities"
KIND = Kind(NAME, "a cavity", "cavities", "several")


def find(view: Drawn) -> Iterator[Finding]:
    """Each cavity that is large enough, and all smaller ones of an organ together."""
    for one in view.outlined:
        parts, sizes = cavities_of(one)
        order = [int(n) for n in np.argsort(-sizes, kind="stable") if sizes[n]]
        yield from findings_of(KIND, view, one, parts, sizes, order, view.limits.cavity_ml)


def cavities_of(one: Structure) -> tuple[np.ndarray, np.ndarray]:
    """Cavities numbered from 1, and how many voxels of each belong to no organ.

    Closed by faces: of two things that cross at a corner, the organ goes through. A hole in a slice at an end of the
    scan is closed there: how it goes on is not seen.
    """
    from scipy.ndimage import label

    padded = np.pad(one.mask, 1)
    for axis, (first, last) in enumerate(one.at_ends):
        moved = np.moveaxis(padded, axis, 0)
        if first:
            moved[0] = moved[1]
        if last:
            moved[-1] = moved[-2]
    parts, n = label(~padded)
    outer = {int(parts[corner]) for corner in np.ndindex(2, 2, 2) for corner in [tuple(-at for at in corner)]}
    inner = parts[1:-1, 1:-1, 1:-1]
    kept = np.ones(n + 1, bool)
    kept[[0, *outer]] = False
    inner = np.where(kept[inner] & ~one.others, inner, 0)
    return inner, np.bincount(inner.ravel(), minlength=n + 1)[1:]


RULES.register(NAME)(Rule("Cavities", find, position=30))
