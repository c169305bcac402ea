"""Relabelling: a label map in the integers of another label scheme; organs are matched by name."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme, Organ
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError


def to_scheme(labels: LabelMap, scheme: LabelScheme) -> LabelMap:
    """The same organs under the integers of a model's scheme.

    Where every organ of the model is named like a region of the labels' scheme (the core of a tumour, for example),
    the regions become organs and whatever lies outside them is background.

    Parameters
    ----------
    labels : LabelMap
        With the scheme that it was drawn under.
    scheme : LabelScheme
        The model's.

    Raises
    ------
    InputError
        For a drawn organ that the model does not know, and for an organ of the model that the scheme of the labels
        lacks: nobody could draw it, and it must not be taught as background.
    """
    merged = _regions(labels.scheme, scheme)
    if merged:
        return _renumbered(labels, scheme, merged)
    same = {organ: _same(organ, scheme) for organ in labels.scheme.organs}
    present = set(np.unique(labels.array).tolist())
    drawn = [organ for organ in same if organ.id in present]
    unknown = [organ.name for organ in drawn if same[organ] is None]
    if unknown:
        raise InputError(
            labels.name,
            f"it holds {', '.join(unknown)}, and the model knows only {', '.join(scheme.names)}",
            "Choose a model for these organs, or accept the case again with labels that bear the model's names",
        )
    lacking = [organ.name for organ in scheme.organs if organ not in same.values()]
    if lacking:
        raise InputError(
            labels.name,
            f"its labels {labels.scheme.name!r} have no {', '.join(lacking)}, and the model "
            "would learn that there is none",
            "Draw it with the model's organs and accept the case again",
        )
    numbers = {organ.id: found.id for organ in drawn if (found := same[organ])}
    if len(set(numbers.values())) < len(numbers):
        raise InputError(labels.name, "two of its organs are one organ of the model", "Join them and accept it again")
    return _renumbered(labels, scheme, numbers)


def looked_at_in(looked: LookedAt, own: LabelScheme, scheme: LabelScheme) -> LookedAt:
    """The same slices under the integers of a model's scheme, matched as `to_scheme` matches organs.

    A region that becomes an organ was looked at where all its members were.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> theirs = preset("hippocampus")
    >>> own = theirs.model_copy(update={"organs": tuple(o.model_copy(update={"id": o.id + 6}) for o in theirs.organs)})
    >>> looked_at_in(LookedAt(axis=1, slices={7: (3, 4), 8: None}), own, theirs).slices
    {1: (3, 4), 2: None}
    """
    merged = _regions(own, scheme)
    found: dict[int, tuple[int, ...] | None] = {}
    for organ in scheme.ids:
        members = (
            [member for member, wanted in merged.items() if wanted == organ]
            if merged
            else [one.id for one in own.organs if (same := _same(one, scheme)) is not None and same.id == organ]
        )
        chosen = [set(one) for member in members if (one := looked.slices.get(member, ())) is not None]
        if members:
            found[organ] = tuple(sorted(set.intersection(*chosen))) if chosen else None
    return LookedAt(axis=looked.axis, slices=found)


def _regions(own: LabelScheme, scheme: LabelScheme) -> dict[int, int]:
    """The model's organ for every integer of a region; empty where not all its organs are regions, or they overlap."""
    named = {region.name.lower(): region for region in own.regions}
    found = [(organ, named[organ.name.lower()]) for organ in scheme.organs if organ.name.lower() in named]
    members = [member for _, region in found for member in region.members]
    if len(found) < len(scheme.organs) or len(set(members)) < len(members):
        return {}
    inside = {member: organ.id for organ, region in found for member in region.members}
    return {**dict.fromkeys(own.ids, 0), **inside}


def _renumbered(labels: LabelMap, scheme: LabelScheme, numbers: dict[int, int]) -> LabelMap:
    stray = sorted(set(np.unique(labels.array).tolist()) - {0, *numbers})
    if stray:
        raise InputError(
            labels.name, f"it holds {stray}, which its labels {labels.scheme.name!r} do not name", "Accept it again"
        )
    table = np.zeros(int(labels.array.max()) + 1, np.uint16)
    for own, wanted in numbers.items():
        table[own] = wanted
    return LabelMap(table[labels.array], labels.geometry, scheme, labels.name, labels.warnings)


def _same(organ: Organ, scheme: LabelScheme) -> Organ | None:
    """The one organ of the scheme with this name, else the one that shares a name or alias with it."""
    exact = [other for other in scheme.organs if other.name.lower() == organ.name.lower()]
    found = exact or [other for other in scheme.organs if _names(other) & _names(organ)]
    return found[0] if len(found) == 1 else None


def _names(organ: Organ) -> set[str]:
    return {organ.name.lower(), *(alias.lower() for alias in organ.aliases)}
