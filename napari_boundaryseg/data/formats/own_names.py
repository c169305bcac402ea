"""Own names of a label file: what it calls its integers itself, matched to a label scheme by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from napari_boundaryseg.data.formats.format import Names
from napari_boundaryseg.data.labels import LabelScheme, anonymous
from napari_boundaryseg.data.spelling import called, folded, means_nothing
from napari_boundaryseg.data.volume import MOST_ORGANS, LabelMap
from napari_boundaryseg.errors import InputError


def under(labels: LabelMap, names: Names, scheme: LabelScheme | None) -> LabelMap:
    """The labels of a file in a scheme's integers; without a scheme, under the file's own names.

    Names that a program gave by itself, such as "Segment_1", say nothing: those integers count as they are.

    Raises
    ------
    InputError
        When a name is no organ of the scheme, or the names contradict each other; an integer is never taken for
        another organ than the file says.
    """
    said = _telling(labels.name, names)
    vague = tuple((i, name) for i, name in names if means_nothing(name))
    if vague:
        doubt = f"It names its segments {listed(vague)}, and none of these is an organ: their integers count."
        labels = replace(labels, warnings=(*labels.warnings, doubt))
    present = [int(i) for i in np.unique(labels.array) if i]
    if scheme is None:
        every = {*present, *said} if len({*present, *said}) <= MOST_ORGANS else present
        return replace(labels, scheme=anonymous(tuple(every), said)) if said else labels
    numbers = _numbers(labels.name, present, said, scheme)
    moved = [f"{i} {said[i]} is {number}" for i, number in numbers.items() if i != number]
    if not moved:
        return labels.with_scheme(scheme)
    table = np.zeros(max(numbers) + 1, np.uint16)
    table[list(numbers)] = list(numbers.values())
    told = f"Its organs were matched by the names in it, not by their integers: {some(moved)}."
    return replace(labels, array=table[labels.array], warnings=(*labels.warnings, told)).with_scheme(scheme)


def listed(names: Names) -> str:
    """Integers and their names in words, not all when there are many."""
    return some(f"{i} {name}" for i, name in names)


def some(texts: Iterable[str], most: int = 8) -> str:
    """Texts in a row, not all when there are many."""
    found = list(texts)
    return ", ".join(found[:most]) + (" and more" if len(found) > most else "")


def _telling(subject: str, names: Names) -> dict[int, str]:
    """The names that somebody gave; one integer has one."""
    said: dict[int, str] = {}
    for i, name in names:
        if not means_nothing(name) and folded(said.setdefault(i, name)) != folded(name):
            raise InputError(subject, f"it calls the integer {i} both {said[i]} and {name}", "Export it again")
    return said


def _numbers(subject: str, present: list[int], said: Mapping[int, str], scheme: LabelScheme) -> dict[int, int]:
    """The scheme's integer of every integer that occurs."""
    numbers = {i: _number(subject, i, said[i], scheme) if i in said else i for i in present}
    nameless = [str(i) for i in present if i not in said]
    if nameless and any(i != number for i, number in numbers.items()):
        raise InputError(
            subject, f"its names do not have the integers of {scheme.name!r}, and {some(nameless)} has none",
            "Name every structure in the program that it comes from",
        )  # fmt: skip
    for number in numbers.values():
        same = [said[i] for i in numbers if numbers[i] == number and i in said]
        if len(same) > 1:
            organ = scheme.organ(number).name
            raise InputError(subject, f"it names {' and '.join(same)}, which are both {organ}", "Join or rename them")
    return numbers


def _number(subject: str, i: int, name: str, scheme: LabelScheme) -> int:
    ids = [organ.id for organ in called(name, scheme)]
    if i in ids or len(ids) == 1:
        return i if i in ids else ids[0]
    raise InputError(
        subject,
        f"it calls the integer {i} {name}, which is {'more than one' if ids else 'no'} organ of {scheme.name!r}",
        f"Rename it there to one of {', '.join(scheme.names)}, or choose the label scheme that it was drawn with",
    )
