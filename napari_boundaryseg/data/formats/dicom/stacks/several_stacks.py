"""Stacks that lie between each other in one series: told apart by how their slices were taken."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from napari_boundaryseg.data.formats.dicom.slices import Slice, named
from napari_boundaryseg.data.formats.dicom.stacks.attributes import ATTRIBUTES, EVIDENCE, Attribute
from napari_boundaryseg.data.formats.dicom.stacks.groups import Groups, differing_parts, grouped, grouped_by_all
from napari_boundaryseg.data.formats.dicom.stacks.places import distinct, evenly_spaced
from napari_boundaryseg.errors import InputError

_CHOOSE = "Move the files of one stack into a folder of their own and open that"
_MOST = 4
_FEWEST_NUMBERED = 6
_WITHOUT_PACKAGES = ("CT", "PT")
"""Modalities that never measure one stack in packages of every second slice, as MR does."""
_ONE_MOMENT = ("AcquisitionNumber", "AcquisitionTime")


def one_stack(folder: Path, ordered: Sequence[Slice], places: np.ndarray) -> tuple[str, ...]:
    """Refuse slices that are several stacks; what else tells some slices from others as warnings.

    An attribute that has another value on nearly every slice tells nothing. One with few values tells stacks apart when
    the slices of each value are evenly spaced by themselves and lie among those of another.

    Parameters
    ----------
    folder : Path
    ordered : sequence of Slice
    places : (n,) array
        Where they lie along their normal, growing, in mm.

    Raises
    ------
    InputError
        With the number of slices of each stack, what tells them apart, and their first files.
    """
    varying = [((attribute,), groups) for attribute in ATTRIBUTES if (groups := grouped(ordered, attribute))]
    together = [(tuple(a for (a,), _ in varying), grouped_by_all([groups for _, groups in varying]))]
    for attributes, groups in varying + together * (len(varying) > 1):
        if _lie_between(places, groups):
            raise _refusal(folder, ordered, groups, attributes)
    warnings = tuple(f"Its slices differ: {_listed(ordered, groups, attributes)}." for attributes, groups in varying)
    return warnings + _packages(folder, ordered, places)


def differences(one: Slice, other: Slice) -> list[str]:
    """The names of the attributes in which two slices differ."""
    return [a.name for a in ATTRIBUTES + EVIDENCE if one.told.get(a.keyword, "") != other.told.get(a.keyword, "")]


def _lie_between(places: np.ndarray, groups: Groups) -> bool:
    """Whether the slices of each group make a stack of their own, and lie among those of another."""
    own = [distinct(places[numbers]) for numbers in groups.values()]
    if min(map(len, groups.values())) < 2 or not all(map(evenly_spaced, own)):
        return False
    ends = sorted((each[0], each[-1]) for each in own)
    return any(later[0] < max(end for _, end in ends[: n + 1]) for n, later in enumerate(ends[1:])) or _all_same(ends)


def _all_same(ends: list[tuple[float, float]]) -> bool:
    """Groups of one place each, at the same place."""
    return len({round(low, 2) for low, _ in ends}) == 1


def _packages(folder: Path, ordered: Sequence[Slice], places: np.ndarray) -> tuple[str, ...]:
    """What only hints at two stacks: every second slice of another acquisition, or a distance that the slices deny."""
    said = _spacing_said(ordered)
    step = float(np.median(np.diff(places)))
    for attribute in EVIDENCE:
        groups = grouped(ordered, attribute)
        if not groups or not _in_turn(groups):
            continue
        of_time = attribute.keyword in _ONE_MOMENT
        denied = said is not None and abs(said - len(groups) * step) <= 0.05 * said
        if denied or (of_time and ordered[0].modality in _WITHOUT_PACKAGES):
            raise _refusal(folder, ordered, groups, (attribute,))
        if said is None or abs(said - step) > 0.05 * said:
            return (f"Its slices alternate: {_listed(ordered, groups, (attribute,))}. Are they two stacks?",)
    ratio = said / step if said and step > 0 else 0.0
    if round(ratio) in (2, 3, 4) and abs(ratio - round(ratio)) <= 0.05:
        return (f"Its slices lie {step:.2f} mm apart but say {said:.2f} mm: they may be several stacks.",)
    if said is None and _numbered_as_two(ordered):
        return ("Every second slice is numbered after all others: are they two stacks?",)
    return ()


def _numbered_as_two(ordered: Sequence[Slice]) -> bool:
    """Whether the slices are numbered 1, 11, 2, 12, ... along the stack, or the other way round."""
    try:
        numbers = np.array([int(item.told.get("InstanceNumber", "")) for item in ordered], np.float64)
    except (ValueError, OverflowError):
        return False
    halves = sorted((numbers[0::2], numbers[1::2]), key=lambda half: float(half[0]))
    steps = np.sign([*np.diff(halves[0]), *np.diff(halves[1])])
    return len(numbers) >= _FEWEST_NUMBERED and abs(steps.sum()) == len(steps) and halves[0].max() < halves[1].min()


def _in_turn(groups: Groups) -> bool:
    """Whether the groups take turns from slice to slice."""
    sizes = [len(numbers) for numbers in groups.values()]
    strides = {int(stride) for numbers in groups.values() for stride in np.diff(numbers)}
    return strides == {len(groups)} and max(sizes) - min(sizes) <= 1


def _spacing_said(ordered: Sequence[Slice]) -> float | None:
    """The distance that every slice says it has to the next, in mm."""
    said = {item.told.get("SpacingBetweenSlices", "") for item in ordered}
    try:
        value = abs(float(said.pop()))
    except ValueError:
        return None
    return value if not said and 0 < value < np.inf else None


def _refusal(folder: Path, ordered: Sequence[Slice], groups: Groups, attributes: tuple[Attribute, ...]) -> InputError:
    found = _listed(ordered, groups, attributes, files=True)
    return InputError(folder, f"it holds {len(groups)} stacks that lie between each other: {found}", _CHOOSE)


def _listed(ordered: Sequence[Slice], groups: Groups, attributes: tuple[Attribute, ...], files: bool = False) -> str:
    """How many slices have which value, and the first of their files."""
    listed = []
    short = differing_parts(groups)
    in_order = sorted(groups, key=lambda value: groups[value][0])
    for key in in_order[:_MOST]:
        numbers = groups[key]
        words = [
            _words(attribute, value, None if key == in_order[0] else first)
            for attribute, value, first in zip(attributes, short[key], short[in_order[0]])
        ]
        own = f" ({named([ordered[n].path for n in numbers], 2)})" if files else ""
        listed.append(
            f"{len(numbers)} {'slice' if len(numbers) == 1 else 'slices'} with {' and '.join(words[:2])}{own}"
        )
    more = [f"{len(groups) - _MOST} more"] if len(groups) > _MOST else []
    return ", ".join(listed + more)


def _words(attribute: Attribute, value: str, first: str | None) -> str:
    if attribute.number and not attribute.shown and value and first:  # a moment: only how long after the first
        return f"another {attribute.name}, {float(value) - float(first):+.0f} s"
    return attribute.words(value, again=first is not None)
