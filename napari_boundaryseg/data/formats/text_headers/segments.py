"""Segments of 3D Slicer: the names that notes in an NRRD header give to integers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from napari_boundaryseg.data.formats.format import Names
from napari_boundaryseg.data.formats.text_headers.header import EXPORT_AGAIN
from napari_boundaryseg.errors import InputError

_NOTE = re.compile(r"Segment(\d+)_(Name|LabelValue):=(.*)")
_FRACTIONS = re.compile(r"Segmentation_(Master|Source)Representation:=Fractional labelmap")


def segment_names(path: Path, notes: Iterable[str]) -> Names:
    """The integer and the name of each segment; one that is alone is 1 where its integer is not said.

    Raises
    ------
    InputError
        For a segment with a name and without an integer, and for segments that are stored as fractions.
    """
    notes = list(notes)
    if any(map(_FRACTIONS.match, notes)):
        raise InputError(path, "its segments are stored as fractions", "Export it as a binary label map")
    segments: dict[int, dict[str, str]] = {}
    for note in notes:
        if said := _NOTE.fullmatch(note):
            segments.setdefault(int(said[1]), {})[said[2]] = said[3].strip()
    found = []
    for one in segments.values():
        integer = one.get("LabelValue", "1" if len(segments) == 1 else "")
        if "Name" in one and not re.fullmatch(r"[0-9]{1,9}", integer):
            raise InputError(path, f"its header names a segment {one['Name']} without its integer", EXPORT_AGAIN)
        if "Name" in one and int(integer):
            found.append((int(integer), one["Name"]))
    return tuple(found)
