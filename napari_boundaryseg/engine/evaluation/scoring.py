"""Scoring: pairs of files to rows of metrics, and their summary. No torch."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.formats import read_labels
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.data.metrics import evaluate, names
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError

Row = dict[str, Any]


def pair(predictions: Mapping[str, Path], references: Mapping[str, Path]) -> dict[str, tuple[Path, Path]]:
    """Prediction and reference of each predicted case.

    Raises
    ------
    InputError
        For a predicted case that has no reference, and when there is nothing to compare.
    """
    lost = sorted(set(predictions) - set(references))
    if lost or not predictions:
        raise InputError(
            lost[0] if lost else "predictions",
            "there is no reference of this name" if lost else "there is no label map",
            "Give folders whose label maps are named after the same cases",
        )
    return {case: (path, references[case]) for case, path in predictions.items()}


def unpredicted(predictions: Mapping[str, Path], references: Mapping[str, Path]) -> dict[str, Path]:
    """The references that no prediction is paired with."""
    return {case: path for case, path in references.items() if case not in predictions}


def score_case(
    case: str,
    prediction: Path,
    reference: Path,
    *,
    scheme: LabelScheme | None = None,
    tolerance_mm: float | None = None,
) -> list[Row]:
    """One row per organ and region of one case."""
    found, truth = read_labels(prediction, scheme=scheme), read_labels(reference, scheme=scheme)
    if not found.geometry.same_as(truth.geometry):
        raise InputError(prediction, "it does not lie on the reference's grid", "Compare label maps of one scan")
    return _rows(case, found, truth, tolerance_mm)


def score_unpredicted(
    case: str, reference: Path, *, scheme: LabelScheme | None = None, tolerance_mm: float | None = None
) -> list[Row]:
    """One row per organ and region of a case without a prediction: each is missing."""
    truth = read_labels(reference, scheme=scheme)
    nothing = LabelMap(np.zeros(truth.array.shape, np.uint8), truth.geometry, truth.scheme, case)
    return _rows(case, nothing, truth, tolerance_mm)


def _rows(case: str, found: LabelMap, truth: LabelMap, tolerance_mm: float | None) -> list[Row]:
    return [
        {"case": case, "organ": organ, **plain(values)}
        for organ, values in evaluate(found, truth, tolerance_mm).items()
    ]


def plain(values: Mapping[str, Any]) -> Row:
    """Figures as JSON can hold them: what is not finite is None."""
    return {key: value if isinstance(value, bool) else _finite(value) for key, value in values.items()}


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def summarise(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """Mean and sample SD of every metric, per organ; one case has no SD.

    A missing structure is counted as missing. Its overlap counts as it is (0), its distances, which do not exist,
    are left out: each metric says over how many cases it is.
    """
    organs: dict[str, list[Row]] = {}
    for row in rows:
        organs.setdefault(row["organ"], []).append(row)
    return {
        organ: {
            "n": len(found),
            "missing": sum(bool(row["missing"]) for row in found),
            **{metric: mean_sd(row.get(metric) for row in found)._asdict() for metric in names()},
        }
        for organ, found in organs.items()
    }
