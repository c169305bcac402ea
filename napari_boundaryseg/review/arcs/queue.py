"""Queue of places to review, and which of them are random ones."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

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

    def first_part(self, part: float) -> int:
        """How many items, from the first, show a part of the border for its score.

        A random item counts from where its own turn has come, so that the number tells nothing of it.

        Examples
        --------
        >>> import numpy as np
        >>> from napari_boundaryseg.review.arcs.arc import Arc
        >>> piece = np.array([[5.0, 4.0, 0.0], [5.0, 5.0, 0.0], [5.0, 6.0, 0.0]])
        >>> items = tuple(Item((Arc(1, 2, n, piece, (1.0, 1.0, 2.0), 3.0),)) for n in range(10))
        >>> Queue(items, (), (), 30.0).first_part(0.2), Queue(items, (), (Draw(0, 0, 6),), 30.0).first_part(0.2)
        (2, 3)
        """
        own_turn = {draw.item: draw.ranked - 0.5 for draw in self.draws if draw.item == draw.before}
        turns = np.array([own_turn.get(n, n) for n in range(len(self.items))])
        order = np.argsort(turns, kind="stable")
        reached = np.cumsum([self.items[n].length_mm for n in order])
        enough = np.flatnonzero(reached >= part * self.border_mm - 1e-6)
        return min(int(turns[order[enough[0]]]) + 1, len(self.items)) if enough.size else len(self.items)
