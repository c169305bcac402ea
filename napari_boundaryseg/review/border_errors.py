"""Errors of an organ's border: the error map where there is a border, and the worst places that are worth a look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from napari_boundaryseg.review.error_map import box_round, error_map
from napari_boundaryseg.review.worst_places import WorstPlace, worst_places

LEAST_MM2 = 25.0
"""A place of less is left out of a list: 5 mm by 5 mm, as short as the shortest arc of a review."""

COLOURS_TOLERANCES = 2, 5
"""Colours of an error map end at so many tolerances at least, and at most: a far island leaves the rest its colours."""


@dataclass(frozen=True)
class BorderErrors:
    """How far a border is off, and where the most.

    Parameters
    ----------
    corner : three ints
        Of the map, in the arrays that were given.
    signed_mm : (I, J, K) float32 array
        `error_map` in the box round both masks: above 0 where the border lies outside the reference's, NaN off it.
    tolerance_mm : float
    places : tuple of WorstPlace
        Those of at least ``least_mm2`` of border, the worst first.
    n_small : int
        How many smaller ones there are.
    least_mm2 : float
    small_mm : float
        How far off the worst of the smaller ones is; 0 without any.
    """

    corner: tuple[int, int, int]
    signed_mm: np.ndarray
    tolerance_mm: float
    places: tuple[WorstPlace, ...]
    n_small: int
    least_mm2: float = LEAST_MM2
    small_mm: float = 0.0

    @property
    def limit_mm(self) -> float:
        """Where colours end, on both sides of 0: 19 of 20 border voxels lie within, but for `COLOURS_TOLERANCES`."""
        sizes = np.abs(self.signed_mm[np.isfinite(self.signed_mm)])
        least, most = (n * self.tolerance_mm for n in COLOURS_TOLERANCES)
        return float(np.clip(np.percentile(sizes, 95), least, most)) if sizes.size else least


def border_errors(
    judged: np.ndarray,
    reference: np.ndarray,
    spacing_mm: Sequence[float],
    tolerance_mm: float,
    slice_axis: int = 0,
    least_mm2: float = LEAST_MM2,
) -> BorderErrors | None:
    """Error map and worst places of a mask against a reference; None where one of the two is empty.

    Parameters
    ----------
    judged, reference : (I, J, K) bool array
        For slices numbered as the window does, on the display grid.
    spacing_mm : three floats
    tolerance_mm : float
    slice_axis : int
        Across the slices.
    least_mm2 : float
        What a place needs of border.

    Examples
    --------
    >>> reference = np.zeros((20, 30, 30), bool)
    >>> reference[4:16, 5:25, 5:25] = True
    >>> judged = reference.copy()
    >>> judged[8:12, 25:28, 10:20] = True  # a bulge of 3 mm
    >>> judged[4, 5:8, 5:8] = False  # a corner of 9 mm²
    >>> found = border_errors(judged, reference, (1.0, 1.0, 1.0), tolerance_mm=1.0)
    >>> found.corner, float(np.nanmax(found.signed_mm)), len(found.places), found.limit_mm
    ((3, 4, 4), 3.0, 1, 2.0)
    """
    if not (judged.any() and reference.any()):
        return None
    box = box_round(judged, reference)
    if box is None:
        return None
    i, j, k = (int(part.start) for part in box)
    found = worst_places(judged, reference, spacing_mm, tolerance_mm, slice_axis)
    large = tuple(place for place in found if place.area_mm2 >= least_mm2)
    small_mm = max((abs(place.mm) for place in found if place.area_mm2 < least_mm2), default=0.0)
    signed = error_map(judged[box], reference[box], spacing_mm)
    return BorderErrors((i, j, k), signed, tolerance_mm, large, len(found) - len(large), least_mm2, small_mm)
