"""Overlap near the reference border, measured on request: what a large inside cannot hide."""

from __future__ import annotations

import math

from napari_boundaryseg.data.boundaries import thick_boundary
from napari_boundaryseg.data.metrics.metric import register
from napari_boundaryseg.data.metrics.structure_pair import StructurePair

WITHIN_MM = 3.0


@register(
    "border_dsc", title="DSC within 3 mm of the border", better="higher", missing=0.0, absent=1.0, order=14,
    on_request=True, of_parts=False,
)  # fmt: skip
def dice_near_the_border(pair: StructurePair) -> float:
    """Dice of the voxels whose centre lies within 3 mm of one at the reference's border, 0..1.

    A border has voxels on both of its sides. Where the structure fills the whole scan it has none, and no value.
    """
    from scipy.ndimage import distance_transform_edt

    border = thick_boundary(pair.reference)
    if not border.any():
        return math.nan
    near = distance_transform_edt(~border, sampling=pair.spacing_mm) <= WITHIN_MM
    a, b = pair.prediction & near, pair.reference & near
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))
