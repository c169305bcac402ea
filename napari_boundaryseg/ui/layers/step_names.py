"""Names of steps for a person: "Paint: Prostate, slice 41". Slices are counted from 1."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.labels import LabelScheme

WORDS = {"paint": "Paint", "erase": "Erase", "fill": "Fill", "polygon": "Polygon"}
PLANES = ("slice", "coronal slice", "sagittal slice")
MOST_TOLD = 3
"""Runs of slices that are named one by one."""


def tool_name(layer: Any, scheme: LabelScheme) -> str:
    """What napari's tool in hand does to a labels layer: "Paint: Prostate"."""
    mode = str(layer.mode) if layer is not None else ""
    organ = layer.selected_label if layer is not None and mode in WORDS else 0
    return of_organ(WORDS.get(mode, "Change"), scheme, organ)


def of_organ(name: str, scheme: LabelScheme, organ: int) -> str:
    """A step called after what it does and the organ that it is about, if there is one."""
    return f"{name}: {scheme.organ(organ).name}" if organ in scheme.ids else name


def in_place(name: str, box: Box | None) -> str:
    """A step's name, and where it was, if a box is given."""
    return name if box is None else f"{name}, {place_name(box)}"


def place_name(box: Box) -> str:
    """The slices of a box on the display grid.

    Examples
    --------
    >>> place_name((slice(9, 10), slice(0, 5), slice(0, 5))), place_name((slice(2, 6), slice(0, 5), slice(0, 5)))
    ('slice 10', 'slices 3 to 6')
    """
    for part, plane in zip(box, PLANES):
        if part.stop - part.start == 1:
            return f"{plane} {part.stop}"
    return f"slices {box[0].start + 1} to {box[0].stop}"


def slices_in_words(slices: Iterable[int], axis: int = 0) -> str:
    """On which slices across an axis, numbered from 0 and told from 1, the first few as they come.

    Examples
    --------
    >>> slices_in_words([1, 2, 3, 5])
    'on slices 2 to 4, 6'
    >>> slices_in_words(range(0, 12, 2))
    'on slices 1, 3, 5 and 3 others'
    """
    runs: list[list[int]] = []
    for n in sorted(set(slices)):
        if runs and runs[-1][1] == n:
            runs[-1][1] = n + 1
        else:
            runs.append([n + 1, n + 1])
    told = [str(a) if a == b else f"{a} to {b}" for a, b in runs[:MOST_TOLD]]
    left = sum(b - a + 1 for a, b in runs[MOST_TOLD:])
    one = len(runs) == 1 and runs[0][0] == runs[0][1]
    others = f" and {left} other{'s' if left > 1 else ''}" if left else ""
    return f"on {PLANES[axis]}{'' if one else 's'} {', '.join(told)}{others}" if runs else ""
