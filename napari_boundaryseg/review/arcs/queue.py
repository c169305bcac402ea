"""Queue of places to review, and which of them are random ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from napari_boundaryseg.review.arcs.item import Item

NO_RANKING = "no ranking for this organ"


@dataclass(frozen=True)
class Draw:
    """One random place, drawn with a chance as its length.

    Parameters
    ----------
    before : int
        How many items come before the draw.
    item : int
        Which item shows it: an earlier one where it was drawn before.
    ranked : int
        From which item on it is among those that are shown for their score.
    """

    before: int
    item: int
    ranked: int


@dataclass(frozen=True, eq=False)
class Queue:
    """What a person goes through, in order.

    Parameters
    ----------
    items : tuple of Item
    unranked : tuple of int
        Organs without a proven ranking: of them there are no items, and `NO_RANKING` is said.
    draws : tuple of Draw
        Which items are random ones: for `audit.audited`, not for who looks at them.
    border_mm : float
        Length of the whole border of the ranked organs.
    """

    items: tuple[Item, ...]
    unranked: tuple[int, ...]
    draws: tuple[Draw, ...] = field(repr=False)
    border_mm: float
