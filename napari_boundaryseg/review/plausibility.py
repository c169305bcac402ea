"""Plausibility of labels: size, pieces and place of each organ, against what is usual in adults."""

from __future__ import annotations

from napari_boundaryseg.data.components import pieces_of
from napari_boundaryseg.data.shapes.places import PLACES
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.review.rules.drawn import drawn
from napari_boundaryseg.review.rules.families.islands import large_pieces
from napari_boundaryseg.review.rules.families.places import misplaced
from napari_boundaryseg.review.rules.families.sizes import unusual
from napari_boundaryseg.review.rules.structure import Structure
from napari_boundaryseg.review.rules.usual import USUAL, Usual

__all__ = ["PLACES", "USUAL", "plausibility"]


def plausibility(labels: LabelMap) -> dict[str, tuple[str, ...] | None]:
    """What is implausible of each organ that is drawn, of a result that nobody has looked at: one sentence each.

    The rules about size, pieces and place alone (`review.rules`), each organ with its own words. An organ that the edge
    of the scan cuts off may be as small as it is.

    Returns
    -------
    dict
        Organ to its sentences, none where nothing is; None for an organ of which nothing usual is known.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> array = np.zeros((20, 20, 20), np.uint8)
    >>> array[5:8, 5:8, 5:8] = 3
    >>> labels = LabelMap(array, Geometry(array.shape, np.eye(4)), preset("pelvis-mr"))
    >>> plausibility(labels)
    {'Rectum': ('0.03 mL is implausibly little: 10 to 300 mL are usual',)}
    """
    view = drawn(labels)
    known = {one.name: _of_one(one, USUAL[one.name]) for one in view.organs if one.name in USUAL}
    middles = {name: view.middle_mm(view.structures[name]) for name in known}
    for one, other, where in misplaced(middles):
        known[one].append(f"it is not {where} {other}")
        known[other].append(f"{one} is not {where} it")
    return {one.name: tuple(known[one.name]) if one.name in known else None for one in view.organs}


def _of_one(one: Structure, usual: Usual) -> list[str]:
    size = unusual(one.ml, one.is_cut, usual)
    pieces = large_pieces(pieces_of(one.mask)[1])
    return [*([size] if size else []), *([f"it is in {pieces} pieces"] if pieces > usual.pieces else [])]
