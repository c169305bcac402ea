"""Figures of papers on 2-D networks, measured on request: Dice and Hausdorff distance slice by slice, and mean IoU."""

from __future__ import annotations

import math

import numpy as np

from napari_boundaryseg.data.metrics.metric import register
from napari_boundaryseg.data.metrics.structure_pair import StructurePair, surface_distances


@register(
    "slice_dsc",
    title="DSC per slice",
    better="higher",
    missing=0.0,
    absent=1.0,
    order=12,
    on_request=True,
    of_parts=False,
)
def dice_per_slice(pair: StructurePair) -> float:
    """Mean Dice of the slices in which at least one of the two holds the structure, 0..1.

    A slice in which only one does counts as 0.
    """
    a, b = (np.moveaxis(mask, pair.slice_axis, 0) for mask in (pair.prediction, pair.reference))
    both, total = (a & b).sum((1, 2)), a.sum((1, 2)) + b.sum((1, 2))
    return float(np.mean(2 * both[total > 0] / total[total > 0]))


@register(
    "slice_hd_mm",
    title="HD per slice",
    unit="mm",
    better="lower",
    missing=math.nan,
    order=42,
    on_request=True,
    of_parts=False,
)
def hausdorff_per_slice(pair: StructurePair) -> float:
    """Mean Hausdorff distance in the plane, of the slices in which both hold the structure."""
    a, b = (np.moveaxis(mask, pair.slice_axis, 0) for mask in (pair.prediction, pair.reference))
    spacing = [mm for axis, mm in enumerate(pair.spacing_mm) if axis != pair.slice_axis]
    found = []
    for n in np.flatnonzero(a.any((1, 2)) & b.any((1, 2))):
        there, back = surface_distances(a[n], b[n], spacing)
        if len(there) and len(back):
            found.append(max(there.max(), back.max()))
    return float(np.mean(found)) if found else math.nan


@register("mean_iou", title="mean IoU", better="higher", order=22, on_request=True, of_parts=False)
def mean_intersection_over_union(pair: StructurePair) -> float:
    """Mean of the intersections over union of the structure and of all that is not it in the scan, 0..1.

    With a large background it is above the structure's Dice, as BA-Net's printed "Jaccard" is.
    """
    either = pair.n_prediction + pair.n_reference - pair.n_both
    outside = pair.scan_voxels - either
    one_is_not = pair.scan_voxels - pair.n_both
    return (pair.n_both / either + (outside / one_is_not if one_is_not else 1.0)) / 2
