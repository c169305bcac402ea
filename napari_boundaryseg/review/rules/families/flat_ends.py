"""Flat ends: an organ stops at a slice on which it is still large, as if it were cut off."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_boundaryseg.review.rules.accepted import expected
from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure

NAME = "flat-ends"
SHORTEST_SLICES = 4
"""Of an organ on fewer slices nothing is said."""
GOES_ON = 0.3
"""Another organ goes on where it covers so much of the last slice on the next one."""
TUBE = 0.85
"""An organ whose median slice has so much of the largest's area is a tube, which ends where it is agreed to end."""
NEVER = 0.95
"""An organ of which no accepted case ends so flat does not, however widely they differ."""


def find(view: Drawn) -> Iterator[Finding]:
    """Ends that are larger than they should be in comparison with the largest slice."""
    for one in view.outlined:
        if len(one.mask) < SHORTEST_SLICES:
            continue
        for which, share in enumerate(end_areas(view, one)):
            limit = _limit(view, one, which)
            if share is not None and share > limit:
                first = (which == 0) == view.upwards
                s = 0 if first else len(one.mask) - 1
                voxel = one.middle_of(s)
                where = view.slices(voxel[one.axis])
                sentence = f"{one.name}: it ends flat on {where}, with {share:.0%} of its largest area; is it cut off?"
                yield Finding(NAME, (one.name,), sentence, voxel, one.axis, share, "", f"slice {voxel[one.axis]}")


def end_areas(view: Drawn, one: Structure) -> tuple[float | None, float | None]:
    """Areas of the first and the last slice, as the window counts them, in parts of the largest.

    None where the scan ends, or another organ goes on.
    """
    found: list[float | None] = []
    for s, step, at_end in ((0, -1, one.at_ends[0][0]), (-1, 1, one.at_ends[0][1])):
        face = one.mask[s]
        share: float | None = float(np.count_nonzero(face) / one.areas_px.max())
        if at_end or _covered(view, one, s, step) >= GOES_ON:
            share = None
        found.append(share)
    low, high = found if view.upwards else found[::-1]
    return low, high


def _covered(view: Drawn, one: Structure, s: int, step: int) -> float:
    """How much of an end slice another organ covers on the next slice of the scan."""
    part = one.box[one.axis]
    beyond = (part.start if s == 0 else part.stop - 1) + step
    rest = [one.box[axis] for axis in range(3) if axis != one.axis]
    there = np.moveaxis(view.labels.array, one.axis, 0)[beyond][rest[0], rest[1]]
    face = one.mask[s]
    return float(np.count_nonzero(there[face]) / np.count_nonzero(face))


def _limit(view: Drawn, one: Structure, which: int) -> float:
    """The limit of one end: from accepted cases, or what holds for every organ that is no tube."""
    known = [case.ends[one.name][which] for case in view.accepted if one.name in case.ends]
    values = [value for value in known if value is not None]
    span = expected(values, view.limits.end_confidence)
    if span is not None:
        most = np.inf if max(values) > NEVER else NEVER
        return float(min(max(span[1], view.limits.flat_end_least), most))
    tube = np.median(one.areas_px) >= TUBE * one.areas_px.max()
    return np.inf if tube else view.limits.flat_end


RULES.register(NAME)(Rule("Flat ends", find, position=75))
