"""Contacts: a gap between organs that touch by nature, and an overlap of organs of different label maps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from napari_boundaryseg.data.boxes import grown
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.review.rules.accepted import FEWEST
from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding, magnitude
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure

WIDEST_VOX = 2
"""What lies between two organs over more voxels along an axis is no gap but another tissue."""

NESTED = 0.99
"""An organ of which so much lies within another is a part of it, as a tumour of its organ: no overlap."""


def gaps(view: Drawn) -> Iterator[Finding]:
    """Gaps of one or two voxels over a large part of an interface."""
    for one_name, other_name in touching(view):
        one, other = view.structures[one_name], view.structures[other_name]
        contact_mm2, gap_mm2, between, corner = interface(view, one, other)
        share = gap_mm2 / max(gap_mm2 + contact_mm2, 1e-9)
        if gap_mm2 >= view.limits.gap_mm2 and share >= view.limits.gap_share:
            across = np.moveaxis(between, view.axis, 0)
            s = int(np.count_nonzero(across, axis=(1, 2)).argmax())
            pixels = np.argwhere(across[s])
            closest = pixels[np.abs(pixels - pixels.mean(axis=0)).sum(axis=1).argmin()]
            at = np.insert(closest, view.axis, s) + corner
            voxel = (int(at[0]), int(at[1]), int(at[2]))
            sentence = (
                f"{one_name} and {other_name}: a gap between them over {gap_mm2:.0f} mm², {share:.0%} of where they "
                f"meet, largest on {view.slices(voxel[view.axis])}."
            )
            names = (one_name, other_name)
            yield Finding("gaps", names, sentence, voxel, view.axis, share, "", magnitude(gap_mm2))


def touching(view: Drawn) -> list[tuple[str, str]]:
    """Pairs of drawn organs that touch by nature: as was said, and as they do in every accepted case."""
    drawn = [one.name for one in view.organs]
    said = [pair for pair in view.touching if {*pair} <= {*view.structures}]
    told = {frozenset(pair) for pair in said}
    for one, other in combinations(drawn, 2):
        shares = [case.gap_shares[one].get(other, 1.0) for case in view.accepted if one in case.gap_shares]
        if frozenset((one, other)) not in told and len(shares) >= FEWEST and max(shares) < view.limits.gap_share:
            said.append((one, other))
    return said


def gap_shares(view: Drawn) -> dict[str, dict[str, float]]:
    """Which part of where two organs meet is a gap, of each pair that is drawn; 1 where they do not meet."""
    shares: dict[str, dict[str, float]] = {}
    for one, other in combinations(view.organs, 2):
        contact_mm2, gap_mm2, *_ = interface(view, one, other)
        shares.setdefault(one.name, {})[other.name] = gap_mm2 / (gap_mm2 + contact_mm2) if contact_mm2 else 1.0
    return shares


def interface(view: Drawn, one: Structure, other: Structure) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Where two organs touch and where only a gap of one or two voxels lies between them.

    Returns
    -------
    contact_mm2, gap_mm2 : float
        Sides of voxels.
    between : (I, J, K) bool array
        The voxels of the gap, in the box round both.
    corner : (3,) int array
        Where the box begins.
    """
    near = _near(view, one, other)
    crop = view.labels.array[near]
    corner = np.array([part.start for part in near])
    a, b = (np.isin(crop, view.labels.scheme.members(name)) for name in (one.name, other.name))
    empty = crop == 0
    between = np.zeros(crop.shape, bool)
    contact = gap = 0.0
    spacing = view.labels.spacing_mm
    for axis in range(3):
        side = float(np.prod([mm for n, mm in enumerate(spacing) if n != axis]))
        a_, b_, empty_, between_ = (np.moveaxis(array, axis, 0) for array in (a, b, empty, between))
        contact += side * (np.count_nonzero(a_[1:] & b_[:-1]) + np.count_nonzero(b_[1:] & a_[:-1]))
        for width in range(1, WIDEST_VOX + 1):
            if len(a_) <= width + 1:
                continue
            step = width + 1
            facing = (a_[step:] & b_[:-step]) | (b_[step:] & a_[:-step])
            for n in range(1, step):
                facing &= empty_[n : len(empty_) - step + n]
            gap += side * np.count_nonzero(facing)
            for n in range(1, step):
                between_[n : len(empty_) - step + n] |= facing
    return contact, gap, between, corner


def _near(view: Drawn, one: Structure, other: Structure) -> tuple[slice, slice, slice]:
    """The box where both may meet: what each has within a few voxels of the other's box."""
    grown_one, grown_other = (grown(s.box, view.labels.array.shape, WIDEST_VOX + 1) for s in (one, other))
    parts = [slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(grown_one, grown_other, strict=True)]
    if any(part.stop <= part.start for part in parts):
        return slice(0, 0), slice(0, 0), slice(0, 0)
    return parts[0], parts[1], parts[2]


def overlaps(view: Drawn) -> Iterator[Finding]:
    """Organs of other label maps of the same scan that share voxels with these, or with each other."""
    maps = [view.labels, *view.beside]
    for n, first in enumerate(maps):
        for second in maps[n + 1 :]:
            both = (first.array > 0) & (second.array > 0)
            if not both.any():
                continue
            pairs = np.stack([first.array[both], second.array[both]], axis=1)
            where = np.argwhere(both)
            names = [{o.id: o.name for o in one.scheme.organs} for one in (first, second)]
            for a, b in np.unique(pairs, axis=0).tolist():
                here = where[(pairs == (a, b)).all(axis=1)]
                ml = len(here) * view.labels.geometry.voxel_ml
                smaller = min(np.count_nonzero(first.array == a), np.count_nonzero(second.array == b))
                said = (names[0].get(a, f"Label {a}"), names[1].get(b, f"Label {b}"))
                if ml < view.limits.overlap_ml or said[0] == said[1] or len(here) >= NESTED * smaller:
                    continue
                i, j, k = here[np.abs(here - here.mean(axis=0)).sum(axis=1).argmin()].tolist()
                on = view.slices((i, j, k)[view.axis])
                sentence = f"{said[0]} and {said[1]} overlap by {ml_text(ml)} mL, at {on} among others."
                yield Finding("overlaps", said, sentence, (i, j, k), view.axis, ml, "mL", magnitude(ml))


RULES.register("gaps")(Rule("Gaps between organs that touch", gaps, position=85))
RULES.register("overlaps")(Rule("Overlaps of label maps", overlaps, position=86))
