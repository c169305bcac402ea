"""Nested regions, such as the whole tumour and its core: which classes each holds, and masks of them to a label map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def classes_inside(names: Sequence[str], scheme: LabelScheme) -> tuple[tuple[int, ...], ...]:
    """The class indices in each of some regions that lie one in another, from the outermost to the innermost.

    Parameters
    ----------
    names : sequence of str
        Regions or organs of the scheme, the outermost first: it holds every organ, and each next one lacks one more.
    scheme : LabelScheme

    Returns
    -------
    tuple of tuples of int
        1 for the scheme's first organ, and so on.

    Raises
    ------
    InputError
        Where a name is unknown or the regions do not lie so.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> classes_inside(("WT", "TC", "ET"), preset("brats-2022"))
    ((1, 2, 3), (1, 3), (3,))
    """
    index = {organ.id: n for n, organ in enumerate(scheme.organs, start=1)}
    inside = tuple(tuple(sorted(index[member] for member in scheme.members(name))) for name in names)
    around: set[int] = set(index.values())
    for n, (name, held) in enumerate(zip(names, inside, strict=True)):
        if not set(held) <= around or len(held) != len(scheme.organs) - n:
            raise InputError(
                name,
                "it does not hold one organ less than the region before it, and the first one all",
                f"Name {len(scheme.organs)} regions, each inside the one before, for example WT, TC, ET",
            )
        around = set(held)
    if len(names) != len(scheme.organs):
        raise InputError(
            ", ".join(names), "they do not tell all organs apart", f"Name {len(scheme.organs)} regions, one in another"
        )
    return inside


def organs_between(inside: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """The class of each region outside the next one; of the innermost region its own.

    Examples
    --------
    >>> organs_between(((1, 2, 3), (1, 3), (3,)))
    (2, 1, 3)
    """
    return tuple(next(iter({*held} - {*inner})) for held, inner in zip(inside, [*inside[1:], ()], strict=True))
