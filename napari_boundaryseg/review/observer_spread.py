"""Spread of several observers on one organ: along the surface in the middle of theirs, and each of them beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from napari_boundaryseg.data.boxes import Box, bounds, union
from napari_boundaryseg.data.metrics.label_maps import compare_masks
from napari_boundaryseg.data.metrics.structure_pair import ROUNDING_MM, rimmed
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES
from napari_boundaryseg.review.border_distance import SmoothBorder
from napari_boundaryseg.review.border_errors import COLOURS_TOLERANCES, LEAST_MM2
from napari_boundaryseg.review.observers import Observed, observed
from napari_boundaryseg.review.spread_places import SpreadPlace, spread_places

FARTHEST = 75
"""Percentile of a border's spread: its places are in the quarter on which observers lie farthest apart."""
SAME_MM = 1e-3
"""A border on that of the outermost observer lies among them."""


class AlongBorder(NamedTuple):
    """A figure of every border voxel, in two numbers."""

    median: float
    p95: float


@dataclass(frozen=True, eq=False)
class ObserverSpread:
    """How far observers of one organ lie apart, where the most, and how far each is from the surface in the middle.

    Parameters
    ----------
    box : three slices
        Round all of theirs, in the arrays that were given.
    middle : Observed
        In that box.
    drew : tuple of bool
        Of each observer, whether they drew it.
    rows : tuple of mappings
        Of each observer, every metric against the mask in the middle, as `compare_masks` has them.
    apart_mm, sd_mm : AlongBorder
        From the innermost to the outermost; the sample SD.
    tolerance_mm : float
    least_mm : float
        So far apart they lie at least at the places.
    places : tuple of SpreadPlace
        Those of at least ``least_mm2`` of border, the farthest apart first; voxels of the arrays that were given.
    n_small : int
        How many smaller ones there are.
    least_mm2 : float
    """

    box: Box
    middle: Observed
    drew: tuple[bool, ...]
    rows: tuple[Mapping[str, Any], ...]
    apart_mm: AlongBorder
    sd_mm: AlongBorder
    tolerance_mm: float
    least_mm: float
    places: tuple[SpreadPlace, ...]
    n_small: int
    least_mm2: float = LEAST_MM2

    @property
    def corner(self) -> tuple[int, int, int]:
        """Where the box begins."""
        i, j, k = (int(part.start) for part in self.box)
        return i, j, k

    @property
    def limit_mm(self) -> float:
        """Where colours end: 19 of 20 border voxels have less, but for `COLOURS_TOLERANCES`."""
        least, most = (n * self.tolerance_mm for n in COLOURS_TOLERANCES)
        return float(np.clip(self.apart_mm.p95, least, most))


def observer_spread(
    masks: Sequence[np.ndarray],
    spacing_mm: Sequence[float],
    tolerance_mm: float,
    slice_axis: int = 0,
    least_mm2: float = LEAST_MM2,
) -> ObserverSpread | None:
    """The spread of several observers of one organ; None where fewer than two drew it, or nothing lies in the middle.

    Parameters
    ----------
    masks : sequence of (I, J, K) bool arrays
        On one grid; empty of who did not draw it.
    spacing_mm : three floats
    tolerance_mm : float
        At which surface Dice and added path count; nearer than that observers do not lie apart.
    slice_axis : int
        Across the slices.
    least_mm2 : float
        What a place needs of border.

    Examples
    --------
    >>> masks = [np.arange(20) * np.ones((20, 20, 1)) < n for n in (8, 10, 15)]
    >>> found = observer_spread(masks, (1.0, 1.0, 1.0), tolerance_mm=2.0)
    >>> found.apart_mm.median, round(found.sd_mm.median, 2), [row["hd95_mm"] for row in found.rows]
    (7.0, 3.61, [2.0, 0.0, 5.0])
    >>> found.places[0].sentence
    '7.0 mm apart on slice 1 (slices 1 to 20), 400 mm² of border'
    """
    drew = tuple(bool(mask.any()) and not mask.all() for mask in masks)
    box = rimmed([bounds(mask) for mask in masks], masks[0].shape) if masks else None
    if sum(drew) < 2 or box is None:
        return None
    cut = [np.asarray(mask[box], bool) for mask in masks]
    middle = observed([mask for mask, has in zip(cut, drew, strict=True) if has], spacing_mm)
    apart = middle.range_mm
    if not np.isfinite(apart).any():
        return None
    farthest = float(np.nanpercentile(apart, FARTHEST)) - ROUNDING_MM
    least = max(farthest, tolerance_mm + ROUNDING_MM)
    found = [
        _moved(place, box, slice_axis) for place in spread_places(middle.mask, apart, spacing_mm, least, slice_axis)
    ]
    large = tuple(place for place in found if place.area_mm2 >= least_mm2)
    rows = tuple(_metrics(mask, middle.mask, spacing_mm, tolerance_mm, slice_axis, masks[0].size) for mask in cut)
    return ObserverSpread(
        box,
        middle,
        drew,
        rows,
        _along(apart),
        _along(middle.sd_mm),
        tolerance_mm,
        max(farthest, tolerance_mm),
        large,
        len(found) - len(large),
        least_mm2,
    )


def among(mask: np.ndarray, spread: ObserverSpread, spacing_mm: Sequence[float], slice_axis: int = 0) -> dict[str, Any]:
    """Where another's mask lies among the observers.

    Parameters
    ----------
    mask : (I, J, K) bool array
        On the grid of theirs.
    spread : ObserverSpread
    spacing_mm : three floats
    slice_axis : int

    Returns
    -------
    dict
        Every metric against the mask in the middle, as `compare_masks` has them; ``among``: of the surface in the
        middle, the share at which the mask's border lies neither within the innermost observer's nor beyond the
        outermost one's, 0..1; ``outside_mm``: how far it lies outside of that surface on average, below 0 within. NaN
        where the mask is empty.

    Examples
    --------
    >>> masks = [np.arange(20) * np.ones((20, 20, 1)) < n for n in (8, 10, 15)]
    >>> found = observer_spread(masks, (1.0, 1.0, 1.0), tolerance_mm=2.0)
    >>> row = among(np.arange(20) * np.ones((20, 20, 1)) < 13, found, (1.0, 1.0, 1.0))
    >>> row["among"], round(row["outside_mm"], 6), row["hd95_mm"]
    (1.0, 3.0, 3.0)
    """
    own_box = rimmed([bounds(mask)], mask.shape)
    box = spread.box if own_box is None else union([spread.box, own_box]) or spread.box
    cut = np.asarray(mask[box], bool)
    inner = tuple(
        slice(part.start - whole.start, part.stop - whole.start) for part, whole in zip(spread.box, box, strict=True)
    )
    middle = np.zeros(cut.shape, bool)
    middle[inner] = spread.middle.mask
    row = _metrics(cut, middle, spacing_mm, spread.tolerance_mm, slice_axis, mask.size)
    if not cut.any() or cut.all():
        return {**row, "among": math.nan, "outside_mm": math.nan}
    low, high, own = (
        part[np.isfinite(spread.middle.low_mm)].astype(float)
        for part in (spread.middle.low_mm, spread.middle.high_mm, spread.middle.distance_mm)
    )
    edge = np.argwhere(np.isfinite(spread.middle.low_mm)) + [part.start for part in inner]
    here = SmoothBorder(cut, spacing_mm).distance_mm(edge)
    within = (here >= low - SAME_MM) & (here <= high + SAME_MM)
    return {**row, "among": float(within.mean()), "outside_mm": float((here - own).mean())}


def _metrics(
    mask: np.ndarray,
    middle: np.ndarray,
    spacing_mm: Sequence[float],
    tolerance_mm: float,
    slice_axis: int,
    scan_voxels: int,
) -> dict[str, Any]:
    return compare_masks(mask, middle, spacing_mm, tolerance_mm, None, slice_axis, AT_TOLERANCES, scan_voxels)


def _along(values: np.ndarray) -> AlongBorder:
    known = values[np.isfinite(values)].astype(float)
    return AlongBorder(float(np.median(known)), float(np.percentile(known, 95)))


def _moved(place: SpreadPlace, box: Box, slice_axis: int) -> SpreadPlace:
    """The same place in the arrays out of which the box was cut."""
    i, j, k = (int(n + part.start) for n, part in zip(place.voxel, box, strict=True))
    first, last = (int(n + box[slice_axis].start) for n in place.slices)
    return SpreadPlace((i, j, k), place.mm, place.area_mm2, (i, j, k)[slice_axis], (first, last))
