"""The part of a scan that a prediction is limited to: from a drawn rectangle, or around an organ."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError


def from_rectangle(corners: np.ndarray, slices: tuple[int, int], geometry: Geometry) -> Box:
    """A rectangle drawn on the display grid, and the slices that it holds for, as a box on the scan's own array.

    Parameters
    ----------
    corners : (2, 3) array
        Lowest and highest z, y, x of the rectangle, in voxels of the display grid.
    slices : two ints
        First and last slice along the axis that the rectangle is flat in, counted from 0.
    geometry : Geometry

    Raises
    ------
    InputError
        For a rectangle that holds no voxel of the scan.
    """
    flat = int(np.argmin(corners[1] - corners[0]))
    parts = []
    for axis, n in enumerate(geometry.display.display_shape):
        low, high = (slices[0], slices[1]) if axis == flat else (round(corners[0, axis]), round(corners[1, axis]))
        start, stop = max(0, min(low, high)), min(n, max(low, high) + 1)
        if stop - start < 1:
            raise InputError("The box", "it holds no voxel of the scan", "Draw it on the scan")
        parts.append(slice(start, stop))
    return geometry.display.box_from_display(tuple(parts))


def around(labels: LabelMap, organ: str | None, margin_mm: float) -> Box:
    """The smallest box that holds an organ, or every label, and at least ``margin_mm`` more on each side."""
    inside = labels.mask(organ) if organ else labels.array > 0
    box = boxes.around(inside, labels.spacing_mm, margin_mm)
    if box is None:
        raise InputError(organ or "The labels", "nothing is drawn yet", "Draw some voxels of it first")
    return box


def in_words(box: Box, geometry: Geometry) -> str:
    """The size of a box for a person: "96 × 96 × 40 mm"."""
    sizes = [(part.stop - part.start) * mm for part, mm in zip(box, geometry.spacing_mm)]
    return " × ".join(f"{size:.0f}" for size in sizes) + " mm"
