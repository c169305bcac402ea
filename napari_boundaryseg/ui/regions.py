"""The part of a scan that a prediction is limited to: from a drawn rectangle, or around an organ."""

from __future__ import annotations

import math

import numpy as np

from napari_boundaryseg.data.volume import Geometry, LabelMap
from napari_boundaryseg.errors import InputError

Box = tuple[slice, slice, slice]


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
    if not inside.any():
        raise InputError(organ or "The labels", "nothing is drawn yet", "Draw some voxels of it first")
    parts = []
    for axis, (n, size) in enumerate(zip(inside.shape, labels.spacing_mm)):
        where = np.flatnonzero(inside.any(axis=tuple(a for a in range(3) if a != axis)))
        more = math.ceil(margin_mm / size - 1e-6)
        parts.append(slice(max(0, int(where[0]) - more), min(n, int(where[-1]) + 1 + more)))
    i, j, k = parts
    return i, j, k


def in_words(box: Box, geometry: Geometry) -> str:
    """The size of a box for a person: "96 × 96 × 40 mm"."""
    sizes = [(part.stop - part.start) * mm for part, mm in zip(box, geometry.spacing_mm)]
    return " × ".join(f"{size:.0f}" for size in sizes) + " mm"
