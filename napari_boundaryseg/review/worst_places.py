"""Worst places: connected pieces of a border that is off by more than a tolerance, the worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_boundaryseg.data.boundaries import inner_boundary
from napari_boundaryseg.data.metrics.structure_pair import ROUNDING_MM
from napari_boundaryseg.review.error_map import box_round, signed_errors


@dataclass(frozen=True)
class WorstPlace:
    """One place at which a border is off: where to look, and how much is wrong.

    Parameters
    ----------
    voxel : three ints
        The worst voxel, in the arrays that were given: of the judged border, or of the reference's that it misses.
    mm : float
        How far it is off; above 0 the judged mask is too large there, below 0 too small.
    area_mm2 : float
        Of the border that is off by more than the tolerance.
    slice : int
        That of the voxel, from 0.
    slices : two ints
        The first and the last slice of the place, from 0.
    """

    voxel: tuple[int, int, int]
    mm: float
    area_mm2: float
    slice: int
    slices: tuple[int, int]

    @property
    def sentence(self) -> str:
        """What is wrong and where, for a person, with slices counted from 1."""
        how = "too large" if self.mm > 0 else "too small"
        where = where_text(self.slice, self.slices)
        return f"{abs(self.mm):.1f} mm {how} on {where}, {area_text(self.area_mm2)} of border"


def worst_places(
    judged: np.ndarray,
    reference: np.ndarray,
    spacing_mm: Sequence[float],
    tolerance_mm: float,
    slice_axis: int = 0,
) -> tuple[WorstPlace, ...]:
    """The places at which a mask's border and the reference's are farther apart than the tolerance.

    Both directions count: of a lobe that is missing altogether the judged mask has no border, the reference has. What
    is off on the two sides of the same gap is one place: a place is connected, by corners too, through the voxels
    between the borders at which the gap is wider than the tolerance.

    Parameters
    ----------
    judged, reference : (I, J, K) bool array
        For slices numbered as the window does, on the display grid.
    spacing_mm : three floats
    tolerance_mm : float
    slice_axis : int
        Across the slices.

    Returns
    -------
    tuple of WorstPlace
        The farthest off first. Empty where one of the two has no border: what is missing has no distance.

    Examples
    --------
    >>> reference = np.zeros((20, 30, 30), bool)
    >>> reference[4:16, 5:25, 5:25] = True
    >>> judged = reference.copy()
    >>> judged[8:12, 25:28, 10:20] = True  # a bulge of 3 mm
    >>> judged[14:, :, :] = False  # the upper two slices are not drawn
    >>> for place in worst_places(judged, reference, (2.0, 1.0, 1.0), tolerance_mm=2.0):
    ...     print(place.sentence)
    4.0 mm too small on slice 14 (slices 14 to 16), 497 mm² of border
    3.0 mm too large on slice 9 (slices 9 to 12), 91 mm² of border
    """
    box = box_round(judged, reference)
    if box is None:
        return ()
    a, b = judged[box], reference[box]
    limit = tolerance_mm + ROUNDING_MM
    # A border voxel of the reference that the judged mask holds is one that it reaches beyond.
    errors = [signed_errors(a, b, spacing_mm), -signed_errors(b, a, spacing_mm)]
    off = [np.abs(error) > limit for error in errors]
    if not (off[0].any() or off[1].any()):
        return ()
    pieces, n = ndimage.label(off[0] | off[1] | _wide_gap(a, b, spacing_mm, limit), np.ones((3, 3, 3)))
    areas = np.zeros(n)
    for mask, where in zip((a, b), off, strict=True):
        weights = border_areas_mm2(mask, np.argwhere(where), spacing_mm)
        areas = np.maximum(areas, np.bincount(pieces[where] - 1, weights, n))
    size = np.fmax(np.where(off[0], np.abs(errors[0]), -1.0), np.where(off[1], np.abs(errors[1]), -1.0))
    signed = np.where(off[0] & (np.abs(errors[0]) == size), errors[0], errors[1])
    corner = [part.start for part in box]
    found = []
    for number, around in enumerate(ndimage.find_objects(pieces), start=1):
        here = np.where(pieces[around] == number, size[around], -1.0)
        if here.max() < 0:
            continue  # a gap that no border beside it is off by so much
        at = np.unravel_index(int(here.argmax()), here.shape)
        i, j, k = (int(start + part.start + one) for start, part, one in zip(corner, around, at, strict=True))
        drawn = np.flatnonzero((here >= 0).any(axis=tuple(axis for axis in range(3) if axis != slice_axis)))
        first = corner[slice_axis] + around[slice_axis].start
        found.append(
            WorstPlace(
                (i, j, k),
                float(signed[around][at]),
                float(areas[number - 1]),
                (i, j, k)[slice_axis],
                (int(first + drawn[0]), int(first + drawn[-1])),
            )
        )
    return tuple(sorted(found, key=lambda place: -abs(place.mm)))


def _wide_gap(a: np.ndarray, b: np.ndarray, spacing_mm: Sequence[float], limit_mm: float) -> np.ndarray:
    """Voxels of one mask alone whose distances to the two borders make up more than this."""
    gap = a ^ b
    points = np.argwhere(gap) * np.asarray(spacing_mm, float)
    width = np.zeros(len(points))
    for mask in (a, b):
        ends = np.argwhere(inner_boundary(mask)) * np.asarray(spacing_mm, float)
        if len(ends):
            tree, near = cKDTree(ends, balanced_tree=False, compact_nodes=False), width <= limit_mm
            width[near] += tree.query(points[near], distance_upper_bound=limit_mm)[0]  # infinite beyond it
    found = np.zeros_like(gap)
    found[gap] = width > limit_mm
    return found


def border_areas_mm2(mask: np.ndarray, voxels: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """Of border voxels of a mask, the area of the border that each stands for.

    The length of the sum of a voxel's open faces as vectors. On a plane along the axes it is exact, as it is on one
    at 45 degrees to two of them; a ball's area comes out up to a tenth too large.

    Parameters
    ----------
    mask : (I, J, K) bool array
    voxels : (N, 3) array of int
    spacing_mm : three floats

    Returns
    -------
    (N,) float64 array

    Examples
    --------
    >>> slab = np.zeros((1, 4, 5), bool)
    >>> slab[:, :2] = True
    >>> border_areas_mm2(slab, np.array([[0, 1, 2]]), (3.0, 1.0, 0.5))
    array([1.5])
    """
    padded = np.pad(mask, 1, mode="edge")  # where the scan ends there is no border
    at = tuple((np.asarray(voxels) + 1).T)
    squared = np.zeros(len(voxels))
    for axis in range(3):
        face = float(np.prod(spacing_mm)) / spacing_mm[axis]
        sides = []
        for step in (1, -1):
            beside = tuple(one + step * (other == axis) for other, one in enumerate(at))
            sides.append(~padded[beside])
        squared += ((sides[0].astype(float) + sides[1]) * face) ** 2
    return np.sqrt(squared)


def where_text(at: int, slices: tuple[int, int]) -> str:
    """The slice of a place, and those over which it goes, for a person: counted from 1.

    Examples
    --------
    >>> where_text(13, (13, 15)), where_text(4, (4, 4))
    ('slice 14 (slices 14 to 16)', 'slice 5')
    """
    first, last = (n + 1 for n in slices)
    return f"slice {at + 1}" + (f" (slices {first} to {last})" if first < last else "")


def area_text(mm2: float) -> str:
    """An area for a person: two digits that count.

    Examples
    --------
    >>> area_text(84.3), area_text(0.42), area_text(1234.0)
    ('84 mm²', '0.4 mm²', '1234 mm²')
    """
    return f"{mm2:.0f} mm²" if mm2 >= 10 else f"{mm2:.1f} mm²"
