"""Results to files: label map, edges, contours, surfaces, report. Every file is read back before it counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.mesh import signed_volume_mm3, surface, write_stl
from napari_boundaryseg.data.saving import atomic_json, write_error
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent

KINDS = ("labels", "edges", "contours", "mesh", "report")
NOTICE = "Research use only, not a medical device"


def export_files(
    scan: Volume,
    labels: LabelMap,
    prediction: Prediction | None,
    what: set[str],
    folder: Path,
    *,
    progress: Progress = silent,
) -> list[Path]:
    """Write what was asked for.

    Parameters
    ----------
    scan : Volume
    labels : LabelMap
        On the scan's grid.
    prediction : Prediction, optional
        Needed for edges and contours.
    what : set of str
        Some of `KINDS`: ``labels`` (``CASE_seg.nii.gz`` in the scan's exact geometry), ``edges``
        (``CASE_edges.nii.gz``), ``contours`` (``CASE_contours.nii.gz``, one map per organ in label order), ``mesh``
        (``CASE_ORGAN.stl``, mm, RAS+), ``report`` (``CASE.json``).
    folder : Path
    progress : Progress
        Asked before each file, never while one is written.

    Returns
    -------
    list of Path

    Raises
    ------
    InputError
        When something cannot be written, or does not read back as it was written. Files that were there before and
        could not be replaced are unchanged.
    """
    unknown = sorted(what - set(KINDS))
    if unknown or not what:
        raise InputError("export", f"{', '.join(unknown) or 'nothing'} was chosen", f"Choose from: {', '.join(KINDS)}")
    if not scan.geometry.same_as(labels.geometry):
        raise InputError(labels.name, "the labels do not lie on this scan", "Export the labels of the open scan")
    if prediction is None and what & {"edges", "contours"}:
        raise InputError("export", "there are no edges and contours yet", "Segment the scan first, or untick them")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    written: list[Path] = []
    checks: list[str] = []
    for n, kind in enumerate(KINDS):
        step = part(progress, n / len(KINDS), (n + 1) / len(KINDS))
        if kind in what:
            step(0.0, f"Writing {kind}")
        if kind in what and kind in _WRITERS:
            paths, said = _WRITERS[kind](scan, labels, prediction, folder, step)
            written += paths
            checks += said
    if "report" in what:
        path = folder / f"{_plain(scan.name)}.json"
        atomic_json(path, report(scan, labels, prediction, checks))
        written.append(path)
    return written


Written = tuple[list[Path], list[str]]


def _labels(scan: Volume, labels: LabelMap, prediction: Prediction | None, folder: Path, progress: Progress) -> Written:
    path = folder / f"{_plain(scan.name)}_seg.nii.gz"
    formats.write(labels, path)
    back = formats.read_labels(path, scan, labels.scheme)
    if not np.array_equal(back.array, labels.array) or back.geometry.distance_mm(scan.geometry) > 1e-3:
        raise InputError(path, "it does not read back as it was written", "Export to another folder")
    return [path], ["label map: every voxel and the scan's geometry read back unchanged"]


def _map(path: Path, maps: np.ndarray, scan: Volume) -> None:
    formats.write_map(maps, scan.geometry, path)
    back = formats.read(path).array
    wanted = maps[None] if maps.ndim == 3 else maps
    if back.shape != wanted.shape or not np.allclose(back, wanted, atol=1e-6):
        raise InputError(path, "it does not read back as it was written", "Export to another folder")


def _edges(scan: Volume, labels: LabelMap, prediction: Prediction | None, folder: Path, progress: Progress) -> Written:
    path = folder / f"{_plain(scan.name)}_edges.nii.gz"
    if prediction is not None:
        _map(path, np.asarray(prediction.edges), scan)
    return [path], ["edges: read back unchanged"]


def _contours(
    scan: Volume, labels: LabelMap, prediction: Prediction | None, folder: Path, progress: Progress
) -> Written:
    path = folder / f"{_plain(scan.name)}_contours.nii.gz"
    if prediction is not None:
        _map(path, np.stack([np.asarray(array) for array in prediction.contours.values()]), scan)
    return [path], ["contours: read back unchanged"]


def _mesh(scan: Volume, labels: LabelMap, prediction: Prediction | None, folder: Path, progress: Progress) -> Written:
    paths: list[Path] = []
    said, taken = [], set()
    for n, organ in enumerate(labels.scheme.organs):
        progress(n / len(labels.scheme.organs), f"Writing the surface of {organ.name}")
        mask = labels.array == organ.id
        if mask.any():
            vertices, faces = surface(mask, labels.affine)
            name = _plain(organ.name)
            while name.lower() in taken:
                name += f"_{organ.id}"
            taken.add(name.lower())
            paths.append(folder / f"{_plain(scan.name)}_{name}.stl")
            write_stl(vertices, faces, paths[-1])
            said.append(f"surface of {organ.name}: {signed_volume_mm3(vertices, faces) / 1000:.2f} mL inside")
    return paths, said


def _plain(name: str) -> str:
    """A name without what has a meaning in paths: names of organs come with model files, from anyone."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name)


_WRITERS: dict[str, Callable[[Volume, LabelMap, Prediction | None, Path, Progress], Written]] = {
    "labels": _labels,
    "edges": _edges,
    "contours": _contours,
    "mesh": _mesh,
}


def report(scan: Volume, labels: LabelMap, prediction: Prediction | None, checks: list[str]) -> dict[str, Any]:
    """What was made from what, without names or paths of the patient's files beyond the case's name."""
    geometry = scan.geometry
    details = dict(prediction.details) if prediction is not None else {}
    return {
        "case": scan.name,
        "notice": NOTICE,
        "software": f"napari-boundaryseg {version('napari-boundaryseg')}",
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "scan": {
            "shape": list(geometry.shape),
            "spacing_mm": list(geometry.spacing_mm),
            "orientation": geometry.orientation,
            "tilt_deg": round(geometry.obliquity_deg, 3),
            "channels": list(scan.channels),
            "modality": scan.modality,
            "warnings": list(scan.warnings),
        },
        "label_scheme": labels.scheme.model_dump(mode="json"),
        "volumes_ml": {name: round(ml, 4) for name, ml in labels.volumes_ml().items()},
        "contours": dict(prediction.contour_sources) if prediction is not None else {},
        **{key: details.get(key) for key in ("model", "sha256", "device", "dtype", "seconds", "box", "notes")},
        "checks": checks,
    }
