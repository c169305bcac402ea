"""Rough borders: teeth of single pixels along the border of a slice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure

NAME = "rough-borders"
SHORTEST_PX = 16
"""Borders of fewer sides of pixels are too short to be called rough."""


def find(view: Drawn) -> Iterator[Finding]:
    """Runs of rough slices, at the roughest."""
    for one in view.outlined:
        rough = np.nan_to_num(roughness(one))
        padded = np.pad(rough, 1)
        mean = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
        within = np.pad(mean >= view.limits.rough_share, 1)
        near = (within[:-2] | within[1:-1] | within[2:]) & (rough >= view.limits.rough_share / 2)
        for first in (s for s in range(len(near)) if near[s] and (s == 0 or not near[s - 1])):
            last = first
            while last + 1 < len(near) and near[last + 1]:
                last += 1
            yield _finding(view, one, rough, first, last)


def roughness(one: Structure) -> np.ndarray:
    """Which part of each slice's border is teeth: pixels that a majority of 3 x 3 would change, by sides of pixels.

    Returns
    -------
    (S,) float array
        NaN where the border is too short.
    """
    from scipy.ndimage import uniform_filter

    padded = np.pad(one.mask, ((0, 0), (1, 1), (1, 1))).astype(np.float32)
    smooth = uniform_filter(padded, size=(1, 3, 3), mode="constant")[:, 1:-1, 1:-1] > 0.5
    teeth = np.count_nonzero((smooth != one.mask) & ~one.others, axis=(1, 2))
    length = one.perimeters_px
    return np.where(length >= SHORTEST_PX, teeth / np.maximum(length, 1), np.nan)


def _finding(view: Drawn, one: Structure, rough: np.ndarray, first: int, last: int) -> Finding:
    start, worst = one.box[one.axis].start, first + int(np.argmax(rough[first : last + 1]))
    value = float(rough[worst])
    said = view.slices(first + start, last + start)
    sentence = f"{one.name}: the border is rough on {said}; up to {value:.0%} of it is teeth of one pixel."
    voxel = one.middle_of(worst)
    return Finding(NAME, (one.name,), sentence, voxel, one.axis, value, "", f"slices {first + start} to {last + start}")


RULES.register(NAME)(Rule("Rough borders", find, position=60))
