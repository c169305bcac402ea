"""Geometry of a band: the surfaces that lie a margin inside and outside of an organ's border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boundaries import thick_boundary
from napari_boundaryseg.data.boxes import Box

_ROUNDING_MM = 1e-6


class Surfaces(NamedTuple):
    """The two limits of a band as masks: ``inner`` lies in the organ, and the organ lies in ``outer``."""

    inner: np.ndarray
    outer: np.ndarray


class Lines(NamedTuple):
    """The two limits of a band in one slice: closed lines, (n, 2) each, rows and columns of the slice."""

    inner: list[np.ndarray]
    outer: list[np.ndarray]


class Field(NamedTuple):
    """Signed distances in a part of a scan.

    Parameters
    ----------
    depth_mm : (I, J, K) float array
        From each voxel's centre to the organ's border, positive inside, as large as the part.
    part : three slices
        Which part of the scan it is.
    """

    depth_mm: np.ndarray
    part: Box


def depth_field(mask: np.ndarray, spacing_mm: Sequence[float], margin_mm: float) -> Field | None:
    """The depth of voxels below the border of an organ, in a box that holds all that lies within a margin of it.

    The border lies half way between the voxels on its two sides (`data.boundaries.thick_boundary`), so a depth is the
    mean of two distances: to the nearest voxel of the border within the organ, and to the nearest outside of it. Along
    flat borders, of whatever direction, that is right but for half a voxel's roughness, while the corners of voxels,
    which reach up to 0.87 voxels to either side, would make every band too wide. Where the scan ends there is no
    border.

    Parameters
    ----------
    mask : (I, J, K) bool array
    spacing_mm : sequence of float
        Voxel size along I, J, K.
    margin_mm : float
        How far outside of the organ the field is wanted.

    Returns
    -------
    Field or None
        None where the mask has no border in the scan.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((9, 1, 1), bool)
    >>> mask[3:6] = True
    >>> field = depth_field(mask, (2.0, 1.0, 1.0), margin_mm=2.0)
    >>> field.part[0], field.depth_mm[:, 0, 0].tolist()
    (slice(1, 8, None), [-3.0, -1.0, 1.0, 3.0, 1.0, -1.0, -3.0])
    """
    from scipy.ndimage import distance_transform_edt

    part = boxes.around(mask, spacing_mm, margin_mm + max(spacing_mm))
    if part is None or mask.all():
        return None
    inside = mask[part]
    sides = thick_boundary(inside)
    near, beyond = (distance_transform_edt(~(sides & side), sampling=spacing_mm) for side in (inside, ~inside))
    depth = (near + beyond) / 2
    return Field(np.where(inside, depth, -depth), part)


def band_surfaces(mask: np.ndarray, spacing_mm: Sequence[float], margin_mm: float) -> Surfaces:
    """The voxels that lie at least a margin inside of the border, and those that lie at most a margin outside.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((9, 9, 9), bool)
    >>> mask[2:7, 2:7, 2:7] = True
    >>> inner, outer = band_surfaces(mask, (1.0, 1.0, 1.0), 1.0)
    >>> int(inner.sum()), int(mask.sum()), int(outer.sum())
    (27, 125, 275)
    """
    field = depth_field(mask, spacing_mm, margin_mm)
    if field is None:
        return Surfaces(mask.copy(), mask.copy())
    inner, outer = mask.copy(), mask.copy()
    inner[field.part] = field.depth_mm >= margin_mm - _ROUNDING_MM
    outer[field.part] = field.depth_mm >= -margin_mm - _ROUNDING_MM
    return Surfaces(inner, outer)


def band_lines(field: Field, axis: int, index: int, margin_mm: float) -> Lines:
    """The two lines of a band in one slice of the scan; one that meets the end of the scan is open there.

    Distances are those in the volume: near the last slice of an organ the inner line ends before the organ does, and
    the outer one goes on in slices without it.

    Parameters
    ----------
    field : Field
        As `depth_field` gives it for this margin or a larger one.
    axis, index : int
        Which slice: across this array axis, counted from 0.
    margin_mm : float

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((3, 9, 9), bool)
    >>> mask[:, 2:7, 2:7] = True
    >>> lines = band_lines(depth_field(mask, (1.0, 1.0, 1.0), 1.0), axis=0, index=1, margin_mm=1.0)
    >>> [(float(line[:, 0].min()), float(line[:, 0].max())) for line in (*lines.inner, *lines.outer)]
    [(2.5, 5.5), (0.5, 7.5)]
    """
    from skimage.measure import find_contours

    across = field.part[axis]
    if not across.start <= index < across.stop:
        return Lines([], [])
    plane = np.take(field.depth_mm, index - across.start, axis=axis)
    corner = [at.start for number, at in enumerate(field.part) if number != axis]
    return Lines(*([line + corner for line in find_contours(plane, level)] for level in (margin_mm, -margin_mm)))
