"""Result files of one case: how each kind is named, made and read back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.safe_names import MOST_BYTES, safe_name
from napari_boundaryseg.data.shapes.mesh import read_stl, signed_volume_mm3, surface, write_stl
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.progress import Progress, part

MAPS: dict[str, Callable[[Prediction], np.ndarray]] = {
    "edges": lambda prediction: np.asarray(prediction.edges),
    "contours": lambda prediction: np.stack([np.asarray(array) for array in prediction.contours.values()]),
    "probabilities": lambda prediction: np.asarray(prediction.probabilities),
}
"""What a prediction holds beside its labels, each (I, J, K) or (N, I, J, K) float32, 0..1."""
KINDS = ("labels", *MAPS, "mesh", "report")
ENDINGS = {"labels": "_seg.nii.gz", **{kind: f"_{kind}.nii.gz" for kind in MAPS}}
"""What the name of each kind's one file ends in."""

ORGAN_BYTES = 64
"""Of an organ's name in the name of its file."""

Written = tuple[list[Path], list[str]]
"""Files, and what was checked of them."""


def planned(what: set[str], name: str, labels: LabelMap | None = None) -> list[str]:
    """The names of the files that an export writes of a case, but the report; surfaces where labels are given."""
    single = [f"{name}{ENDINGS[kind]}" for kind in ENDINGS if kind in what]
    meshes = _mesh_names(labels.scheme) if labels is not None and "mesh" in what else {}
    present = set(np.unique(labels.array).tolist()) if labels is not None and meshes else set()
    return [*single, *(f"{name}_{end}.stl" for organ, end in meshes.items() if organ in present)]


def make(results: Results, what: set[str], progress: Progress) -> Written:
    """Every file but the report, in the staging folder, read back."""
    made: list[Path] = []
    checks: list[str] = []
    for n, kind in enumerate(KINDS):
        step = part(progress, n / len(KINDS), (n + 1) / len(KINDS))
        if kind in what:
            step(0.0, f"Writing {kind}")
        if kind in what and kind in _WRITERS:
            paths, checked = _WRITERS[kind](results, kind, step)
            made += paths
            checks += checked
    return made, checks


@dataclass(frozen=True, eq=False)
class Results:
    """What can be written of one case, and how its files begin."""

    scan: Volume
    labels: LabelMap
    prediction: Prediction | None
    folder: Path
    name: str

    def path(self, end: str) -> Path:
        """Where the file goes whose name ends so."""
        return self.folder / f"{self.name}{end}"


def _labels(results: Results, kind: str, progress: Progress) -> Written:
    scan, labels, path = results.scan, results.labels, results.path(ENDINGS[kind])
    formats.write(labels, path)
    back = formats.read_labels(path, scan, labels.scheme)
    if not np.array_equal(back.array, labels.array) or back.geometry.distance_mm(scan.geometry) > 1e-3:
        raise InputError(path, "it does not read back as it was written", "Export to another folder")
    return [path], ["label map: every voxel and the scan's geometry read back unchanged"]


def _maps(results: Results, kind: str, progress: Progress) -> Written:
    if results.prediction is None:
        return [], []  # refused before anything is written
    path, maps = results.path(ENDINGS[kind]), MAPS[kind](results.prediction)
    formats.write_map(maps, results.scan.geometry, path)
    back = formats.read(path).array
    wanted = maps[None] if maps.ndim == 3 else maps
    if back.shape != wanted.shape or not np.allclose(back, wanted, atol=1e-6):
        raise InputError(path, "it does not read back as it was written", "Export to another folder")
    return [path], [f"{kind}: read back unchanged"]


def _mesh(results: Results, kind: str, progress: Progress) -> Written:
    labels = results.labels
    names = _mesh_names(labels.scheme)
    paths: list[Path] = []
    said = []
    for n, organ in enumerate(labels.scheme.organs):
        progress(n / len(labels.scheme.organs), f"Writing the surface of {organ.name}")
        mask = labels.array == organ.id
        if mask.any():
            vertices, faces = surface(mask, labels.affine)
            paths.append(results.path(f"_{names[organ.id]}.stl"))
            write_stl(vertices, faces, paths[-1])
            if not np.array_equal(read_stl(paths[-1]), vertices[faces].astype(np.float32)):
                raise InputError(paths[-1], "it does not read back as it was written", "Export to another folder")
            volume_ml = signed_volume_mm3(vertices, faces) / 1000
            said.append(f"surface of {organ.name}: read back unchanged, {volume_ml:.2f} mL inside")
    return paths, said


def _mesh_names(scheme: LabelScheme) -> dict[int, str]:
    """What each organ is called in the name of its file: no two are alike, also where letter case does not count."""
    names: dict[int, str] = {}
    for organ in scheme.organs:
        name = plain(organ.name, "organ", ORGAN_BYTES)
        while name.lower() in {taken.lower() for taken in names.values()}:
            name += f"_{organ.id}"
        names[organ.id] = name
    return names


def plain(name: str, otherwise: str = "scan", most: int = MOST_BYTES) -> str:
    """A name without what has a meaning in paths: names of organs come with model files, from anyone."""
    return safe_name(re.sub(r'[<>:"/\\|?*]', "_", name), otherwise, most)


_WRITERS: dict[str, Callable[[Results, str, Progress], Written]] = {
    "labels": _labels,
    **dict.fromkeys(MAPS, _maps),
    "mesh": _mesh,
}
