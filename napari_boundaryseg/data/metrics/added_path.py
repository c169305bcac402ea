"""Added path length: how much of a contour a person would have to draw anew."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.metrics.metric import register
from napari_boundaryseg.data.metrics.structure_pair import ROUNDING_MM, StructurePair, distances


@register("apl_mm", title="added path", unit="mm", better="lower", order=70)
def added_path_length_mm(pair: StructurePair) -> float:
    """Length of the reference's contour that a person would have to draw anew, in mm.

    The contour voxels of the reference, in the planes of the array's last axis, that lie farther than the tolerance
    from the prediction's contour in the same plane, times the mean in-plane voxel size: all of it where the prediction
    is empty, 0 where the reference is.

    References
    ----------
    Kiser et al., Novel autosegmentation spatial similarity metrics capture the time required to correct segmentations
    better than traditional metrics in a thoracic cavity segmentation workflow, J Digit Imaging 34, 2021.
    """
    from napari_boundaryseg.data.boundaries import inner_boundary

    in_plane = [float(size) for size in pair.spacing_mm[:2]]
    drawn, wanted = (inner_boundary(mask, axes=(0, 1)) for mask in (pair.prediction, pair.reference))
    found = distances(wanted, drawn, (*in_plane, 1e6))  # no plane is near another
    return np.count_nonzero(found > pair.tolerance_mm + ROUNDING_MM) * sum(in_plane) / 2
