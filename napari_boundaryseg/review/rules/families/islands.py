"""Islands: pieces of an organ that do not touch the rest of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_boundaryseg.data.components import pieces_of
from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding, amount, magnitude
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure
from napari_boundaryseg.review.rules.usual import SPECK, USUAL

NAME = "islands"


def find(view: Drawn) -> Iterator[Finding]:
    """Each island that is large enough, and all smaller ones of an organ together, where they are enough."""
    for one in view.outlined:
        parts, sizes = pieces_of(one.mask)
        islands = islands_of(one, parts, sizes)
        small = [n for n in islands if sizes[n] * one.voxel_ml < view.limits.island_ml]
        for n in islands[: len(islands) - len(small)]:
            yield _finding(view, one, parts, sizes, [n])
        if small and sizes[small].sum() * one.voxel_ml >= view.limits.specks_ml:
            yield _finding(view, one, parts, sizes, small)


def islands_of(one: Structure, parts: np.ndarray, sizes: np.ndarray) -> list[int]:
    """Which pieces are islands, counted from 0, the largest first.

    A large piece that only empty slices part from the rest is none: the slices are missing.
    """
    order = [int(n) for n in np.argsort(-sizes, kind="stable")]
    large = sizes >= SPECK * sizes.sum()
    main = main_pieces(one.name, sizes)
    if one.gaps and large.sum() > len(main):
        whole, _ = pieces_of(one.bridged)
        belongs = {n: int(whole[parts == n + 1][0]) for n in np.flatnonzero(large).tolist()}
        main = [n for n in belongs if belongs[n] in {belongs[m] for m in main}]
    return [n for n in order if n not in main]


def main_pieces(name: str, sizes: np.ndarray) -> list[int]:
    """Which pieces are the organ: the largest, and others where the organ has several; counted from 0."""
    allowed = USUAL[name].pieces if name in USUAL else 1
    return [int(n) for n in np.argsort(-sizes, kind="stable")[:allowed] if sizes[n] >= SPECK * sizes.sum()]


def large_pieces(sizes: np.ndarray) -> int:
    """How many pieces are no specks."""
    return int((sizes >= SPECK * sizes.sum()).sum())


def place_of(one: Structure, parts: np.ndarray, number: int) -> tuple[int, int, int]:
    """A voxel in the middle of the largest slice of one numbered part."""
    from scipy.ndimage import find_objects

    box = find_objects(parts, number)[number - 1]
    part = parts[box] == number
    s = int(np.count_nonzero(part, axis=(1, 2)).argmax())
    plane = np.zeros(parts.shape[1:], bool)
    plane[box[1:]] = part[s]
    return one.middle_of(s + box[0].start, plane)


def cell(one: Structure, voxel: tuple[int, int, int]) -> str:
    """Where a place roughly is, for an identity: its slice, and cells of 10 mm in the slice."""
    rest = [axis for axis in range(3) if axis != one.axis]
    cells = (round(voxel[axis] * mm / 10) for axis, mm in zip(rest, one.spacing_mm[1:], strict=True))
    return ", ".join(map(str, (voxel[one.axis], *cells)))


def _finding(view: Drawn, one: Structure, parts: np.ndarray, sizes: np.ndarray, which: list[int]) -> Finding:
    voxel = place_of(one, parts, which[0] + 1)
    n_voxels = int(sizes[which].sum())
    ml = n_voxels * one.voxel_ml
    much, where = amount(ml, n_voxels), view.slices(voxel[one.axis])
    if len(which) == 1:
        sentence, key = f"{one.name}: an island of {much} on {where}.", f"at {cell(one, voxel)}, {magnitude(ml)}"
    else:
        sentence = f"{one.name}: {len(which)} specks of together {much}, the largest on {where}."
        key = f"specks, {magnitude(ml)}"
    return Finding(NAME, (one.name,), sentence, voxel, one.axis, ml, "mL", key)


RULES.register(NAME)(Rule("Islands", find, position=20))
