"""The slices of a label map that a person has looked at, organ by organ: on the others nothing is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, field_validator

from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError


class LookedAt(BaseModel):
    """What of a label map is known; where a label map has none, all of it is.

    Parameters
    ----------
    axis : int
        Of the label map's own array, across which the slices lie.
    slices : dict of int to tuple of int
        The integer of an organ to its slices, counted from 0; None for all of them. Of an organ that is not there
        nobody has looked at any slice.

    Examples
    --------
    >>> looked = LookedAt(axis=2, slices={1: (2, 0), 3: None})
    >>> looked.known(3, (1, 2, 3)).astype(int)
    array([[1, 0, 1],
           [0, 0, 0],
           [1, 1, 1]])
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    axis: int = Field(ge=0, le=2)
    slices: dict[int, tuple[int, ...] | None]

    @field_validator("slices")
    @classmethod
    def _in_order(cls, slices: dict[int, tuple[int, ...] | None]) -> dict[int, tuple[int, ...] | None]:
        found = {organ: None if one is None else tuple(sorted(set(one))) for organ, one in sorted(slices.items())}
        if any(one and one[0] < 0 for one in found.values()):
            raise ValueError("slices are counted from 0")
        return found

    def known(self, n: int, organs: Sequence[int]) -> np.ndarray:
        """(organs, n) bool: on which of n slices each of some organs was looked at."""
        table = np.zeros((len(organs), n), bool)
        for row, organ in zip(table, organs, strict=True):
            chosen = self.slices.get(organ, ())
            row[slice(None) if chosen is None else list(chosen)] = True
        return table

    def counts(self, labels: LabelMap) -> tuple[int, int]:
        """On how many slices of a label map any organ was looked at, and how many it has."""
        n = labels.array.shape[self.axis]
        return int(self.known(n, tuple(self.slices)).any(0).sum()), n

    def check(self, labels: LabelMap) -> None:
        """Refuse slices that a label map does not have, and one of which nothing is known.

        Raises
        ------
        InputError
        """
        n = labels.array.shape[self.axis]
        if any(one and one[-1] >= n for one in self.slices.values()):
            raise InputError(
                labels.name, f"a slice was named that it does not have: it has {n}", "Name slices from 1 on"
            )
        if not any(one is None or one for one in self.slices.values()):
            raise InputError(labels.name, "no slice of it was looked at", "Accept a slice first, or leave it out")


def only_known(labels: LabelMap, looked: LookedAt | None) -> LabelMap:
    """The labels with background wherever nobody has looked at the organ that is drawn there.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import anonymous
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> labels = LabelMap(np.array([[[1, 1, 2]]], np.uint8), Geometry((1, 1, 3), np.eye(4)), anonymous((1, 2)))
    >>> only_known(labels, LookedAt(axis=2, slices={1: (0,), 2: (1, 2)})).array
    array([[[1, 0, 2]]], dtype=uint8)
    """
    if looked is None:
        return labels
    looked.check(labels)
    array = labels.array.copy()
    n = array.shape[looked.axis]
    for organ, row in zip(labels.scheme.ids, looked.known(n, labels.scheme.ids), strict=True):
        planes = np.moveaxis(array, looked.axis, 0)
        for at in np.flatnonzero(~row):
            planes[at][planes[at] == organ] = 0
    return replace(labels, array=array)
