"""Islands: pieces of an organ that do not touch the rest of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from napari_boundaryseg.data.components import pieces_of
from napari_boundaryseg.review.rules.drawn import Drawn
from napari_boundaryseg.review.rules.finding import Finding
from napari_boundaryseg.review.rules.numbered_parts import Kind, findings_of
from napari_boundaryseg.review.rules.rule import RULES, Rule
from napari_boundaryseg.review.rules.structure import Structure
from napari_boundaryseg.review.rules.usual import SPECK, USUAL

NAME = "islands"
KIND = Kind(NAME, "an island", "specks", "specks")


def find(view: Drawn) -> Iterator[Finding]:
    """Each island that is large enough, and all smaller ones of an organ together, where they are enough."""
    for one in view.outlined:
        parts, sizes = pieces_of(one.mask)
        islands = islands_of(one, parts, sizes)
        yield from findings_of(KIND, view, one, parts, sizes, islands, view.limits.island_ml, view.limits.specks_ml)


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


RULES.register(NAME)(Rule("Islands", find, position=20))
