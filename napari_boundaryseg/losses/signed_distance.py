"""Boundary loss: the probability of an organ costs as much as its place is far from the organ, in mm."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from torch import Tensor

from napari_boundaryseg.losses import Target, register, target_maps
from napari_boundaryseg.losses.reduce import valid_mean
from napari_boundaryseg.losses.squared_dice import organ_probabilities
from napari_boundaryseg.losses.target_maps import GridLabels
from napari_boundaryseg.models import ModelOutput


@target_maps.register("signed-distance", interpolation="bilinear", channels="all")
def signed_distance_map(truth: GridLabels) -> np.ndarray:
    """(organs, z, y, x) float16, mm: how far each voxel lies outside each organ, negative inside it."""
    return np.stack([_of_slices(mask, truth) for mask in truth.masks()]).astype(np.float16)


def _of_slices(mask: np.ndarray, truth: GridLabels) -> np.ndarray:
    """In the volume, or slice by slice across an axis."""
    if truth.across is None:
        return signed_distance_mm(mask, truth.spacing_mm)
    in_plane = [step for axis, step in enumerate(truth.spacing_mm) if axis != truth.across]
    planes = [signed_distance_mm(plane, in_plane) for plane in np.moveaxis(mask, truth.across, 0)]
    return np.moveaxis(np.stack(planes), 0, truth.across)


def signed_distance_mm(mask: np.ndarray, spacing_mm: tuple[float, ...] | list[float]) -> np.ndarray:
    """From the centre of each voxel to that of the nearest voxel on the other side of a mask's border.

    Parameters
    ----------
    mask : 2-D or 3-D bool array
    spacing_mm : sequence of float
        One per axis.

    Returns
    -------
    float32 array
        In mm, negative inside the mask; 0 everywhere where there is nothing on one of the two sides.

    Examples
    --------
    >>> signed_distance_mm(np.array([[False, False, True, True]]), (1.0, 2.0)).tolist()
    [[4.0, 2.0, -2.0, -4.0]]
    """
    if mask.all() or not mask.any():
        return np.zeros(mask.shape, np.float32)
    outside, inside = (ndimage.distance_transform_edt(side, sampling=spacing_mm) for side in (~mask, mask))
    return (outside - inside).astype(np.float32)


@register("signed-distance", needs=("signed-distance",))
def signed_distance(output: ModelOutput, target: Target) -> Tensor:
    """Mean over organs and voxels of the organ's probability times the signed distance from the organ.

    It is negative where most of the probability lies inside, and lowest at the truth. An organ that is absent from the
    scan counts for nothing, so a recipe adds this loss with a small weight to one of the regions.

    Parameters
    ----------
    output : ModelOutput
    target : Target
        With its signed-distance map.

    Returns
    -------
    Tensor
        Scalar, float32, in mm.

    References
    ----------
    Kervadec et al., Boundary loss for highly unbalanced segmentation, MIDL 2019, PMLR 102, 285-296, equation 5; Medical
    Image Analysis 67 (2021) 101851.
    """
    distances = target.needed("signed-distance").float()
    return valid_mean(organ_probabilities(output.logits) * distances, target.known_of("signed-distance"))
