"""Missing slices: an organ, or a part of it, lacks on slices between slices that have it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_boundaryseg.data.boxes import bounds
from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure

NAME = "missing-slices"
WHOLE = 0.9
"""A part lacks on a slice when so much of what both neighbours have of it does."""

ALIKE = 0.1
"""What lies on both sides of several empty slices is one thing only if the smaller has so much of the larger's area."""


def find(view: Drawn) -> Iterator[Finding]:
    """Empty slices in an organ, and parts of it that a single slice lacks."""
    for one in view.outlined:
        for first, last in one.gaps:
            if _goes_on(one, first, last, view.limits.longest_gap_mm):
                yield _empty(view, one, first, last)
        for s in range(1, len(one.mask) - 1):
            yield from _lacking(view, one, s)


def _goes_on(one: Structure, first: int, last: int, longest_mm: float) -> bool:
    """Whether what lies on both sides of empty slices looks like one thing."""
    if (last - first + 1) * one.spacing_mm[0] > longest_mm:
        return False
    areas = one.areas_px[[first - 1, last + 1]]
    if last > first and areas.min() < ALIKE * areas.max():
        return False
    below, above = bounds(one.mask[first - 1]), bounds(one.mask[last + 1])
    if below is None or above is None:
        return False
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(below, above, strict=True))


def _empty(view: Drawn, one: Structure, first: int, last: int) -> Finding:
    n, start = last - first + 1, one.box[one.axis].start
    said = view.slices(first + start, last + start)
    sentence = (
        f"{one.name}: {said} {'is' if n == 1 else 'are'} empty, the slices beside {'it' if n == 1 else 'them'} are not."
    )
    voxel = one.middle_of(first, one.bridged[first])
    return Finding(NAME, (one.name,), sentence, voxel, one.axis, float(n), "slices", f"slice {first + start}, {n}")


def _lacking(view: Drawn, one: Structure, s: int) -> Iterator[Finding]:
    """Parts that the slices before and after have and this one, which is not empty, lacks."""
    from scipy.ndimage import find_objects, label

    if one.areas_px[s] == 0:
        return
    both = one.mask[s - 1] & one.mask[s + 1]
    lacks = both & ~one.mask[s] & ~one.others[s]
    least = view.limits.missing_part_mm2 / one.pixel_mm2
    if np.count_nonzero(lacks) < least:
        return
    parts, n = label(both)
    for part, box in zip(range(1, n + 1), find_objects(parts), strict=True):
        inside = parts[box] == part
        gone = np.count_nonzero(inside & lacks[box])
        if gone >= least and gone >= WHOLE * np.count_nonzero(inside):
            mm2 = float(gone * one.pixel_mm2)
            number = s + one.box[one.axis].start
            sentence = (
                f"{one.name}: a part of {mm2:.0f} mm² lacks on {view.slices(number)}, the slices beside it have it."
            )
            voxel = one.middle_of(s, parts == part)
            yield Finding(NAME, (one.name,), sentence, voxel, one.axis, mm2, "mm²", f"slice {number}, part")


RULES.register(NAME)(Rule("Missing slices", find, position=10))
