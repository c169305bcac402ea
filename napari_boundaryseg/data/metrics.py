"""How well a label map agrees with a reference: overlap, surface distances, added path length, volumes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.ndimage import find_objects
from scipy.spatial import cKDTree

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boundaries import inner_boundary
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.labels import LabelScheme, anonymous
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError

METRICS = ("dsc", "jaccard", "asd_mm", "hd_mm", "hd95_mm", "surface_dice", "apl_mm")

ROUNDING_MM = 1e-4
"""Spacing read from an oblique affine is off by about 1e-8; a distance equal to the tolerance is within it."""


def evaluate(prediction: LabelMap, reference: LabelMap, tolerance_mm: float | None = None) -> dict[str, dict[str, Any]]:
    """Score a label map against a reference on the same grid, organ by organ.

    Parameters
    ----------
    prediction, reference : LabelMap
    tolerance_mm : float, optional
        Border deviation that counts as equal for ``surface_dice`` and ``apl_mm``; each organ's own by default.

    Returns
    -------
    dict
        Organ and region names of the reference's scheme (the prediction's where nobody named the reference's
        labels) to `METRICS`, ``volume_ml``, ``reference_ml``, ``tolerance_mm`` and ``missing``. An integer that the
        scheme does not name is scored as "Label N". An organ that is in neither map is left out, and so is a
        composite of it; a composite's metrics are the means of its members', without volumes. Where one of the
        two is empty, ``missing`` is True, overlap and surface Dice are 0 and the distances are NaN: a missing
        structure has no distance, and must be reported beside any mean.

    Raises
    ------
    InputError
        When the two do not lie on the same grid, or name an integer differently.
    """
    if not prediction.geometry.same_as(reference.geometry):
        raise InputError(
            prediction.name, "it does not lie on the reference's grid", "Compare label maps of the same scan"
        )
    where = [find_objects(labels.array) for labels in (prediction, reference)]
    scores = {}
    for name, members, own_mm in _structures(prediction, reference):
        box = _rimmed([found[n - 1] for found in where for n in members if n <= len(found)], reference.array.shape)
        if box is not None:
            a, b = (np.isin(labels.array[box], members) for labels in (prediction, reference))
            limit = own_mm if tolerance_mm is None else tolerance_mm
            scores[name] = compare_masks(a, b, reference.spacing_mm, limit, reference.geometry.voxel_ml)
    for composite in _common_scheme(prediction, reference).composites:
        if scores.keys() >= set(composite.members):
            scores[composite.name] = _mean_of([scores[name] for name in composite.members])
    return scores


def _mean_of(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Every metric averaged over structures; volumes of structures that overlap have no mean that means anything."""
    return {
        **{metric: float(np.mean([row[metric] for row in rows])) for metric in METRICS},
        "volume_ml": math.nan,
        "reference_ml": math.nan,
        "tolerance_mm": math.nan,
        "missing": any(row["missing"] for row in rows),
    }


def _structures(prediction: LabelMap, reference: LabelMap) -> list[tuple[str, tuple[int, ...], float]]:
    """Name, integers and tolerance of everything that is scored."""
    scheme = _common_scheme(prediction, reference)
    occurring = set(np.unique(prediction.array).tolist()) | set(np.unique(reference.array).tolist())
    unnamed = sorted(occurring - {0, *scheme.ids})
    organs = (*scheme.organs, *(anonymous(tuple(unnamed)).organs if unnamed else ()))
    return [
        *((organ.name, (organ.id,), organ.tolerance_mm) for organ in organs),
        *((region.name, region.members, region.tolerance_mm) for region in scheme.regions),
    ]


def _common_scheme(prediction: LabelMap, reference: LabelMap) -> LabelScheme:
    """The reference's scheme, or the prediction's where the reference has none; refused where they disagree."""
    one, two = prediction.scheme, reference.scheme
    if "unnamed" in (one.name, two.name):
        return one if two.name == "unnamed" else two
    for a in one.organs:
        for b in two.organs:
            if a.id == b.id and not {a.name, *a.aliases} & {b.name, *b.aliases}:
                raise InputError(
                    prediction.name,
                    f"the integer {a.id} is {a.name} there and {b.name} in the reference",
                    "Choose one label scheme for both",
                )
    return two


def compare_masks(
    a: np.ndarray, b: np.ndarray, spacing_mm: Sequence[float], tolerance_mm: float = 2.0, voxel_ml: float | None = None
) -> dict[str, Any]:
    """Every metric of one structure: ``a`` against the reference ``b``, at least one of them not empty.

    Surfaces are the voxels of a mask that touch its outside by a face; where the scan's border cuts an organ there is
    no surface. Symmetric ASD is the mean over both surfaces' voxels together; HD95 the larger of the two 95th
    percentiles; surface Dice the share of all surface voxels that lie within the tolerance of the other surface.
    For the added path length see `added_path_length_mm`.
    """
    voxel_ml = float(np.prod(spacing_mm)) / 1000 if voxel_ml is None else voxel_ml
    both, one, two = (int(np.count_nonzero(mask)) for mask in (a & b, a, b))
    box = _rimmed(find_objects((a | b).astype(np.uint8)), a.shape)
    a, b = a[box], b[box]
    row: dict[str, Any] = {
        "dsc": 2 * both / (one + two),
        "jaccard": both / (one + two - both),
        "asd_mm": math.nan,
        "hd_mm": math.nan,
        "hd95_mm": math.nan,
        "surface_dice": 0.0,
        "apl_mm": added_path_length_mm(a, b, spacing_mm, tolerance_mm),
        "volume_ml": one * voxel_ml,
        "reference_ml": two * voxel_ml,
        "tolerance_mm": tolerance_mm,
        "missing": not (one and two),
    }
    there, back = surface_distances(a, b, spacing_mm)
    if not (len(there) and len(back)):  # one is missing, or fills the whole scan and has no surface in it
        return row
    row["asd_mm"] = float((there.sum() + back.sum()) / (len(there) + len(back)))
    row["hd_mm"] = float(max(there.max(), back.max()))
    row["hd95_mm"] = float(max(np.percentile(there, 95), np.percentile(back, 95)))
    near = sum(np.count_nonzero(distances <= tolerance_mm + ROUNDING_MM) for distances in (there, back))
    row["surface_dice"] = float(near / (len(there) + len(back)))
    return row


def surface_distances(a: np.ndarray, b: np.ndarray, spacing_mm: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """For every surface voxel of ``a`` the distance to the surface of ``b``, and the other way round, in mm.

    Infinite where the other has no surface.
    """
    edge_a, edge_b = inner_boundary(a), inner_boundary(b)
    return _distances(edge_a, edge_b, spacing_mm), _distances(edge_b, edge_a, spacing_mm)


def _distances(start: np.ndarray, end: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """The distance from every voxel of ``start`` to the nearest of ``end``, in mm."""
    distances = np.zeros(np.count_nonzero(start))
    apart = ~end[start]
    if apart.any():
        points, targets = (np.argwhere(mask) * np.asarray(spacing_mm, float) for mask in (start & ~end, end))
        tree = cKDTree(targets, balanced_tree=False, compact_nodes=False)  # built faster, asked as fast
        distances[apart] = tree.query(points)[0] if len(targets) else np.inf
    return distances


def added_path_length_mm(a: np.ndarray, b: np.ndarray, spacing_mm: Sequence[float], tolerance_mm: float) -> float:
    """Length of the reference's contour ``b`` that a person would have to draw anew, in mm.

    The contour voxels of ``b``, in the planes of the array's last axis, that lie farther than the tolerance from the
    contour of ``a`` in the same plane, times the mean in-plane voxel size: all of it where ``a`` is
    empty, 0 where ``b`` is. Source: Kiser et al., J Digit Imaging 34, 2021.
    """
    in_plane = [float(s) for s in spacing_mm[:2]]
    drawn, wanted = inner_boundary(a, axes=(0, 1)), inner_boundary(b, axes=(0, 1))
    distances = _distances(wanted, drawn, (*in_plane, 1e6))  # no plane is near another
    return np.count_nonzero(distances > tolerance_mm + ROUNDING_MM) * sum(in_plane) / 2


def _rimmed(found: Sequence[Box | None], shape: tuple[int, ...]) -> Box | None:
    """A box round boxes with a rim of one voxel where the array has it, so that cut organs stay cut."""
    box = boxes.union([one for one in found if one is not None])
    return None if box is None else boxes.grown(box, shape)
