"""Labels that go on beyond what is known of them, so that no border is where the known ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap


def continued(labels: LabelMap, looked: LookedAt) -> LabelMap:
    """The labels with each organ, on slices where nobody has looked at it, as on the nearest where somebody has.

    So that no border is where the known ends. What is known stays as it is; of two equally near slices the earlier one
    counts, and where two organs go on over each other the later one.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import anonymous
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> drawn = np.array([[[9, 9, 1, 9, 9, 0, 9]]], np.uint8)
    >>> labels = LabelMap(drawn, Geometry((1, 1, 7), np.eye(4)), anonymous((1, 9)))
    >>> continued(labels, LookedAt(axis=2, slices={1: (2, 5)})).array
    array([[[1, 1, 1, 1, 0, 0, 0]]], dtype=uint8)
    """
    looked.check(labels)
    drawn = np.moveaxis(labels.array, looked.axis, 0)
    array = np.zeros_like(labels.array)
    result, ids = np.moveaxis(array, looked.axis, 0), labels.scheme.ids
    table = looked.known(len(drawn), ids)
    for guessed in (True, False):  # what is known is put over what goes on
        for organ, row in zip(ids, table, strict=True):
            places = np.flatnonzero(row)
            for at in np.flatnonzero(~row) if guessed and len(places) else () if guessed else places:
                source = places[np.abs(places - at).argmin()]
                result[at][drawn[source] == organ] = organ
    return replace(labels, array=array)
