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
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import cKDTree

from napari_boundaryseg.data.datasets import load_case
from napari_boundaryseg.data.volume import LabelMap
from napari_boundaryseg.engine.evaluation.study import Study
from napari_boundaryseg.review.band.border_faces import border_faces
from napari_boundaryseg.review.band.border_margin import SHARE, border_margin_mm, weighted_quantile
from napari_boundaryseg.review.band.conformal import PATIENTS

COLUMNS = (
    *("set", "organ", "case", "patient", "faces", "margin_mm", "margin_90_mm"),
    *("scale_place_mm", "scaled_place", "scale_scan_mm", "scaled_scan"),
)
SMOOTHING_MM, WIDEST = 1.0, 20.0
Row = dict[str, Any]


def local_width(probability: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """1 / |gradient| of a smoothed probability, mm, from the finest voxel size up to `WIDEST` of them."""
    smooth = gaussian_filter(probability, [SMOOTHING_MM / size for size in spacing_mm])
    slope = np.sqrt(sum(one**2 for one in np.gradient(smooth, *spacing_mm)))
    least = min(spacing_mm)
    return np.clip(1 / np.maximum(slope, 1e-6), least, WIDEST * least)


def scored(found: np.ndarray, probability: np.ndarray, wanted: np.ndarray, spacing_mm: tuple[float, ...]) -> Row | None:
    """Margins of one organ of a case, and the distances from its accepted border to the predicted one."""
    margin = border_margin_mm(found, wanted, spacing_mm)
    if margin is None or not math.isfinite(margin):
        return None if margin is None else {"margin_mm": margin}
    (drawn, area_drawn), (true, area_true) = (border_faces(mask, spacing_mm) for mask in (found, wanted))
    to_drawn, nearest = cKDTree(drawn).query(true)
    to_true, areas = cKDTree(true).query(drawn)[0], np.concatenate([area_true, area_drawn])
    width = map_coordinates(local_width(probability, spacing_mm), (drawn / spacing_mm).T, order=1)
    scaled, typical = np.concatenate([to_drawn / width[nearest], to_true / width]), float(np.median(width))
    return {
        "faces": len(areas),
        "margin_mm": margin,
        "margin_90_mm": border_margin_mm(found, wanted, spacing_mm, 0.9),
        "scale_place_mm": float(np.average(width, weights=area_drawn)),
        "scaled_place": weighted_quantile(scaled, areas, SHARE),
        "scale_scan_mm": typical,
        "scaled_scan": margin / typical,
        "distances": to_drawn,
    }


def measured(study: Study, training: str, predictions: Path, data: Path) -> list[Row]:
    """Scores of every case of a study that was predicted out of fold."""
    scheme, rows = study.training(training).wanted.scheme, []
    for case in study.cases(data):
        labels_file = predictions / f"{case.name}_seg.nii.gz"
        if not labels_file.is_file():
            continue
        _, labels = load_case(case, scheme)
        assert isinstance(labels, LabelMap)
        found = np.asarray(nib.load(labels_file).dataobj)
        probabilities = np.asarray(nib.load(predictions / f"{case.name}_probabilities.nii.gz").dataobj, np.float32)
        spacing = tuple(float(size) for size in labels.spacing_mm)
        for organ in scheme.organs:
            probability = probabilities[..., organ.id] if probabilities.ndim == 4 else probabilities
            row = scored(found == organ.id, probability, labels.array == organ.id, spacing)
            if row is not None:
                patient = case.group or case.name
                rows.append({"set": study.path.stem, "organ": organ.name, "case": case.name, "patient": patient, **row})
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
