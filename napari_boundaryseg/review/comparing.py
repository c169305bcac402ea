"""Comparison of labels with others of the same scan: every metric, organ by organ and third by third."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np

from napari_boundaryseg.data.metrics.label_maps import common_scheme, evaluate, structures
from napari_boundaryseg.data.metrics.metric import Metric, metrics
from napari_boundaryseg.data.metrics.surface import AT_TOLERANCES
from napari_boundaryseg.data.metrics.thirds import evaluate_thirds
from napari_boundaryseg.data.volume import LabelMap

SHOWN = (*AT_TOLERANCES, "hd95_mm", "asd_mm", "dsc", "apl_mm", "volume_ml", "reference_ml")
"""The metrics that are told, in their order."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """What `compare` found, and of which labels.

    Parameters
    ----------
    judged, reference : LabelMap
        On one grid and of one scheme.
    whole : mapping
        Organ to metrics, as `evaluate` has them.
    thirds : mapping
        Organ to the names of its thirds to metrics, as `evaluate_thirds` has them.
    """

    judged: LabelMap
    reference: LabelMap
    whole: Mapping[str, Row]
    thirds: Mapping[str, Mapping[str, Row]]

    @property
    def organs(self) -> tuple[str, ...]:
        """Names of what was compared."""
        return tuple(self.whole)

    def members(self, organ: str) -> tuple[int, ...]:
        """The integers of an organ or region; none of a composite, which is a mean and has no border."""
        return next((members for name, members, _ in structures(self.judged.scheme, set()) if name == organ), ())

    def tolerance_mm(self, organ: str) -> float:
        """How far a border of it may be off."""
        return float(self.whole[organ]["tolerance_mm"])

    def plain(self) -> dict[str, Any]:
        """Plain values for a certificate: the hash of the reference's voxels, and of each organ what is told.

        What is no number, as a distance where the organ is missing in one of the two, is None.
        """
        voxels = np.ascontiguousarray(self.reference.array, "<u2").tobytes()
        rows = {name: {key: _number(row[key]) for key in SHOWN} for name, row in self.whole.items()}
        organs = {name: {**rows[name], "missing": bool(row["missing"])} for name, row in self.whole.items()}
        return {"voxels_sha256": sha256(voxels).hexdigest(), "organs": organs}


def compare(judged: LabelMap, reference: LabelMap) -> Comparison:
    """Compare labels with others of the same scan, by their own organs.

    Raises
    ------
    InputError
        Where the two do not lie on one grid, name an integer differently, or the reference has an integer that the
        scheme of the others lacks.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> gland = np.zeros((8, 8, 14), np.uint8)
    >>> gland[2:6, 2:6, 1:13] = 1
    >>> reference = LabelMap(gland, Geometry(gland.shape, np.eye(4)), preset("prostate"))
    >>> short = np.where(np.arange(14) < 11, gland, 0).astype(np.uint8)
    >>> found = compare(LabelMap(short, reference.geometry, reference.scheme), reference)
    >>> round(found.whole["Prostate"]["dsc"], 2), round(found.thirds["Prostate"]["base"]["dsc"], 2)
    (0.91, 0.67)
    """
    common_scheme(judged, reference)
    reference = reference.with_scheme(judged.scheme)
    whole = evaluate(judged, reference, also=AT_TOLERANCES)
    return Comparison(judged, reference, whole, evaluate_thirds(judged, reference, also=AT_TOLERANCES))


def compare_again(before: Comparison, judged: LabelMap) -> Comparison:
    """Compare labels that have changed since with the same reference; only what changed is measured.

    What comes out is what `compare` says of them, value by value.

    Parameters
    ----------
    before : Comparison
    judged : LabelMap
        Of the grid and the scheme of those that were compared before.

    Examples
    --------
    >>> from napari_boundaryseg.data.labels import preset
    >>> from napari_boundaryseg.data.volume import Geometry
    >>> gland = np.zeros((8, 8, 14), np.uint8)
    >>> gland[2:6, 2:6, 1:13] = 1
    >>> reference = LabelMap(gland, Geometry(gland.shape, np.eye(4)), preset("prostate"))
    >>> found = compare(reference, reference)
    >>> short = np.where(np.arange(14) < 11, gland, 0).astype(np.uint8)
    >>> again = compare_again(found, LabelMap(short, reference.geometry, reference.scheme))
    >>> found.whole["Prostate"]["dsc"], round(again.whole["Prostate"]["dsc"], 2)
    (1.0, 0.91)
    """
    same = unchanged(before, judged)
    whole = {name: row for name, row in before.whole.items() if name in same}
    thirds = {name: rows for name, rows in before.thirds.items() if name in same}
    reference = before.reference
    return Comparison(
        judged,
        reference,
        evaluate(judged, reference, also=AT_TOLERANCES, known=whole),
        evaluate_thirds(judged, reference, also=AT_TOLERANCES, known=thirds),
    )


def unchanged(before: Comparison, judged: LabelMap) -> frozenset[str]:
    """The organs and regions that have the same voxels in these labels as in those that were compared before."""
    was = before.judged
    if (
        was.scheme != judged.scheme
        or was.array.shape != judged.array.shape
        or not was.geometry.same_as(judged.geometry)
    ):
        return frozenset()
    moved = was.array != judged.array
    touched = {int(n) for labels in (was, judged) for n in np.unique(labels.array[moved])}
    return frozenset(name for name, members, _ in structures(judged.scheme, set()) if not touched & set(members))


def shown() -> tuple[Metric, ...]:
    """The metrics that are told."""
    known = {metric.name: metric for metric in metrics(AT_TOLERANCES)}
    return tuple(known[name] for name in SHOWN)


def _number(value: float) -> float | None:
    return round(float(value), 4) if math.isfinite(value) else None
