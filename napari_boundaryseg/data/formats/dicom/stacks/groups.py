"""Slices grouped by the value of an attribute."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import zip_longest

import numpy as np

from napari_boundaryseg.data.formats.dicom.slices import Slice
from napari_boundaryseg.data.formats.dicom.stacks.attributes import Attribute

Groups = dict[str, list[int]]
"""The numbers of the slices that share a value, by that value."""

_SAME = 0.01
"""Numbers that differ by less than this part are one value: scanners write what they really played out."""
_PAUSE = 5
"""Moments are two groups where the pause between them is so many times as long as the usual one."""


def grouped(ordered: Sequence[Slice], attribute: Attribute) -> Groups:
    """The groups of one attribute; none when it is constant, or another on nearly every slice."""
    values = [item.told.get(attribute.keyword, "") for item in ordered]
    if attribute.number:
        values = _rounded(values, attribute)
    groups: Groups = defaultdict(list)
    for n, value in enumerate(values):
        groups[value].append(n)
    return dict(groups) if 1 < len(groups) <= len(ordered) / 2 else {}


def grouped_by_all(several: Sequence[Groups]) -> Groups:
    """Slices that are in the same group of every attribute; their values are the lines of the key."""
    keys: dict[int, list[str]] = defaultdict(list)
    for groups in several:
        for value, numbers in groups.items():
            for n in numbers:
                keys[n].append(value)
    together: Groups = defaultdict(list)
    for n in sorted(keys):
        together["\n".join(keys[n])].append(n)
    return dict(together)


def differing_parts(groups: Groups) -> dict[str, list[str]]:
    r"""The values of each group, one for each attribute, of lists of values only the parts that are not all alike.

    Examples
    --------
    >>> differing_parts({"ORIGINAL\\M\\ND": [0, 2], "ORIGINAL\\P\\ND": [1, 3]})
    {'ORIGINAL\\M\\ND': ['M'], 'ORIGINAL\\P\\ND': ['P']}
    """
    columns = []
    for values in zip_longest(*(key.split("\n") for key in groups), fillvalue=""):
        parts = list(zip_longest(*(value.split("\\") for value in values), fillvalue=""))
        kept = [part for part in parts if len(set(part)) > 1]
        columns.append(["\\".join(each) for each in zip(*kept)] or list(values))
    return {key: list(values) for key, values in zip(groups, zip(*columns))}


def _rounded(values: list[str], attribute: Attribute) -> list[str]:
    """Each number as the lowest of those that are nearly the same."""
    numbers: dict[str, float] = {}
    for value in set(values):
        try:
            numbers[value] = float(value)
        except ValueError:
            continue
    rounded: dict[str, str] = {}
    lowest = previous = ""
    least = _least_gap(sorted(numbers.values()), attribute.keyword.endswith("Time") and not attribute.shown)
    for value in sorted(numbers, key=lambda key: numbers[key]):
        apart = numbers[value] - numbers[previous] if previous else np.inf
        if apart > (least if least is not None else _SAME * abs(numbers[value])):
            lowest = value
        rounded[value], previous = lowest, value
    return [rounded.get(value, value) for value in values]


def _least_gap(numbers: list[float], moments: bool) -> float | None:
    """The pause that parts two groups of moments, in seconds; None for other numbers."""
    if not moments:
        return None
    gaps = np.diff(numbers)
    return max(1.0, _PAUSE * float(np.median(gaps))) if gaps.size > 2 else 0.0
