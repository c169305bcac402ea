"""Local width of a predicted border in mm: how slowly its probability falls there, by which a band may be scaled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.review.band.border_faces import border_faces

SMOOTHING_MM = 1.0
WIDEST = 20.0
"""In voxels of the finest axis: where a probability hardly falls, its slope says nothing more."""


class Widths(NamedTuple):
    """Half widths of a band along a border, mm: their mean over its area, and what nine tenths of it lie between."""

    mean: float
    low: float
    high: float


def local_width_mm(probability: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """1 / |gradient| of an organ's probability, which is smoothed with a standard deviation of 1 mm.

    Parameters
    ----------
    probability : (I, J, K) array, 0..1
    spacing_mm : sequence of float
        Voxel size along I, J, K.

    Returns
    -------
    (I, J, K) array
        The distance in which the probability would fall from 1 to 0 at this slope, from one voxel up to `WIDEST`.

    Examples
    --------
    >>> import numpy as np
    >>> ramp = np.clip(np.arange(30.0)[:, None, None] / 10 - 1, 0, 1) * np.ones((1, 5, 5))
    >>> round(float(local_width_mm(ramp, (1.0, 1.0, 1.0))[15, 2, 2]), 2)
    10.0
    """
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(np.asarray(probability, float), [SMOOTHING_MM / size for size in spacing_mm])
    slope = np.sqrt(sum(one**2 for one in np.gradient(smooth, *spacing_mm)))
    least = min(spacing_mm)
    return np.clip(1 / np.maximum(slope, 1e-6), least, WIDEST * least)


def at_faces(values: np.ndarray, faces_mm: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """A map in the middles of faces, the mean of the two voxels on either side."""
    from scipy.ndimage import map_coordinates

    return map_coordinates(values, (faces_mm / np.asarray(spacing_mm, float)).T, order=1)


def widths_of(
    mask: np.ndarray, width_mm: np.ndarray, spacing_mm: Sequence[float], factor: float = 1.0
) -> Widths | None:
    """Half widths of a scaled band on this scan; None where the mask has no border in it.

    Parameters
    ----------
    mask, width_mm : (I, J, K) arrays
        The predicted organ, and `local_width_mm` of its probability.
    spacing_mm : sequence of float
    factor : float
        Of the band, `conformal.Band.margin`.

    Examples
    --------
    >>> import numpy as np
    >>> mask = np.zeros((4, 4, 4), bool)
    >>> mask[1:3, 1:3, 1:3] = True
    >>> widths_of(mask, np.full(mask.shape, 3.0), (1.0, 1.0, 1.0), factor=0.5)
    Widths(mean=1.5, low=1.5, high=1.5)
    """
    faces, areas = border_faces(mask, spacing_mm)
    if not len(faces):
        return None
    there = factor * at_faces(width_mm, faces, spacing_mm)
    low, high = np.quantile(there, [0.05, 0.95])
    return Widths(float(np.average(there, weights=areas)), float(low), float(high))
