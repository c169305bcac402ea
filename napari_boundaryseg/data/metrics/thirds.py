"""Metrics of the thirds of an organ along the patient's long axis: of a prostate apex, middle and base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.metrics.label_maps import common_scheme, laid_on, row_of, structure_pairs
from napari_boundaryseg.data.volume import LabelMap

THIRDS = ("inferior third", "middle third", "superior third")
OF_PROSTATE = ("apex", "middle", "base")
"""Its apex points to the feet; elsewhere it may point to the head, as that of a lung does."""


def evaluate_thirds(
    prediction: LabelMap,
    reference: LabelMap,
    tolerance_mm: float | None = None,
    also: Sequence[str] = (),
    known: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
) -> dict[str, dict[str, dict[str, Any]]]:
    """Score the thirds of each organ that the reference holds, cut by `third_of` at planes across the long axis.

    Overlap, volumes and added path are those of the voxels in a third. Distances begin at its surface voxels and end at
    the nearest of the other's whole surface: a cut is no surface. A third beyond whose end a prediction reaches has
    what reaches beyond it, too.

    Parameters
    ----------
    prediction, reference : LabelMap
        On one grid.
    tolerance_mm : float, optional
        As in `evaluate`.
    also : sequence of str
        Metrics that are measured on request only; those that mean nothing of a part are left out.
    known : mapping, optional
        Names of organs and regions to the thirds that an earlier call gave of the very same masks.

    Returns
    -------
    dict
        Organ and region names to the names of their thirds (`third_names`) to every metric, as `evaluate` has them;
        ``missing`` says that the prediction lacks all of the organ. A third in which the reference has nothing, as of
        two pieces far apart, is left out.

    Raises
    ------
    InputError
        As in `evaluate`.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> gland = np.zeros((8, 8, 14), np.uint8)
    >>> gland[2:6, 2:6, 1:13] = 1
    >>> reference = LabelMap(gland, Geometry(gland.shape, np.eye(4)), preset("prostate"))
    >>> short = np.where(np.arange(14) < 11, gland, 0).astype(np.uint8)
    >>> found = evaluate_thirds(LabelMap(short, reference.geometry, reference.scheme), reference)
    >>> {third: round(row["dsc"], 2) for third, row in found["Prostate"].items()}
    {'apex': 1.0, 'middle': 1.0, 'base': 0.67}
    """
    prediction, _ = laid_on(prediction, reference)
    told, scores = known or {}, {}
    for name, box, pair in structure_pairs(prediction, reference, common_scheme(prediction, reference), tolerance_mm):
        if not pair.n_reference:
            continue
        if name in told:
            scores[name] = {third: dict(row) for third, row in told[name].items()}
            continue
        where = third_of(pair.reference, reference.affine, box)
        parts = [(third, pair.part(where == n)) for n, third in enumerate(third_names(name))]
        scores[name] = {third: row_of(part, also) for third, part in parts if part.n_reference}
    return scores


def third_of(mask: np.ndarray, affine: np.ndarray, box: Box | None = None) -> np.ndarray:
    """The third in which each voxel lies, by the place of its centre along the patient's long axis: 0 at the feet.

    The axis is that from feet to head in RAS+ mm, however the scan is stored or tilted. What is cut into three equal
    lengths is the extent of the mask's voxels along it, with their own.

    Parameters
    ----------
    mask : (I, J, K) bool array
        Not empty.
    affine : (4, 4) array
        Voxel indices of the scan to mm, RAS+.
    box : three slices, optional
        Where in the scan the mask is cut out; it is all of it by default.

    Returns
    -------
    (I, J, K) uint8 array of 0, 1 and 2
        Of every voxel, also those outside the mask: the outer thirds have no end.

    Examples
    --------
    >>> third_of(np.ones((1, 1, 9), bool), np.diag([1.0, 1.0, -2.0, 1.0])).ravel()
    array([2, 2, 2, 1, 1, 1, 0, 0, 0], dtype=uint8)
    """
    up = np.asarray(affine, float)[2]
    starts = [part.start or 0 for part in box] if box else [0, 0, 0]
    steps = np.ogrid[tuple(slice(at, at + n) for at, n in zip(starts, mask.shape, strict=True))]
    height = up[0] * steps[0] + up[1] * steps[1] + up[2] * steps[2]
    half = np.abs(up[:3]).sum() / 2
    low, high = height[mask].min() - half, height[mask].max() + half
    third = (high - low) / 3
    return (height > low + third).astype(np.uint8) + (height > high - third)


def third_names(organ: str) -> tuple[str, str, str]:
    """The thirds of an organ from the feet to the head, as people call them.

    Examples
    --------
    >>> third_names("Prostate"), third_names("Lung_L")
    (('apex', 'middle', 'base'), ('inferior third', 'middle third', 'superior third'))
    """
    return OF_PROSTATE if organ.partition("_")[0] == "Prostate" else THIRDS
