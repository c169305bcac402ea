"""Findings of numbered parts, such as cavities: each large one for itself, all small ones of an organ together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding, amount, magnitude
from napari_boundaryseg.review.rules.structure import Structure


@dataclass(frozen=True)
class Kind:
    """What the parts are called.

    Parameters
    ----------
    rule : str
    one, several : str
        "a cavity", "cavities".
    together : str
        Of the identity of the small ones.
    """

    rule: str
    one: str
    several: str
    together: str


def findings_of(
    kind: Kind,
    view: Drawn,
    one: Structure,
    parts: np.ndarray,
    sizes: np.ndarray,
    which: Sequence[int],
    large_ml: float,
    least_ml: float = 0.0,
) -> Iterator[Finding]:
    """Each part that is large enough, and all smaller ones together where they are enough.

    Parameters
    ----------
    kind : Kind
    view : Drawn
    one : Structure
    parts : (S, R, C) array of int
        Numbered from 1.
    sizes : (n,) array of int
        Voxels of each.
    which : sequence of int
        Those that count, from 0, the largest first.
    large_ml, least_ml : float
        From where on a part stands for itself, and the small ones together are told.
    """
    small = [n for n in which if sizes[n] * one.voxel_ml < large_ml]
    for n in which[: len(which) - len(small)]:
        yield _finding(kind, view, one, parts, sizes, [n])
    if small and sizes[small].sum() * one.voxel_ml >= least_ml:
        yield _finding(kind, view, one, parts, sizes, small)


def _finding(
    kind: Kind, view: Drawn, one: Structure, parts: np.ndarray, sizes: np.ndarray, which: list[int]
) -> Finding:
    voxel = _place_of(one, parts, which[0] + 1)
    n_voxels = int(sizes[which].sum())
    ml = n_voxels * one.voxel_ml
    much, where = amount(ml, n_voxels), view.slices(voxel[one.axis])
    if len(which) == 1:
        sentence, key = f"{one.name}: {kind.one} of {much} on {where}.", f"at {_cell(one, voxel)}, {magnitude(ml)}"
    else:
        sentence = f"{one.name}: {len(which)} {kind.several} of together {much}, the largest on {where}."
        key = f"{kind.together}, {magnitude(ml)}"
    return Finding(kind.rule, (one.name,), sentence, voxel, one.axis, ml, "mL", key)


def _place_of(one: Structure, parts: np.ndarray, number: int) -> tuple[int, int, int]:
    """A voxel in the middle of the largest slice of one numbered part."""
    from scipy.ndimage import find_objects

    box = find_objects(parts, number)[number - 1]
    part = parts[box] == number
    s = int(np.count_nonzero(part, axis=(1, 2)).argmax())
    plane = np.zeros(parts.shape[1:], bool)
    plane[box[1:]] = part[s]
    return one.middle_of(s + box[0].start, plane)


def _cell(one: Structure, voxel: tuple[int, int, int]) -> str:
    """Where a place roughly is, for an identity: its slice, and cells of 10 mm in the slice."""
    rest = [axis for axis in range(3) if axis != one.axis]
    cells = (round(voxel[axis] * mm / 10) for axis, mm in zip(rest, one.spacing_mm[1:], strict=True))
    return ", ".join(map(str, (voxel[one.axis], *cells)))
