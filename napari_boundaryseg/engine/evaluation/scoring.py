"""Scoring: pairs of files to rows of metrics, and their summary. No torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.formats import read_labels
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.mean_sd import mean_sd
from napari_boundaryseg.data.metrics import evaluate, measured
from napari_boundaryseg.data.metrics.label_maps import laid_on
from napari_boundaryseg.data.metrics.thirds import evaluate_thirds
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.errors import InputError

Row = dict[str, Any]
WHOLE = "whole"
"""The region of a row that is of all of an organ."""


def pair(predictions: Mapping[str, Path], references: Mapping[str, Path]) -> dict[str, tuple[Path, Path]]:
    """Prediction and reference of each case that has both.

    Parameters
    ----------
    predictions, references : mapping
        Case to file.

    Raises
    ------
    InputError
        When no case has both: the two do not belong together.
    """
    pairs = {case: (path, references[case]) for case, path in predictions.items() if case in references}
    if not pairs:
        raise InputError(
            "predictions",
            f"none has a reference of its name ({_some(predictions)} against {_some(references)})"
            if predictions and references
            else "there is no label map" + ("" if references else " among the references"),
            "Give folders whose label maps are named after the same cases, or two files",
        )
    return pairs


def _some(names: Iterable[str], most: int = 3) -> str:
    listed = sorted(names)
    return ", ".join([*listed[:most], *(["..."] if len(listed) > most else [])])


def unpredicted(pairs: Mapping[str, object], references: Mapping[str, Path]) -> dict[str, Path]:
    """The references that no prediction is paired with."""
    return {case: path for case, path in references.items() if case not in pairs}


def score_case(
    case: str,
    prediction: Path,
    reference: Path,
    *,
    scheme: LabelScheme | None = None,
    tolerance_mm: float | None = None,
    also: Sequence[str] = (),
    thirds: bool = False,
    note: Callable[[str], None] = lambda text: None,
) -> list[Row]:
    """One row per organ and region of one case; ``note`` is told what is doubtful about the two files.

    ``also`` names metrics that are measured on request only. With ``thirds`` each row says in ``region`` that it is of
    the whole, and one for each third of what the reference holds follows.
    """
    found, truth = read_labels(prediction, scheme=scheme), read_labels(reference, scheme=scheme)
    try:
        found, doubt = laid_on(found, truth)
    except InputError as error:
        raise InputError(prediction, error.reason, error.advice) from error
    for text in dict.fromkeys([*found.warnings, *truth.warnings, *([doubt] if doubt else [])]):
        note(text)
    return _rows(case, found, truth, tolerance_mm, also, thirds)


def score_unpredicted(
    case: str,
    reference: Path,
    *,
    scheme: LabelScheme | None = None,
    tolerance_mm: float | None = None,
    also: Sequence[str] = (),
    thirds: bool = False,
) -> list[Row]:
    """One row per organ and region of a case without a prediction: each is missing."""
    truth = read_labels(reference, scheme=scheme)
    nothing = LabelMap(np.zeros(truth.array.shape, np.uint8), truth.geometry, truth.scheme, case)
    return _rows(case, nothing, truth, tolerance_mm, also, thirds)


def _rows(
    case: str, found: LabelMap, truth: LabelMap, tolerance_mm: float | None, also: Sequence[str], thirds: bool
) -> list[Row]:
    scores = evaluate(found, truth, tolerance_mm, also)
    if not thirds:
        return [{"case": case, "organ": organ, **plain(values)} for organ, values in scores.items()]
    parts = evaluate_thirds(found, truth, tolerance_mm, also)
    return [
        {"case": case, "organ": organ, "region": region, **plain(values)}
        for organ, whole in scores.items()
        for region, values in {WHOLE: whole, **parts.get(organ, {})}.items()
    ]


def plain(values: Mapping[str, Any]) -> Row:
    """Figures as JSON can hold them: what is not finite is None."""
    return {key: value if isinstance(value, bool) else _finite(value) for key, value in values.items()}


def _finite(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def summarise(rows: Iterable[Row]) -> dict[str, dict[str, Any]]:
    """Mean and sample SD of every metric, per organ; one case has no SD.

    A missing structure is counted as missing. Its overlap counts as it is (0), its distances, which do not exist,
    are left out: each metric says over how many cases it is. An organ that no reference holds (``in_references`` is 0)
    has no mean: that a model finds or does not find it there says nothing.
    """
    organs: dict[str, list[Row]] = {}
    for row in rows:
        organs.setdefault(row["organ"], []).append(row)
    return {organ: _of_organ(found) for organ, found in organs.items()}


def summarise_thirds(rows: Iterable[Row]) -> dict[str, dict[str, dict[str, Any]]]:
    """Organ to its thirds to what `summarise` says of the rows of each; rows of whole organs are left out."""
    found: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        if row.get("region", WHOLE) != WHOLE:
            found.setdefault(row["organ"], {}).setdefault(row["region"], []).append(row)
    return {organ: {part: _of_organ(of) for part, of in parts.items()} for organ, parts in found.items()}


def _of_organ(rows: list[Row]) -> dict[str, Any]:
    held = sum(bool(row.get("in_reference", True)) for row in rows)
    return {
        "n": len(rows),
        "missing": sum(bool(row["missing"]) for row in rows),
        "in_references": held,
        **{metric: mean_sd(row.get(metric) if held else None for row in rows)._asdict() for metric in measured(rows)},
    }


def in_no_reference(
    summary: Mapping[str, Mapping[str, Any]], schemes: Iterable[LabelScheme | None] = ()
) -> tuple[str, ...]:
    """The organs that no reference holds: found by a prediction all the same, or named by a label scheme."""
    named = dict.fromkeys(name for scheme in schemes if scheme is not None for name in scheme.names)
    held = {organ for organ, values in summary.items() if values["in_references"]}
    return tuple(organ for organ in {**dict.fromkeys(summary), **named} if organ not in held)
