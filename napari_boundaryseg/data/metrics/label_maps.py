"""Every metric of a label map against a reference on the same grid, structure by structure."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.geometry import slice_axis
from napari_boundaryseg.data.labels import LabelScheme, anonymous
from napari_boundaryseg.data.metrics.metric import metrics
from napari_boundaryseg.data.metrics.structure_pair import StructurePair, rimmed
from napari_boundaryseg.data.spelling import folded, ways
from napari_boundaryseg.data.volume import SAME_GRID_MM, LabelMap
from napari_boundaryseg.errors import InputError


def evaluate(
    prediction: LabelMap,
    reference: LabelMap,
    tolerance_mm: float | None = None,
    also: Sequence[str] = (),
    known: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, dict[str, Any]]:
    """Score a label map against a reference on the same grid, organ by organ.

    Parameters
    ----------
    prediction, reference : LabelMap
    tolerance_mm : float, optional
        Border deviation that counts as equal for ``surface_dice`` and ``apl_mm``; each organ's own by default.
    also : sequence of str
        Metrics that are measured on request only.
    known : mapping, optional
        Names of organs and regions to rows that an earlier call gave of the very same masks: they are taken over.

    Returns
    -------
    dict
        Organ and region names of the reference's scheme (the prediction's where nobody named the reference's
        labels) to every metric by its name, ``tolerance_mm``, ``missing`` and ``in_reference``: whether the reference
        holds it (of a composite: all its members), for a mean over scans without one says nothing. An integer that the
        scheme does not name is scored as "Label N". An organ that is in neither map is left out, and so is a composite
        of it; a composite's metrics are the means of its members', without volumes. Where one of the two is empty,
        ``missing`` is True, overlap and surface Dice are 0 and the distances are NaN: a missing structure has no
        distance, and must be reported beside any mean.

    Raises
    ------
    InputError
        When the two do not lie on the same grid, or name an integer differently. Grids that differ by less than half a
        voxel, as by rounding in another format, are taken for the same with a Python warning.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> truth = np.zeros((8, 8, 8), np.uint8)
    >>> truth[2:6, 2:6, 2:6] = 1
    >>> reference = LabelMap(truth, Geometry(truth.shape, np.eye(4)), preset("prostate"))
    >>> moved = LabelMap(np.roll(truth, 1, axis=0), reference.geometry, reference.scheme)
    >>> evaluate(moved, reference, tolerance_mm=1.0)["Prostate"]["dsc"]
    0.75
    """
    prediction, doubt = laid_on(prediction, reference)
    if doubt:
        warnings.warn(f"{prediction.name}: {doubt}", stacklevel=2)
    scheme = common_scheme(prediction, reference)
    pairs = structure_pairs(prediction, reference, scheme, tolerance_mm)
    told = known or {}
    scores = {name: dict(told[name]) if name in told else row_of(pair, also) for name, _, pair in pairs}
    for composite in scheme.scored:
        if scores.keys() >= set(composite.members):
            scores[composite.name] = mean_of([scores[name] for name in composite.members], also)
    return scores


def structure_pairs(
    prediction: LabelMap, reference: LabelMap, scheme: LabelScheme, tolerance_mm: float | None = None
) -> Iterator[tuple[str, Box, StructurePair]]:
    """Name, box and pair of each organ and region of two label maps on one grid that is in one of them at least."""
    from napari_boundaryseg.data.components import organ_boxes  # SciPy not before: recipes ask for the metrics' names

    where = [dict(organ_boxes(labels.array)) for labels in (prediction, reference)]
    for name, members, own_mm in structures(scheme, where[0].keys() | where[1].keys()):
        box = rimmed([found.get(n) for found in where for n in members], reference.array.shape)
        if box is None:
            continue
        a, b = (np.isin(labels.array[box], members) for labels in (prediction, reference))
        limit = own_mm if tolerance_mm is None else tolerance_mm
        voxel_ml, across = reference.geometry.voxel_ml, slice_axis(reference.affine)
        yield name, box, StructurePair(a, b, reference.spacing_mm, limit, voxel_ml, across, reference.array.size)


def laid_on(prediction: LabelMap, reference: LabelMap) -> tuple[LabelMap, str]:
    """The prediction on the reference's grid, and a sentence where the two grids are not quite the same.

    Raises
    ------
    InputError
        Where they lie more than half a voxel apart.
    """
    apart = prediction.geometry.distance_mm(reference.geometry)
    if apart <= SAME_GRID_MM:
        return prediction, ""
    if apart <= min(reference.spacing_mm) / 2:
        return replace(prediction, geometry=reference.geometry), (
            f"The prediction lies up to {apart:.3g} mm off the reference's grid, less than half a voxel: "
            "it is compared as it is."
        )
    one, two = (" x ".join(map(str, labels.geometry.shape)) for labels in (prediction, reference))
    how = f"corners up to {apart:.3g} mm apart" if one == two else f"{one} voxels against {two}"
    raise InputError(
        prediction.name, f"it does not lie on the reference's grid: {how}", "Compare label maps of the same scan"
    )


def mean_of(rows: Sequence[dict[str, Any]], also: Sequence[str] = ()) -> dict[str, Any]:
    """Every metric averaged over structures; volumes of structures that overlap have no mean that means anything."""
    means = {
        metric.name: math.nan if metric.better == "neither" else float(np.mean([row[metric.name] for row in rows]))
        for metric in metrics(also)
    }
    return {
        **means,
        "tolerance_mm": math.nan,
        "missing": any(row["missing"] for row in rows),
        "in_reference": all(row["in_reference"] for row in rows),
    }


def structures(scheme: LabelScheme, occurring: Set[int]) -> list[tuple[str, tuple[int, ...], float]]:
    """Name, integers and tolerance of everything that is scored, where these integers occur."""
    unnamed = sorted(occurring - set(scheme.ids))
    organs = (*scheme.organs, *(anonymous(tuple(unnamed)).organs if unnamed else ()))
    return [
        *((organ.name, (organ.id,), organ.tolerance_mm) for organ in organs),
        *((region.name, region.members, region.tolerance_mm) for region in scheme.regions),
    ]


def common_scheme(prediction: LabelMap, reference: LabelMap) -> LabelScheme:
    """The reference's scheme, or the prediction's where the reference has none; refused where they disagree."""
    one, two = prediction.scheme, reference.scheme
    if "unnamed" in (one.name, two.name):
        return one if two.name == "unnamed" else two
    for a in one.organs:
        for b in two.organs:
            if a.id == b.id and not ways(a) & ways(b):
                said = f"the integer {a.id} is {a.name} there and {b.name} in the reference"
            elif a.id != b.id and folded(a.name) == folded(b.name):
                said = f"{a.name} is {a.id} there and {b.id} in the reference"
            else:
                continue
            raise InputError(prediction.name, said, "Choose one label scheme for both")
    return two


def compare_masks(
    a: np.ndarray,
    b: np.ndarray,
    spacing_mm: Sequence[float],
    tolerance_mm: float = 2.0,
    voxel_ml: float | None = None,
    slice_axis: int = 2,
    also: Sequence[str] = (),
    scan_voxels: int | None = None,
) -> dict[str, Any]:
    """Every metric of one structure: ``a`` against the reference ``b``, at least one of them not empty.

    Parameters
    ----------
    a, b : (I, J, K) bool array
    spacing_mm : sequence of float
    tolerance_mm : float
    voxel_ml : float, optional
        The product of the spacing by default.
    slice_axis : int
        Across which contours are drawn slice by slice; the last by default.
    also : sequence of str
        Metrics that are measured on request only.
    scan_voxels : int, optional
        Of the whole scan, where the masks are cut out of it; those of ``b`` by default.

    Returns
    -------
    dict
        The name of every metric to its value, ``tolerance_mm``, ``missing``: whether one of the two is empty, and
        ``in_reference``: whether ``b`` is not.

    Examples
    --------
    >>> cube = np.zeros((8, 8, 8), bool)
    >>> cube[2:6, 2:6, 2:6] = True
    >>> row = compare_masks(np.roll(cube, 1, axis=0), cube, (1.0, 1.0, 1.0))
    >>> row["dsc"], row["hd_mm"], row["missing"]
    (0.75, 1.0, False)
    """
    return row_of(StructurePair.of(a, b, spacing_mm, tolerance_mm, voxel_ml, slice_axis, scan_voxels), also)


def row_of(pair: StructurePair, also: Sequence[str] = ()) -> dict[str, Any]:
    """What `compare_masks` returns, of a pair; of a part only the metrics that mean something there."""
    values = {metric.name: metric.of(pair) for metric in metrics(also) if metric.of_parts or pair.whole is None}
    held = (pair.whole or pair).n_reference > 0
    return {**values, "tolerance_mm": pair.tolerance_mm, "missing": pair.missing, "in_reference": held}
