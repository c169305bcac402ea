"""Results to files: label map, edges, contours, probabilities, surfaces, report. Each is read back before it counts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.mesh import signed_volume_mm3, surface, write_stl
from napari_boundaryseg.data.saving import atomic_json, write_error
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part, silent
from napari_boundaryseg.session.report import report

MAPS: dict[str, Callable[[Prediction], np.ndarray]] = {
    "edges": lambda prediction: np.asarray(prediction.edges),
    "contours": lambda prediction: np.stack([np.asarray(array) for array in prediction.contours.values()]),
    "probabilities": lambda prediction: np.asarray(prediction.probabilities),
}
"""What a prediction holds beside its labels, each (I, J, K) or (N, I, J, K) float32, 0..1."""
KINDS = ("labels", *MAPS, "mesh", "report")


def export_files(
    scan: Volume,
    labels: LabelMap,
    prediction: Prediction | None,
    what: set[str],
    folder: Path,
    *,
    case: str | None = None,
    seconds: Mapping[str, float] | None = None,
    progress: Progress = silent,
) -> list[Path]:
    """Write what was asked for.

    Parameters
    ----------
    scan : Volume
    labels : LabelMap
        On the scan's grid.
    prediction : Prediction, optional
        Needed for edges, contours and probabilities.
    what : set of str
        Some of `KINDS`: ``labels`` (``CASE_seg.nii.gz`` in the scan's exact geometry), ``edges``
        (``CASE_edges.nii.gz``), ``contours`` (``CASE_contours.nii.gz``, one map per organ in label order),
        ``probabilities`` (``CASE_probabilities.nii.gz``, background first), ``mesh`` (``CASE_ORGAN.stl``, mm, RAS+),
        ``report`` (``CASE.json``, see `session.report`).
    folder : Path
        Made when it is not there.
    case : str, optional
        The case's name where it is that of a file already; by default the scan's, in letters that every system takes.
    seconds : mapping, optional
        What the stages before the prediction took, in s, for the report.
    progress : Progress
        Asked before each file, never while one is written.

    Returns
    -------
    list of Path
        What was written, the report last.

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
    if prediction is None and what & set(MAPS):
        raise InputError("export", "there are no edges and contours yet", "Segment the scan first, or untick them")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    results = _Results(scan, labels, prediction, folder, case or _plain(scan.name))
    began = time.perf_counter()
    written: list[Path] = []
    checks: list[str] = []
    for n, kind in enumerate(KINDS):
        step = part(progress, n / len(KINDS), (n + 1) / len(KINDS))
        if kind in what:
            step(0.0, f"Writing {kind}")
        if kind in what and kind in _WRITERS:
            paths, checked = _WRITERS[kind](results, kind, step)
            written += paths
            checks += checked
    if "report" in what:
        taken = {**(seconds or {}), **_seconds_of(prediction), "writing": round(time.perf_counter() - began, 3)}
        names = [path.name for path in written]
        said = report(scan, labels, prediction, case or scan.name, names, checks, taken)
        atomic_json(results.path(".json"), said)
        written.append(results.path(".json"))
    return written


@dataclass(frozen=True, eq=False)
class _Results:
    """What can be written of one case, and how its files begin."""

    scan: Volume
    labels: LabelMap
    prediction: Prediction | None
    folder: Path
    name: str

    def path(self, end: str) -> Path:
        return self.folder / f"{self.name}{end}"


def _seconds_of(prediction: Prediction | None) -> Mapping[str, float]:
    found = prediction.details.get("seconds") if prediction is not None else None
    return found if isinstance(found, Mapping) else {}


Written = tuple[list[Path], list[str]]


def _labels(results: _Results, kind: str, progress: Progress) -> Written:
    scan, labels, path = results.scan, results.labels, results.path("_seg.nii.gz")
    formats.write(labels, path)
    back = formats.read_labels(path, scan, labels.scheme)
    if not np.array_equal(back.array, labels.array) or back.geometry.distance_mm(scan.geometry) > 1e-3:
        raise InputError(path, "it does not read back as it was written", "Export to another folder")
    return [path], ["label map: every voxel and the scan's geometry read back unchanged"]


def _maps(results: _Results, kind: str, progress: Progress) -> Written:
    if results.prediction is None:
        return [], []  # refused before anything is written
    path, maps = results.path(f"_{kind}.nii.gz"), MAPS[kind](results.prediction)
    formats.write_map(maps, results.scan.geometry, path)
    back = formats.read(path).array
    wanted = maps[None] if maps.ndim == 3 else maps
    if back.shape != wanted.shape or not np.allclose(back, wanted, atol=1e-6):
        raise InputError(path, "it does not read back as it was written", "Export to another folder")
    return [path], [f"{kind}: read back unchanged"]


def _mesh(results: _Results, kind: str, progress: Progress) -> Written:
    labels = results.labels
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
            paths.append(results.path(f"_{name}.stl"))
            write_stl(vertices, faces, paths[-1])
            said.append(f"surface of {organ.name}: {signed_volume_mm3(vertices, faces) / 1000:.2f} mL inside")
    return paths, said


def _plain(name: str) -> str:
    """A name without what has a meaning in paths: names of organs come with model files, from anyone."""
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", name)


_WRITERS: dict[str, Callable[[_Results, str, Progress], Written]] = {
    "labels": _labels,
    **dict.fromkeys(MAPS, _maps),
    "mesh": _mesh,
}
