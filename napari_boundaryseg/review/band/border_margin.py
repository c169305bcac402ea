"""Margin of one case: how wide a band round its border must be to hold nearly all of the accepted border."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.review.band.border_faces import border_faces
from napari_boundaryseg.review.band.local_width import at_faces

SHARE = 0.95
"""Of the border that the margin holds."""


def border_margin_mm(
    prediction: np.ndarray, accepted: np.ndarray, spacing_mm: Sequence[float], share: float = SHARE
) -> float | None:
    """The smallest margin, in mm, of a band that holds `SHARE` of the border.

    From the middle of each face of the accepted border the distance to the nearest of the predicted border is taken,
    and the other way round. The margin is the smallest of these distances that faces with so large a share of the area
    of both borders do not exceed: one number a case, from both directions, and the tolerance at which a surface Dice
    of areas is that share.

    Parameters
    ----------
    prediction, accepted : (I, J, K) bool array
        One organ, as it was predicted and as a person accepted it.
    spacing_mm : sequence of float
        Voxel size along I, J, K.
    share : float
        Of the border, between 0 and 1.

    Returns
    -------
    float or None
        Infinite where only one of the two has the organ, or a border in the scan: no margin holds it. None where
        neither has the organ.

    References
    ----------
    Nikolov et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy, J Med Internet Res 23,
    2021 (the area of two borders together, within a tolerance).

    Examples
    --------
    >>> import numpy as np
    >>> slab = np.zeros((20, 12, 12), bool)
    >>> slab[5:10] = True
    >>> border_margin_mm(slab, np.roll(slab, 2, axis=0), (1.5, 1.0, 1.0))
    3.0
    """
    return _held(prediction, accepted, spacing_mm, share, None)


def border_factor(
    prediction: np.ndarray,
    accepted: np.ndarray,
    width_mm: np.ndarray,
    spacing_mm: Sequence[float],
    share: float = SHARE,
) -> float | None:
    """The smallest factor with which a band as wide as a local width holds `SHARE` of the border.

    As `border_margin_mm`, with each distance divided by the width at the face of the predicted border from which, or to
    which, it is taken.

    Parameters
    ----------
    prediction, accepted : (I, J, K) bool array
    width_mm : (I, J, K) array
        Of the predicted border: `local_width.local_width_mm`.
    spacing_mm : sequence of float
    share : float

    Examples
    --------
    >>> import numpy as np
    >>> slab = np.zeros((20, 12, 12), bool)
    >>> slab[5:10] = True
    >>> border_factor(slab, np.roll(slab, 2, axis=0), np.full(slab.shape, 4.0), (1.0, 1.0, 1.0))
    0.5
    """
    return _held(prediction, accepted, spacing_mm, share, width_mm)


def _held(
    prediction: np.ndarray, accepted: np.ndarray, spacing_mm: Sequence[float], share: float, width_mm: np.ndarray | None
) -> float | None:
    from scipy.spatial import cKDTree

    box = boxes.bounds(prediction | accepted, 1)
    if box is None:
        return None
    drawn, wanted = prediction[box], accepted[box]
    if drawn.all() or wanted.all() or not (drawn.any() and wanted.any()):
        return 0.0 if np.array_equal(drawn, wanted) else math.inf
    (one, area_one), (other, area_other) = (border_faces(mask, spacing_mm) for mask in (drawn, wanted))
    there = cKDTree(other).query(one)[0]
    back, nearest = cKDTree(one).query(other)
    if width_mm is not None:
        width = at_faces(width_mm[box], one, spacing_mm)
        there, back = there / width, back / width[nearest]
    return weighted_quantile(np.concatenate([there, back]), np.concatenate([area_one, area_other]), share)


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float:
    """The smallest value that so large a share of the weight does not exceed.

    Examples
    --------
    >>> import numpy as np
    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0]), 0.75)
    2.0
    """
    order = np.argsort(values)
    held = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(held, share * held[-1] * (1 - 1e-9))])
