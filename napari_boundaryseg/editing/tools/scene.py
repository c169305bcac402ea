"""What a correction tool is given, and what it gives back."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data.boxes import Box

Spacing = tuple[float, float, float]


class Written(NamedTuple):
    """Labels that a tool would write.

    Parameters
    ----------
    box : three slices
    labels : integer array
        As large as the box.
    spared : tuple of int
        Other organs that the tool would have written over, had they not been spared.
    """

    box: Box
    labels: np.ndarray
    spared: tuple[int, ...] = ()


class Scene(NamedTuple):
    """The labels as they are, which a tool reads and never writes, and what it is asked to change of them.

    Parameters
    ----------
    labels : (I, J, K) integer array
    organ : int
        The chosen one.
    spacing_mm : three floats
    axis : int
        Across the slice that is looked at.
    pressed : int
        The label under the mouse where the stroke began, before it.
    scan : (I, J, K) array, optional
        The grey levels.
    model : (I, J, K) integer array, optional
        The labels that a model has found on this scan.
    model_box : three slices, optional
        The part that it has looked at; all of it by default.
    other : int
        A second organ, for tools that need one.
    """

    labels: np.ndarray
    organ: int
    spacing_mm: Spacing
    axis: int = 0
    pressed: int = 0
    scan: np.ndarray | None = None
    model: np.ndarray | None = None
    model_box: Box | None = None
    other: int = 0

    @property
    def plane(self) -> tuple[int, int]:
        """The two axes that lie in the slice."""
        first, second = (a for a in range(3) if a != self.axis)
        return first, second

    def written(self, box: Box, mask: np.ndarray, over: bool | int = False) -> Written | None:
        """Let the chosen organ be this in a box; None where that changes nothing.

        Parameters
        ----------
        box : three slices
        mask : bool array as large as the box
        over : bool or int
            Whether other organs give way, or the one that does; else they are spared.
        """
        before = self.labels[box]
        free = np.ones_like(mask) if over is True else (before == 0) | (before == int(over))
        labels = np.where(mask & free, self.organ, np.where(~mask & (before == self.organ), 0, before))
        labels = labels.astype(before.dtype, copy=False)
        if np.array_equal(labels, before):
            return None
        kept = before[mask & ~free]
        return Written(box, labels, tuple(int(one) for one in np.unique(kept) if one != self.organ))


def box_within(
    middle: Sequence[float], reach_mm: float, spacing_mm: Sequence[float], shape: Sequence[int], axis: int | None = None
) -> Box | None:
    """The voxels with their middle at most so far from a point along each axis; None where there are none.

    Parameters
    ----------
    middle : three floats
        In voxels.
    reach_mm : float
    spacing_mm, shape : of the array
    axis : int, optional
        Across the one slice that is meant; all are by default.

    Examples
    --------
    >>> box_within((5.2, 5.0, 0.0), 2.0, (1.0, 2.0, 1.0), (9, 9, 9), axis=0)
    (slice(5, 6, None), slice(4, 7, None), slice(0, 3, None))
    """
    parts = []
    for a, (at, mm, n) in enumerate(zip(middle, spacing_mm, shape, strict=True)):
        reach = reach_mm / mm
        low, high = (math.ceil(at - reach), math.floor(at + reach) + 1) if a != axis else (round(at), round(at) + 1)
        parts.append(slice(max(low, 0), min(high, n)))
        if parts[-1].start >= parts[-1].stop:
            return None
    return parts[0], parts[1], parts[2]


def distance_mm(box: Box, middle: Sequence[float], spacing_mm: Sequence[float]) -> np.ndarray:
    """How far the middle of each voxel of a box lies from a point, as large as the box."""
    squares = [
        ((np.arange(part.start, part.stop) - at) * mm) ** 2
        for part, at, mm in zip(box, middle, spacing_mm, strict=True)
    ]
    return np.sqrt(squares[0][:, None, None] + squares[1][:, None] + squares[2])
