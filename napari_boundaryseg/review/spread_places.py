"""Places of largest spread: connected pieces of the surface in the middle along which observers lie farthest apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from napari_boundaryseg.review.worst_places import WorstPlace, area_text, border_areas_mm2, where_text


@dataclass(frozen=True)
class SpreadPlace(WorstPlace):
    """A place at which observers lie apart: ``mm`` from the innermost to the outermost at its ``voxel``."""

    @property
    def sentence(self) -> str:
        """How far they lie apart and where, for a person, with slices counted from 1."""
        where = where_text(self.slice, self.slices)
        return f"{self.mm:.1f} mm apart on {where}, {area_text(self.area_mm2)} of border"


def spread_places(
    mask: np.ndarray, apart_mm: np.ndarray, spacing_mm: Sequence[float], least_mm: float, slice_axis: int = 0
) -> tuple[SpreadPlace, ...]:
    """The places of a border at which observers lie at least so far apart.

    Parameters
    ----------
    mask : (I, J, K) bool array
        The one in the middle of theirs.
    apart_mm : (I, J, K) array
        On the mask's border voxels; NaN elsewhere.
    spacing_mm : three floats
    least_mm : float
    slice_axis : int
        Across the slices.

    Returns
    -------
    tuple of SpreadPlace
        The farthest apart first. A place is connected, by corners too.

    Examples
    --------
    >>> mask = np.arange(12) * np.ones((3, 4, 1)) < 6
    >>> apart = np.where(np.arange(12) == 5, np.array([1.0, 4.0, 1.0])[:, None, None], np.nan) * np.ones((3, 4, 12))
    >>> [place.sentence for place in spread_places(mask, apart, (3.0, 1.0, 1.0), least_mm=2.0)]
    ['4.0 mm apart on slice 2, 12 mm² of border']
    """
    wide = apart_mm >= least_mm  # NaN is not
    pieces, _ = ndimage.label(wide, np.ones((3, 3, 3)))
    found = []
    for number, around in enumerate(ndimage.find_objects(pieces), start=1):
        corner = [part.start for part in around]
        voxels = np.argwhere(pieces[around] == number) + corner
        mm = apart_mm[tuple(voxels.T)]
        i, j, k = (int(n) for n in voxels[mm.argmax()])
        across = voxels[:, slice_axis]
        area = float(border_areas_mm2(mask, voxels, spacing_mm).sum())
        ends = int(across.min()), int(across.max())
        found.append(SpreadPlace((i, j, k), float(mm.max()), area, (i, j, k)[slice_axis], ends))
    return tuple(sorted(found, key=lambda place: -place.mm))
