"""Distances between two surfaces in mm, and the share of them within a tolerance. A missing structure has no distance.

A surface is a set of voxels: surface Dice counts voxels, not area.
"""

from __future__ import annotations

import math

import numpy as np

from napari_boundaryseg.data.metrics.metric import register
from napari_boundaryseg.data.metrics.structure_pair import ROUNDING_MM, StructurePair


@register("asd_mm", title="ASD", unit="mm", better="lower", missing=math.nan, order=30)
def average_surface_distance(pair: StructurePair) -> float:
    """Symmetric average surface distance: the mean over both surfaces' voxels together."""
    there, back = pair.distances_mm
    return (there.sum() + back.sum()) / (len(there) + len(back)) if pair.has_distances else math.nan


@register("hd_mm", title="HD", unit="mm", better="lower", missing=math.nan, order=40)
def hausdorff_distance(pair: StructurePair) -> float:
    """Hausdorff distance: the largest of all."""
    there, back = pair.distances_mm
    return max(there.max(), back.max()) if pair.has_distances else math.nan


@register("hd95_mm", title="HD95", unit="mm", better="lower", missing=math.nan, order=50)
def hausdorff_distance_95(pair: StructurePair) -> float:
    """The larger of the two directed 95th percentiles."""
    there, back = pair.distances_mm
    return max(np.percentile(there, 95), np.percentile(back, 95)) if pair.has_distances else math.nan


@register("surface_dice", title="surface Dice", better="higher", missing=0.0, order=60)
def surface_dice(pair: StructurePair) -> float:
    """Share of all surface voxels that lie within the tolerance of the other surface, 0..1.

    References
    ----------
    Nikolov et al., Clinically applicable segmentation of head and neck anatomy for radiotherapy, J Med Internet Res 23,
    2021.
    """
    if not pair.has_distances:  # equal structures may fill the scan, and have no surface then
        return float(np.array_equal(pair.prediction, pair.reference) and pair.prediction.any())
    there, back = pair.distances_mm
    near = sum(np.count_nonzero(found <= pair.tolerance_mm + ROUNDING_MM) for found in (there, back))
    return near / (len(there) + len(back))
