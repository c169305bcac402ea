"""Scores of bands, case by case: margins of predictions that no model had learned from, constant and scaled."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from scipy.spatial import cKDTree

from napari_boundaryseg.data.datasets import Case
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.review.band.border_faces import border_faces
from napari_boundaryseg.review.band.border_margin import border_factor, border_margin_mm
from napari_boundaryseg.review.band.conformal import PATIENTS
from napari_boundaryseg.review.band.local_width import at_faces, local_width_mm

COLUMNS = (
    *("set", "organ", "case", "patient", "faces", "margin_mm", "margin_90_mm"),
    *("scale_place_mm", "scaled_place", "scale_scan_mm", "scaled_scan"),
)
Row = dict[str, Any]


def scored(found: np.ndarray, probability: np.ndarray, wanted: np.ndarray, spacing_mm: tuple[float, ...]) -> Row | None:
    """Margins of one organ of a case, and the distances from its accepted border to the predicted one."""
    margin = border_margin_mm(found, wanted, spacing_mm)
    if margin is None or not math.isfinite(margin):
        return None if margin is None else {"margin_mm": margin}
    (drawn, area), (true, _) = (border_faces(mask, spacing_mm) for mask in (found, wanted))
    width_mm = local_width_mm(probability, spacing_mm)
    width = at_faces(width_mm, drawn, spacing_mm)
    typical = float(np.median(width))
    return {
        "faces": len(drawn) + len(true),
        "margin_mm": margin,
        "margin_90_mm": border_margin_mm(found, wanted, spacing_mm, 0.9),
        "scale_place_mm": float(np.average(width, weights=area)),
        "scaled_place": border_factor(found, wanted, width_mm, spacing_mm),
        "scale_scan_mm": typical,
        "scaled_scan": margin / typical,
        "distances": cKDTree(drawn).query(true)[0],
    }


def measured(cases: Iterable[tuple[Case, LabelMap]], predictions: Path) -> list[Row]:
    """Scores of the cases that were predicted, organ by organ."""
    rows = []
    for case, labels in cases:
        labels_file = predictions / f"{case.name}_seg.nii.gz"
        if not labels_file.is_file():
            continue
        found = np.asarray(nib.load(labels_file).dataobj)
        probabilities = np.asarray(nib.load(predictions / f"{case.name}_probabilities.nii.gz").dataobj, np.float32)
        spacing = tuple(float(size) for size in labels.spacing_mm)
        for organ in labels.scheme.organs:
            probability = probabilities[..., organ.id] if probabilities.ndim == 4 else probabilities
            row = scored(found == organ.id, probability, labels.array == organ.id, spacing)
            if row is not None:
                rows.append({"organ": organ.name, "case": case.name, "patient": case.group or case.name, **row})
        print(case.name, flush=True)
    return rows


def points_width(rows: list[Row]) -> float:
    """The 90 % quantile of the distances of all accepted border points, mean over patients that are left out."""
    known = [row for row in rows if "distances" in row]
    return float(
        np.mean(
            [
                np.quantile(np.concatenate([row["distances"] for row in known if row["patient"] != left]), PATIENTS)
                for left in {row["patient"] for row in known}
            ]
        )
    )


def written(rows: Iterable[Row], columns: Iterable[str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: f"{value:.4f}" if isinstance(value, float) else value for key, value in row.items()})
    return text.getvalue()


def read(path: Path) -> list[Row]:
    return list(csv.DictReader(path.read_text("utf-8").splitlines())) if path.is_file() else []
