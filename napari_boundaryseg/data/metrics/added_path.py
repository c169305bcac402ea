"""Added path length: how much of a contour a person would have to draw anew."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.metrics.metric import register
from napari_boundaryseg.data.metrics.structure_pair import ROUNDING_MM, StructurePair, distances


@register("apl_mm", title="added path", unit="mm", better="lower", order=70)
def added_path_length_mm(pair: StructurePair) -> float:
    """Length of the reference's contour that a person would have to draw anew, in mm.

    The contour voxels of the reference, slice by slice, that lie farther than the tolerance from the prediction's
    contour in the same slice, times the mean in-plane voxel size: all of it where the prediction is empty, 0 where the
    reference is. The slices are the scan's own, which `data.geometry.slice_axis` finds in the patient: across the axis
    of clearly the longest voxels, else the axial ones. So the figure does not depend on the order in which a file
    stores its axes.

    References
    ----------
    Kiser et al., Novel autosegmentation spatial similarity metrics capture the time required to correct segmentations
    better than traditional metrics in a thoracic cavity segmentation workflow, J Digit Imaging 34, 2021.
    """
    from napari_boundaryseg.data.boundaries import inner_boundary

    in_plane = [axis for axis in range(3) if axis != pair.slice_axis]
    steps = [float(size) for size in pair.spacing_mm]
    steps[pair.slice_axis] = 1e6  # no plane is near another
    organ = pair.whole or pair  # a cut is no contour
    drawn, wanted = (inner_boundary(mask, axes=in_plane) for mask in (organ.prediction, organ.reference))
    if pair.region is not None:
        wanted &= pair.region
    found = distances(wanted, drawn, steps)
    return np.count_nonzero(found > pair.tolerance_mm + ROUNDING_MM) * sum(steps[axis] for axis in in_plane) / 2
