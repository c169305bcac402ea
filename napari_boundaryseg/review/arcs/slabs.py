"""Slabs of a scan: an organ's part of some slices at a time, slices first, so that no whole map need be in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box

Maps = np.ndarray | Callable[[Box], np.ndarray]
"""(C, I, J, K) array, also one that lies in a file; or what gives (C, i, j, k) of a box."""
SLAB_BYTES = 64 * 2**20
"""About how much of the maps is in memory at once."""
FARTHEST_MM = 12.0
"""Distances between borders count no more than this."""


@dataclass(frozen=True, eq=False)
class Slab:
    """Some slices of one organ's box, with the slice before and the one after where the scan has them.

    Parameters
    ----------
    slices : range
        Of the scan: those that are asked for.
    first : int
        Of the scan: the first slice of the arrays.
    corner : (2,) int array
        The box's first row and column in the scan.
    mask : (N, R, C) bool array
    probabilities : (classes, N, R, C) float32 array, or None
    image : (N, R, C) float32 array, or None
    """

    slices: range
    first: int
    corner: np.ndarray
    mask: np.ndarray
    probabilities: np.ndarray | None
    image: np.ndarray | None


def slabs(
    labels: np.ndarray,
    organ: int,
    axis: int,
    spacing_mm: Sequence[float],
    room_mm: float,
    probabilities: Maps | None = None,
    image: Maps | None = None,
    classes: int = 1,
) -> Iterator[Slab]:
    """An organ's box with room round it in each slice, slab by slab.

    Parameters
    ----------
    labels : (I, J, K) array of int
    organ, axis : int
    spacing_mm : three floats
    room_mm : float
        In the slices, round the organ.
    probabilities, image : Maps, optional
        Of the image the first channel is taken.
    classes : int
        Of the probabilities.
    """
    mask = np.asarray(labels == organ)
    rooms = [0.0 if n == axis else room_mm for n in range(3)]
    box = boxes.around(mask, spacing_mm, rooms)
    if box is None:
        return
    along = range(*box[axis].indices(mask.shape[axis]))
    plane = int(np.prod([box[n].stop - box[n].start for n in range(3) if n != axis]))
    most = max(1, SLAB_BYTES // (4 * classes * plane))
    for start in range(along.start, along.stop, most):
        slices = range(start, min(start + most, along.stop))
        ends = slice(max(0, slices.start - 1), min(mask.shape[axis], slices.stop + 1))
        part: Box = tuple(ends if n == axis else box[n] for n in range(3))  # type: ignore[assignment]
        yield Slab(
            slices,
            ends.start,
            np.array([box[n].start for n in range(3) if n != axis]),
            np.moveaxis(mask[part], axis, 0),
            None if probabilities is None else _taken(probabilities, part, axis),
            None if image is None else _taken(image, part, axis)[0],
        )


def _taken(maps: Maps, box: Box, axis: int) -> np.ndarray:
    """A box of maps, (C, N, R, C), float32, slices first."""
    found = maps(box) if callable(maps) else maps[(slice(None), *box)]
    return np.ascontiguousarray(np.moveaxis(np.asarray(found, np.float32), axis + 1, 1))
