"""Nested regions: masks such as the whole tumour and its core to the integers of a label map."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError


def from_regions(
    masks: Mapping[str, np.ndarray], scheme: LabelScheme, geometry: Geometry, name: str = "labels"
) -> LabelMap:
    """Masks of nested regions to one integer per voxel: the innermost region that a voxel lies in decides.

    Parameters
    ----------
    masks : mapping
        Name of a region or organ of the scheme to its (I, J, K) bool mask, such as WT, TC and ET.
    scheme : LabelScheme
        Decides the integers: the enhancing tumour is 4 in ``brats-2022`` and 3 in ``brats-2023``.
    geometry : Geometry
    name : str
        The case.

    Raises
    ------
    InputError
        When the regions do not tell the organs apart, or a name is unknown.
    """
    inside = {known: frozenset(scheme.members(known)) for known in masks}
    array = np.zeros(geometry.shape, np.uint16)
    for known in sorted(masks, key=lambda key: -len(inside[key])):
        smaller = [other for other in inside.values() if other < inside[known]]
        left = inside[known].difference(*smaller)
        if len(left) != 1:
            raise InputError(
                known,
                "the regions that are given do not say which organ it is outside the inner ones",
                f"Give one region for each of {', '.join(scheme.names)}",
            )
        array[np.asarray(masks[known], bool)] = next(iter(left))
    return LabelMap(array, geometry, scheme, name)
