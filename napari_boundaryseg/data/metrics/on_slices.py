"""Every metric against a reference of which some slices were looked at: on these alone, each in its plane."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np

from napari_boundaryseg.data.metrics.label_maps import laid_on, mean_of, structures
from napari_boundaryseg.data.metrics.metric import metrics
from napari_boundaryseg.data.metrics.structure_pair import StructurePair, distances
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap

APART_MM = 1e6
"""Between two slices: no border is near one of another slice."""


class InPlane(StructurePair):
    """One structure on some slices: its border is that within each, and distances stay within it."""

    @cached_property
    def distances_mm(self) -> tuple[np.ndarray, np.ndarray]:
        """From the contours of the prediction and of the reference; infinite where the other has none in the slice."""
        from napari_boundaryseg.data.boundaries import inner_boundary

        in_plane = [axis for axis in range(3) if axis != self.slice_axis]
        steps = [APART_MM if axis == self.slice_axis else float(mm) for axis, mm in enumerate(self.spacing_mm)]
        one, two = (inner_boundary(mask, axes=in_plane) for mask in (self.prediction, self.reference))
        there, back = (distances(start, end, steps) for start, end in ((one, two), (two, one)))
        return tuple(np.where(found < APART_MM / 2, found, np.inf) for found in (there, back))  # type: ignore[return-value]


def evaluate_on(prediction: LabelMap, reference: LabelMap, looked: LookedAt) -> dict[str, dict[str, Any]]:
    """Score a label map organ by organ on the slices of its reference that a person has looked at.

    Overlap is that of the voxels of these slices. Surfaces are contours in the slices, and distances are measured
    within a slice: what lies above and below was perhaps never looked at. Where only one of the two has the structure
    on one of the slices, its contour there is near no other, and the structure has no mean or largest distance. Volumes
    are those in the slices.

    Parameters
    ----------
    prediction, reference : LabelMap
    looked : LookedAt
        In the integers and along the array of the reference.

    Returns
    -------
    dict
        As `data.metrics.evaluate` gives it, without the organs that nobody has looked at; a region where every member
        was.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> truth = np.zeros((8, 8, 8), np.uint8)
    >>> truth[2:6, 2:6, 2:6] = 1
    >>> reference = LabelMap(truth, Geometry(truth.shape, np.eye(4)), preset("prostate"))
    >>> found = truth.copy()
    >>> found[:, :, 4:] = 0
    >>> row = evaluate_on(reference.__class__(found, reference.geometry, reference.scheme), reference,
    ...                   LookedAt(axis=2, slices={1: (3, 4)}))["Prostate"]
    >>> round(row["dsc"], 3), row["surface_dice"], row["hd_mm"]
    (0.667, 0.6666666666666666, nan)
    """
    prediction, _ = laid_on(prediction, reference)
    looked.check(reference)
    n = reference.array.shape[looked.axis]
    planes = [np.moveaxis(labels.array, looked.axis, 0) for labels in (prediction, reference)]
    known = dict(zip(reference.scheme.ids, looked.known(n, reference.scheme.ids), strict=True))
    scores: dict[str, dict[str, Any]] = {}
    for name, members, tolerance_mm in structures(reference.scheme, known.keys()):
        chosen = np.all([known[one] for one in members], axis=0)
        a, b = (np.moveaxis(np.isin(one[chosen], members), 0, looked.axis) for one in planes)
        if not (a.any() or b.any()):
            continue
        pair = InPlane.of(
            a, b, reference.spacing_mm, tolerance_mm, reference.geometry.voxel_ml, looked.axis, reference.array.size
        )
        with np.errstate(invalid="ignore"):  # percentiles of infinite distances
            values = {metric.name: metric.of(pair) for metric in metrics()}
        scores[name] = {
            **{key: value if math.isfinite(value) else math.nan for key, value in values.items()},
            "tolerance_mm": tolerance_mm,
            "missing": pair.missing,
            "in_reference": pair.n_reference > 0,
        }
    for composite in reference.scheme.scored:
        if scores.keys() >= set(composite.members):
            scores[composite.name] = mean_of([scores[name] for name in composite.members])
    return scores
