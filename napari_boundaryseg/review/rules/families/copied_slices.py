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
    """First and last slice of each run of equal slices, and by how many pixels a slice the border moves around it.

    From the slice before the run to the slice after it, divided by two; at an end of the organ, from the run to the
    slice beside it. Where an organ is thickest, and alike above and below, equal slices are as they should be: there
    the slices before and after are equal, too.
    """
    filled = one.areas_px > 0
    equal = [bool(filled[s] and (one.mask[s] == one.mask[s + 1]).all()) for s in range(len(filled) - 1)]
    found = []
    for first in (s for s in range(len(equal)) if equal[s] and (s == 0 or not equal[s - 1])):
        last = first
        while last < len(equal) and equal[last]:
            last += 1
        before, after = (n if 0 <= n < len(filled) and filled[n] else None for n in (first - 1, last + 1))
        if before is not None and after is not None:
            found.append((first, last, moved_px(one, before, after) / 2))
        else:
            beside = [n for n in (before, after) if n is not None]
            found += [(first, last, moved_px(one, first, n)) for n in beside]
    return found


def moved_px(one: Structure, s: int, other: int) -> float:
    """By how many pixels the border moves, on average, from one slice to another: area over length."""
    changed = np.count_nonzero(one.mask[s] != one.mask[other])
    return float(changed / (np.pi / 4 * (one.perimeters_px[s] + one.perimeters_px[other]) / 2))


RULES.register(NAME)(Rule("Copied slices", find, position=50))
