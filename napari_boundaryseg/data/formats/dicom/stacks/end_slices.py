"""End slices that may be missing: positions cannot show it, what the header counts can."""

from __future__ import annotations

from collections.abc import Sequence

from napari_boundaryseg.data.formats.dicom.slices import Slice

_COUNTS = ("ImagesInAcquisition", "NumberOfSlices", "private count")
_NEARLY = 1.1
"""A count that is larger than this many times the slices counts something else, such as all echoes."""
_FIRST = (2, 3)
"""Numbers that a series begins with when one or two slices are missing."""


def end_slices(ordered: Sequence[Slice]) -> tuple[str, ...]:
    """A warning where the slices' numbers or what they say of the whole suggest that the first or last are missing.

    Parameters
    ----------
    ordered : sequence of Slice
        Along the stack.
    """
    count = len(ordered)
    for keyword in _COUNTS:
        said = {item.told.get(keyword, "") for item in ordered}
        number = said.pop()
        if not said and number.isdecimal() and count < int(number) <= _NEARLY * count + 1:
            return (f"Its header counts {int(number)} slices, there are {count}: the first or last may be missing.",)
    numbers = [item.told.get("InstanceNumber", "") for item in ordered]
    if count > 1 and all(number.isdecimal() for number in numbers):
        values = sorted(map(int, numbers))
        if values[0] in _FIRST and values == list(range(values[0], values[0] + count)):
            return (f"Its slices are numbered from {values[0]}: the one before may be missing.",)
    return ()
