"""Geometry of a band: the surfaces that lie a margin inside and outside of an organ's border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boundaries import thick_boundary
from napari_boundaryseg.data.boxes import Box

_ROUNDING = 1e-6


class Surfaces(NamedTuple):
    """The two limits of a band as masks: ``inner`` lies in the organ, and the organ lies in ``outer``."""

    inner: np.ndarray
    outer: np.ndarray


class Lines(NamedTuple):
    """The two limits of a band in one slice: closed lines, (n, 2) each, rows and columns of the slice."""

    inner: list[np.ndarray]
    outer: list[np.ndarray]


class Field(NamedTuple):
    """How deep voxels lie below a border, in a part of a scan.

    Parameters
    ----------
    depth : (I, J, K) float array
        From each voxel's centre to the organ's border, positive inside, as large as the part: mm, or multiples of the
        local width.
    part : three slices
        Which part of the scan it is.
    """

    depth: np.ndarray
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
    >>> field.part[0], field.depth[:, 0, 0].tolist()
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


def scaled_field(mask: np.ndarray, spacing_mm: Sequence[float], width_mm: np.ndarray, factor: float) -> Field | None:
    """The same in multiples of the local width at the nearest voxel beside the border.

    Parameters
    ----------
    mask : (I, J, K) bool array
        The predicted organ.
    spacing_mm : sequence of float
    width_mm : (I, J, K) array
        `local_width.local_width_mm` of its probability.
    factor : float
        Up to which the field is wanted.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((9, 1, 1), bool)
    >>> mask[3:6] = True
    >>> width = np.where(np.arange(9) < 5, 2.0, 4.0)[:, None, None]
    >>> scaled_field(mask, (1.0, 1.0, 1.0), width, factor=0.25).depth[:, 0, 0].tolist()
    [-0.75, -0.25, 0.25, 0.75, 0.125, -0.125, -0.375]
    """
    from scipy.ndimage import distance_transform_edt

    sides = thick_boundary(mask)
    field = depth_field(mask, spacing_mm, factor * float(width_mm[sides].max(initial=0.0)))
    if field is None:
        return None
    nearest = distance_transform_edt(
        ~sides[field.part], sampling=spacing_mm, return_distances=False, return_indices=True
    )
    return Field(field.depth / width_mm[field.part][tuple(nearest)], field.part)


def band_surfaces(mask: np.ndarray, field: Field | None, margin: float) -> Surfaces:
    """The voxels that lie at least a margin inside of the border, and those that lie at most a margin outside.

    Parameters
    ----------
    mask : (I, J, K) bool array
    field : Field or None
        Of this mask, for this margin or a larger one; without one the mask has no band.
    margin : float
        mm, or the factor of a scaled field.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((9, 9, 9), bool)
    >>> mask[2:7, 2:7, 2:7] = True
    >>> inner, outer = band_surfaces(mask, depth_field(mask, (1.0, 1.0, 1.0), 1.0), 1.0)
    >>> int(inner.sum()), int(mask.sum()), int(outer.sum())
    (27, 125, 275)
    """
    inner, outer = mask.copy(), mask.copy()
    if field is not None:
        inner[field.part] = field.depth >= margin - _ROUNDING
        outer[field.part] = field.depth >= -margin - _ROUNDING
    return Surfaces(inner, outer)


def band_lines(field: Field, axis: int, index: int, margin: float) -> Lines:
    """The two lines of a band in one slice of the scan; one that meets the end of the scan is open there.

    Distances are those in the volume: near the last slice of an organ the inner line ends before the organ does, and
    the outer one goes on in slices without it.

    Parameters
    ----------
    field : Field
        For this margin or a larger one.
    axis, index : int
        Which slice: across this array axis, counted from 0.
    margin : float
        mm, or the factor of a scaled field.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((3, 9, 9), bool)
    >>> mask[:, 2:7, 2:7] = True
    >>> lines = band_lines(depth_field(mask, (1.0, 1.0, 1.0), 1.0), axis=0, index=1, margin=1.0)
    >>> [(float(line[:, 0].min()), float(line[:, 0].max())) for line in (*lines.inner, *lines.outer)]
    [(2.5, 5.5), (0.5, 7.5)]
    """
    from skimage.measure import find_contours

    across = field.part[axis]
    if not across.start <= index < across.stop:
        return Lines([], [])
    plane = np.take(field.depth, index - across.start, axis=axis)
    corner = [at.start for number, at in enumerate(field.part) if number != axis]
    return Lines(*([line + corner for line in find_contours(plane, level)] for level in (margin, -margin)))
