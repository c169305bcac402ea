"""Names of steps for a person: "Paint: Prostate, slice 41". Slices are counted from 1."""

from __future__ import annotations

from typing import Any

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.labels import LabelScheme

WORDS = {"paint": "Paint", "erase": "Erase", "fill": "Fill", "polygon": "Polygon"}
PLANES = ("slice", "coronal slice", "sagittal slice")


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
