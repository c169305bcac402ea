"""Copied slices: slices that are equal where the organ changes from slice to slice."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure

NAME = "copied-slices"


def find(view: Drawn) -> Iterator[Finding]:
    """Runs of equal slices, beside which the border moves."""
    for one in view.outlined:
        for first, last, moves in copies(one):
            if moves >= view.limits.copied_px:
                start = one.box[one.axis].start
                said = view.slices(first + start, last + start)
                sentence = f"{one.name}: {said} are equal to the pixel, as if copied; the slices beside them are not."
                key = f"slices {first + start} to {last + start}"
                yield Finding(NAME, (one.name,), sentence, one.middle_of(last), one.axis, moves, "pixels", key)


def copies(one: Structure) -> list[tuple[int, int, float]]:
    """First and last slice of each run of equal slices, and by how many pixels a slice the border moves beside it.

    The mean of both sides; where there is one side only, that one.
    """
    moved = moves_px(one)
    equal = moved == 0
    found = []
    starts = [s for s in range(len(equal)) if equal[s] and (s == 0 or not equal[s - 1])]
    for first in starts:
        last = first
        while last < len(equal) and equal[last]:
            last += 1
        beside = [moved[n] for n in (first - 1, last) if 0 <= n < len(moved) and np.isfinite(moved[n])]
        if beside:
            found.append((first, last, float(np.mean(beside))))
    return found


def moves_px(one: Structure) -> np.ndarray:
    """(S - 1,) by how many pixels the border moves from each slice to the next; NaN beside an empty one."""
    changed = np.count_nonzero(one.mask[1:] != one.mask[:-1], axis=(1, 2))
    length = np.pi / 4 * (one.perimeters_px[1:] + one.perimeters_px[:-1]) / 2
    known = (one.areas_px[1:] > 0) & (one.areas_px[:-1] > 0)
    return np.where(known, changed / np.maximum(length, 1e-9), np.nan)


RULES.register(NAME)(Rule("Copied slices", find, position=50))
