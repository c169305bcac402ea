"""Odd slices: a single slice whose border lies where the slices beside it do not let it be."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding, magnitude
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure

NAME = "odd-slices"
OTHER_SIZE = 1.25
"""A slice so many times as large as the mean of its neighbours, or as small, is told by its area."""
SHIFTED = 0.35
"""A slice is shifted where so little of its jump is left once it is moved back, …"""
SHIFT_RATIO = 3.0
"""… and it jumps by so many times what is usual in the organ."""


def find(view: Drawn) -> Iterator[Finding]:
    """Slices that jump, the ones that jump most of those side by side."""
    limits = view.limits
    for one in view.outlined:
        jumps = jumps_mm(one)
        known = np.isfinite(jumps)
        if not known.any():
            continue
        shown = np.where(known, jumps, -1)
        usual = float(np.median(jumps[known]))
        least = max(limits.jump_px * min(one.spacing_mm[1:]), limits.jump_tolerances * one.tolerance_mm)
        jumped = shown >= least
        for s in np.flatnonzero((shown >= max(limits.shift_share * least, SHIFT_RATIO * usual)) & ~jumped):
            jumped[s] = jump_mm(one, int(s), _moved_back(one, int(s))) <= SHIFTED * shown[s]
        for s in np.flatnonzero(jumped):
            if shown[s] >= np.where(jumped, shown, 0)[max(0, s - 1) : s + 2].max():
                yield _finding(view, one, int(s), float(jumps[s]))


def jumps_mm(one: Structure) -> np.ndarray:
    """How far the border of each slice lies, on average, outside what its neighbours allow; NaN where one is empty.

    A slice between two others holds what both have, and nothing that neither has. The area of what breaks this,
    over the length of the border, is a mean distance in mm. It is zero where an organ grows, shrinks or moves
    steadily, however fast. What another organ takes on this slice, or gives up that has it beside, is a border
    between two organs and does not count.

    Returns
    -------
    (S,) float array
    """
    jumps = np.full(len(one.mask), np.nan)
    for s in range(1, len(one.mask) - 1):
        if one.areas_px[s - 1 : s + 2].all():
            jumps[s] = jump_mm(one, s)
    return jumps


def jump_mm(one: Structure, s: int, instead: np.ndarray | None = None) -> float:
    """The same of one slice, or of another (R, C) mask in its place."""
    before, after = one.mask[s - 1], one.mask[s + 1]
    here = one.mask[s] if instead is None else instead
    theirs = one.others[s - 1] | one.others[s + 1]
    more, less = here & ~(before | after) & ~theirs, before & after & ~here & ~one.others[s]
    broken = np.count_nonzero(more) + np.count_nonzero(less)
    return float(broken * one.pixel_mm2 / one.perimeters_mm[s])


def _moved_back(one: Structure, s: int) -> np.ndarray:
    """A slice moved so that its middle lies between those of the slices beside it, in whole pixels."""
    back = np.rint(-_offset_px(one, s)).astype(int)
    moved = np.zeros_like(one.mask[s])
    rows, columns = np.nonzero(one.mask[s])
    rows, columns = rows + back[0], columns + back[1]
    inside = (rows >= 0) & (columns >= 0) & (rows < moved.shape[0]) & (columns < moved.shape[1])
    moved[rows[inside], columns[inside]] = True
    return moved


def _offset_px(one: Structure, s: int) -> np.ndarray:
    """How far the middle of a slice lies from the mean of those beside it, in pixels."""
    before, here, after = (np.array([axis.mean() for axis in np.nonzero(one.mask[n])]) for n in (s - 1, s, s + 1))
    return np.asarray(here - (before + after) / 2)


def _finding(view: Drawn, one: Structure, s: int, jump: float) -> Finding:
    number = s + one.box[one.axis].start
    where = view.slices(number)
    area, beside = one.areas_px[s], (one.areas_px[s - 1] + one.areas_px[s + 1]) / 2
    if not 1 / OTHER_SIZE <= area / beside <= OTHER_SIZE:
        size = "larger" if area > beside else "smaller"
        said = f"{abs(area / beside - 1):.0%} {size} than the mean of the slices beside it"
    else:
        shift = float(np.linalg.norm(_offset_px(one, s) * one.spacing_mm[1:]))
        said = f"off by {max(shift, jump):.1f} mm against the slices beside it"
    sentence = f"{one.name}: {where} is {said}."
    voxel = one.middle_of(s)
    return Finding(NAME, (one.name,), sentence, voxel, one.axis, jump, "mm", f"slice {number}, {magnitude(jump)}")


RULES.register(NAME)(Rule("Slices that jump", find, position=40))
