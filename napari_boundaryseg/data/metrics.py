"""How well a label map agrees with a reference: overlap, surface distances, added path length, volumes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import distance_transform_edt

from napari_boundaryseg.data.boundaries import inner_boundary
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError

METRICS = ("dsc", "jaccard", "asd_mm", "hd_mm", "hd95_mm", "surface_dice", "apl_mm")


def evaluate(prediction: LabelMap, reference: LabelMap, tolerance_mm: float | None = None
             ) -> dict[str, dict[str, Any]]:
    """Score a label map against a reference on the same grid, organ by organ.

    Parameters
    ----------
    prediction, reference : LabelMap
    tolerance_mm : float, optional
        Border deviation that counts as equal for ``surface_dice`` and ``apl_mm``; each organ's own by default.

    Returns
    -------
    dict
        Organ and region names of the reference's scheme to `METRICS`, ``volume_ml``, ``reference_ml``,
        ``tolerance_mm`` and ``missing``. An organ that is in neither map is left out. Where one of the two is
        empty, ``missing`` is True, overlap, surface Dice are 0 and the distances are NaN: a missing structure has no
        distance, and must be reported beside any mean.

    Raises
    ------
    InputError
        When the two do not lie on the same grid.
    """
    if not prediction.geometry.same_as(reference.geometry):
        raise InputError(prediction.name, "it does not lie on the reference's grid",
                         "Compare label maps of the same scan")
    scheme = reference.scheme
    wanted: list[tuple[str, tuple[int, ...], float]] = [
        (organ.name, (organ.id,), organ.tolerance_mm) for organ in scheme.organs
    ]
    wanted += [(region.name, region.members, region.tolerance_mm) for region in scheme.regions]
    scores = {}
    for name, members, own in wanted:
        a, b = np.isin(prediction.array, members), np.isin(reference.array, members)
        if a.any() or b.any():
            limit = own if tolerance_mm is None else tolerance_mm
            scores[name] = compare_masks(a, b, reference.spacing_mm, limit, reference.geometry.voxel_ml)
    return scores


def compare_masks(a: np.ndarray, b: np.ndarray, spacing_mm: Sequence[float], tolerance_mm: float = 2.0,
                  voxel_ml: float | None = None) -> dict[str, Any]:
    """Every metric of one structure: ``a`` against the reference ``b``, at least one of them not empty.

    Surfaces are the voxels of a mask that touch its outside by a face. Symmetric ASD is the mean over both
    surfaces' voxels together; HD95 the larger of the two 95th percentiles; surface Dice the share of all surface
    voxels that lie within the tolerance of the other surface. Added path length: the mm of the reference's contour,
    drawn in the planes of the array's last axis, that lie farther from the prediction's contour than the tolerance
    (Kiser et al. 2021, counted in contour voxels times the mean in-plane voxel size).
    """
    voxel_ml = float(np.prod(spacing_mm)) / 1000 if voxel_ml is None else voxel_ml
    both, one, two = int((a & b).sum()), int(a.sum()), int(b.sum())
    row: dict[str, Any] = {
        "dsc": 2 * both / (one + two), "jaccard": both / (one + two - both), "asd_mm": math.nan, "hd_mm": math.nan,
        "hd95_mm": math.nan, "surface_dice": 0.0, "apl_mm": path_length_mm(b, spacing_mm),
        "volume_ml": one * voxel_ml, "reference_ml": two * voxel_ml, "tolerance_mm": tolerance_mm,
        "missing": not (one and two),
    }
    if row["missing"]:
        return row
    box = _box(a | b)
    a, b = a[box], b[box]
    there, back = surface_distances(a, b, spacing_mm)
    if not (len(there) and len(back)):  # a mask that fills the whole scan has no surface in it
        return row
    row["asd_mm"] = float((there.sum() + back.sum()) / (len(there) + len(back)))
    row["hd_mm"] = float(max(there.max(), back.max()))
    row["hd95_mm"] = float(max(np.percentile(there, 95), np.percentile(back, 95)))
    near = (there <= tolerance_mm).sum() + (back <= tolerance_mm).sum()
    row["surface_dice"] = float(near / (len(there) + len(back)))
    row["apl_mm"] = added_path_length_mm(a, b, spacing_mm, tolerance_mm)
    return row


def surface_distances(a: np.ndarray, b: np.ndarray, spacing_mm: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """For every surface voxel of ``a`` the distance to the surface of ``b``, and the other way round, in mm."""
    edge_a, edge_b = inner_boundary(a), inner_boundary(b)
    to_b = distance_transform_edt(~edge_b, sampling=spacing_mm)
    to_a = distance_transform_edt(~edge_a, sampling=spacing_mm)
    return to_b[edge_a], to_a[edge_b]


def added_path_length_mm(a: np.ndarray, b: np.ndarray, spacing_mm: Sequence[float], tolerance_mm: float) -> float:
    """Length of the reference's contour ``b`` that a person would have to draw anew, plane by plane, in mm."""
    in_plane = [float(s) for s in spacing_mm[:2]]
    count = 0
    for plane in range(b.shape[2]):
        contour = inner_boundary(b[..., plane])
        if not contour.any():
            continue
        drawn = inner_boundary(a[..., plane])
        if drawn.any():
            contour = contour & (distance_transform_edt(~drawn, sampling=in_plane) > tolerance_mm)
        count += int(contour.sum())
    return count * sum(in_plane) / 2


def path_length_mm(mask: np.ndarray, spacing_mm: Sequence[float]) -> float:
    """Length of the whole contour, plane by plane, in mm."""
    count = sum(int(inner_boundary(mask[..., plane]).sum()) for plane in range(mask.shape[2]))
    return count * (float(spacing_mm[0]) + float(spacing_mm[1])) / 2


def _box(mask: np.ndarray) -> tuple[slice, ...]:
    """A box round a mask with a rim of one voxel where the array has it, so that cut organs stay cut."""
    box = []
    for axis in range(mask.ndim):
        where = np.flatnonzero(mask.any(axis=tuple(n for n in range(mask.ndim) if n != axis)))
        box.append(slice(max(0, int(where[0]) - 1), min(mask.shape[axis], int(where[-1]) + 2)))
    return tuple(box)
