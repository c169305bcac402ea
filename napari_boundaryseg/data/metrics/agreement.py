"""Agreement of two drawings of a slice: the share of their borders that lies near the other border."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from napari_boundaryseg.data.metrics.structure_pair import ROUNDING_MM, surface_distances


def agreement(
    found: np.ndarray, wanted: np.ndarray, tolerances_mm: Mapping[int, float], spacing_mm: Sequence[float]
) -> float:
    """Surface Dice in a slice, 0..1: the share of all organs' border pixels that are near the other border.

    Near is within the organ's tolerance, and never nearer than the next pixel. 1 where neither slice has an organ.

    Parameters
    ----------
    found, wanted : (R, C) arrays of integers
    tolerances_mm : mapping
        Of each organ, by its integer.
    spacing_mm : two floats
        Between rows and columns.

    Examples
    --------
    >>> square = np.zeros((9, 12), int)
    >>> square[2:7, 2:7] = 1
    >>> [round(agreement(np.roll(square, n, 1), square, {1: 1.0}, (1.0, 1.0)), 2) for n in (0, 1, 5)]
    [1.0, 1.0, 0.34]
    """
    near = points = 0
    for organ, tolerance_mm in tolerances_mm.items():
        a, b = found == organ, wanted == organ
        if a.any() or b.any():
            apart = np.concatenate(surface_distances(a, b, spacing_mm))
            near += int(np.count_nonzero(apart <= max(tolerance_mm, *spacing_mm) + ROUNDING_MM))
            points += len(apart)
    return near / points if points else 1.0
