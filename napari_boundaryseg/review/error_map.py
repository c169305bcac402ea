"""Error map: on the border of one mask, how far it lies outside or inside another's, in mm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boundaries import inner_boundary
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.metrics.structure_pair import distances, rimmed


def error_map(judged: np.ndarray, reference: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """Signed distance of each border voxel of a mask to the nearest of the reference's border, in mm.

    Borders are those of the metrics: the voxels of a mask that touch its outside by a face, none where the scan ends.
    So the largest of its sizes is the directed Hausdorff distance.

    Parameters
    ----------
    judged, reference : (I, J, K) bool array
    spacing_mm : three floats
        Along I, J, K.

    Returns
    -------
    (I, J, K) float32 array
        Above 0 where the border lies outside the reference, below 0 where it lies inside; NaN off the border, and
        everywhere where one of the two has none.

    Examples
    --------
    >>> reference = np.zeros((3, 3, 9), bool)
    >>> reference[:, :, 2:6] = True
    >>> error_map(np.roll(reference, 1, axis=2), reference, (1.0, 1.0, 2.0))[1, 1]
    array([nan, nan, nan, -2., nan, nan,  2., nan, nan], dtype=float32)
    """
    found = np.full(judged.shape, np.nan, np.float32)
    box = box_round(judged, reference)
    if box is not None:
        found[box] = signed_errors(judged[box], reference[box], spacing_mm)
    return found


def signed_errors(border_of: np.ndarray, other: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """`error_map` on masks that are cut out round both, as float64."""
    edge, end = inner_boundary(border_of), inner_boundary(other)
    found = np.full(edge.shape, np.nan)
    if end.any():
        found[edge] = np.where(other[edge], -1.0, 1.0) * distances(edge, end, spacing_mm)
    return found


def box_round(one: np.ndarray, other: np.ndarray) -> Box | None:
    """The box round two masks, with a rim of one voxel where the scan has it; None where both are empty."""
    found = [boxes.bounds(mask) for mask in (one, other)]
    return rimmed(found, one.shape)
