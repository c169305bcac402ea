"""Several observers of one organ: the surface in the middle of theirs, and how far they lie apart along it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from napari_boundaryseg.data.boundaries import inner_boundary, thick_boundary
from napari_boundaryseg.data.boxes import bounds
from napari_boundaryseg.data.metrics.structure_pair import rimmed
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.review.border_distance import SmoothBorder

ROUNDING_MM = 1e-6
"""A voxel whose centre lies on the surface in the middle belongs to it."""


@dataclass(frozen=True, eq=False)
class Observed:
    """What several observers drew, as one surface and their spread about it.

    Parameters
    ----------
    mask : (I, J, K) bool array
        Within the surface in the middle.
    distance_mm : (I, J, K) float32 array
        Of voxels beside that surface, how far within it they lie; NaN elsewhere. Its zero level is the surface, finer
        than voxels.
    sd_mm, low_mm, high_mm : (I, J, K) float32 array
        On the mask's border voxels, the sample SD of the observers' signed distances, the smallest and the largest; NaN
        elsewhere.
    """

    mask: np.ndarray
    distance_mm: np.ndarray
    sd_mm: np.ndarray
    low_mm: np.ndarray
    high_mm: np.ndarray

    @property
    def range_mm(self) -> np.ndarray:
        """On the mask's border voxels, the largest signed distance less the smallest: how far apart they lie."""
        return np.asarray(self.high_mm - self.low_mm)


def observed(
    masks: Sequence[np.ndarray], spacing_mm: Sequence[float], middle: Literal["median", "mean"] = "median"
) -> Observed:
    """The surface in the middle of several observers', and their spread along it.

    Each voxel has a signed distance to each observer's border; where their median, or mean, is 0 lies the surface. For
    an odd number the median is the vote of most observers, voxel by voxel.

    Parameters
    ----------
    masks : sequence of (I, J, K) bool arrays
        At least two on one grid, of one organ.
    spacing_mm : three floats
    middle : {"median", "mean"}
        The median follows most observers and forgets one who is far off, the mean moves with everyone.

    Raises
    ------
    InputError
        For fewer than two masks, masks of different shapes, and one without a border: who drew nothing has no distance.

    Notes
    -----
    Of balls of 8 to 14 mm in voxels of 1 mm the radius comes out 0.05 mm too small, the SD 0.01 mm
    (docs/evidence/metrics.md): smoothing takes something off what bends.

    References
    ----------
    The mean of signed distances as the mean of shapes: Leventon, Grimson and Faugeras, Statistical shape influence in
    geodesic active contours, CVPR 2000.

    Examples
    --------
    >>> masks = [np.arange(12).reshape(1, 1, 12) < n for n in (4, 6, 8)]
    >>> both = observed(masks, (1.0, 1.0, 2.0))
    >>> int(both.mask.sum()), float(both.sd_mm[0, 0, 5]), float(both.range_mm[0, 0, 5])
    (6, 4.0, 8.0)
    """
    _refuse(masks)
    shape = masks[0].shape
    box = rimmed([bounds(mask) for mask in masks], shape)
    cut = [np.asarray(mask[box], bool) for mask in masks]
    borders = [SmoothBorder(mask, spacing_mm) for mask in cut]
    average = np.median if middle == "median" else np.mean
    inside = np.logical_and.reduce(cut)
    doubtful = np.argwhere(np.logical_or.reduce(cut) & ~inside)
    inside[tuple(doubtful.T)] = average(_distances(borders, doubtful), axis=0) >= -ROUNDING_MM
    beside = np.argwhere(thick_boundary(inside))
    distance = np.full(inside.shape, np.nan)
    distance[tuple(beside.T)] = average(_distances(borders, beside), axis=0)
    edge = np.argwhere(inner_boundary(inside))
    each = _distances(borders, edge)
    along = [np.full(inside.shape, np.nan) for _ in range(3)]
    for part, values in zip(along, (each.std(axis=0, ddof=1), each.min(axis=0), each.max(axis=0)), strict=True):
        part[tuple(edge.T)] = values
    whole = np.zeros(shape, bool)
    whole[box] = inside
    return Observed(whole, *(_placed(part, box, shape) for part in (distance, *along)))


def _distances(borders: Sequence[SmoothBorder], voxels: np.ndarray) -> np.ndarray:
    """(observers, voxels)."""
    return np.array([border.distance_mm(voxels) for border in borders])


def _placed(part: np.ndarray, box: tuple[slice, ...] | None, shape: tuple[int, ...]) -> np.ndarray:
    found = np.full(shape, np.nan, np.float32)
    found[box] = part
    return found


def _refuse(masks: Sequence[np.ndarray]) -> None:
    if len(masks) < 2:
        raise InputError("observers", f"there are {len(masks)}", "Give the masks of two at least")
    for number, mask in enumerate(masks, start=1):
        if mask.shape != masks[0].shape:
            raise InputError(
                f"observer {number}", "the mask is of another shape than the first", "Bring all to one grid"
            )
        if not mask.any() or mask.all():
            raise InputError(f"observer {number}", "the mask has no border", "Leave this observer out")
