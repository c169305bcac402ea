"""Scan ends: organs reach an end of the scan, so that a part of them may lie outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure

NAME = "scan-ends"
MOST_NAMED = 3
"""Organs that are named in one sentence; of more, how many there are."""


def find(view: Drawn) -> Iterator[Finding]:
    """Each end of the scan that organs reach: one finding for all of them, at the one that is cut most."""
    for axis in range(3):
        for end in (0, 1):
            cut = [(face_mm2(one, axis, end), n, one) for n, one in enumerate(view.outlined) if one.at_ends[axis][end]]
            if cut:
                yield _finding(view, axis, end, sorted(cut, key=lambda entry: (-entry[0], entry[1])))


def face_mm2(one: Structure, axis: int, end: int) -> float:
    """The area of a structure on one side of its box; axes are S, R, C."""
    mm = [mm for n, mm in enumerate(one.spacing_mm) if n != axis]
    return float(np.count_nonzero(np.moveaxis(one.mask, axis, 0)[-end]) * mm[0] * mm[1])


def _finding(view: Drawn, axis: int, end: int, cut: list[tuple[float, int, Structure]]) -> Finding:
    mm2, _, worst = cut[0]
    pixels = np.argwhere(np.moveaxis(worst.mask, axis, 0)[-end])
    closest = pixels[np.abs(pixels - pixels.mean(axis=0)).sum(axis=1).argmin()]
    voxel = worst.voxel(*np.insert(closest, axis, end * (worst.mask.shape[axis] - 1)))
    names = tuple(one.name for _, _, one in cut)
    which = "first" if view.upwards == (end == 0) else "last"
    place = f"the {which} slice of the scan" if axis == 0 else f"a side of the scan, at {view.slices(voxel[view.axis])}"
    sentence = f"{_listed(names)}: cut by {place}, over {mm2:.0f} mm²; a part may lie outside."
    return Finding(NAME, names, sentence, voxel, view.axis, mm2, "mm²", f"axis {axis}, {'last' if end else 'first'}")


def _listed(names: Sequence[str]) -> str:
    """Names for a person: "Bladder", "Bladder and Rectum", "Bladder, Rectum and 3 others"."""
    if len(names) <= MOST_NAMED:
        return " and ".join([*filter(None, [", ".join(names[:-1])]), names[-1]])
    return f"{', '.join(names[: MOST_NAMED - 1])} and {len(names) - MOST_NAMED + 1} others"


RULES.register(NAME)(Rule("Ends of the scan", find, position=70))
