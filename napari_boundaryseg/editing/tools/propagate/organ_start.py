"""Start of an organ: what there was of it before a person's hand, kept in the box that holds it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box


class OrganStart(NamedTuple):
    """A mask that is nothing outside a box."""

    box: Box | None = None
    """Round all of it; None where there is nothing."""
    mask: np.ndarray = np.zeros((0, 0, 0), bool)
    """As large as the box."""

    @classmethod
    def of(cls, whole: np.ndarray, spacing_mm: Sequence[float]) -> OrganStart:
        """Cut an (I, J, K) bool array."""
        box = boxes.around(whole, spacing_mm)
        return cls() if box is None else cls(box, whole[box])

    def within(self, box: Box) -> np.ndarray:
        """The mask in a box that holds all of it."""
        found = np.zeros(tuple(side.stop - side.start for side in box), bool)
        if self.box is not None:
            i, j, k = (slice(t.start - b.start, t.stop - b.start) for t, b in zip(self.box, box, strict=True))
            found[i, j, k] = self.mask
        return found
