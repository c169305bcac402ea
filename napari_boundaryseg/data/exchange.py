"""Exchange between window and worker: scans and label maps as a folder with an array and a JSON file."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.saving import atomic_json, atomic_write
from napari_boundaryseg.data.volume import Geometry, LabelMap, NiftiForm, Volume
from napari_boundaryseg.errors import InputError


def save_volume(volume: Volume, folder: str | Path) -> Path:
    """Write ``scan.npy`` and ``scan.json`` into a folder, which is made when needed."""
    values = {
        "geometry": geometry_to_json(volume.geometry),
        "channels": volume.channels,
        "name": volume.name,
        "modality": volume.modality,
        "warnings": volume.warnings,
        "source": [str(path) for path in volume.source],
    }
    return _save(Path(folder), "scan", volume.array, values)


def load_volume(folder: str | Path) -> Volume:
    """Read what `save_volume` wrote; the array stays on disk, mapped read-only."""
    array, values = _load(Path(folder), "scan")
    return Volume(
        array,
        geometry_from_json(values["geometry"]),
        tuple(values["channels"]),
        values["name"],
        values["modality"],
        tuple(values["warnings"]),
        tuple(Path(path) for path in values["source"]),
    )


def save_labels(labels: LabelMap, folder: str | Path) -> Path:
    """Write ``labels.npy`` and ``labels.json`` into a folder, which is made when needed."""
    values = {
        "geometry": geometry_to_json(labels.geometry),
        "name": labels.name,
        "scheme": labels.scheme.model_dump(mode="json"),
        "warnings": labels.warnings,
    }
    return _save(Path(folder), "labels", labels.array, values)


def load_labels(folder: str | Path) -> LabelMap:
    """Read what `save_labels` wrote; the array stays on disk, mapped read-only."""
    array, values = _load(Path(folder), "labels")
    scheme = LabelScheme.model_validate(values["scheme"])
    return LabelMap(array, geometry_from_json(values["geometry"]), scheme, values["name"], tuple(values["warnings"]))


def geometry_to_json(geometry: Geometry) -> dict[str, Any]:
    """A geometry as plain values; numbers keep every bit."""
    form = None
    if geometry.nifti is not None:
        form = {**asdict(geometry.nifti), "srow": np.asarray(geometry.nifti.srow, float).tolist()}
    return {"shape": list(geometry.shape), "affine": geometry.affine.tolist(), "nifti": form}


def geometry_from_json(values: dict[str, Any]) -> Geometry:
    """Undo `geometry_to_json`."""
    form = values["nifti"]
    if form is not None:
        form = NiftiForm(
            **{
                **form,
                "pixdim": tuple(form["pixdim"]),
                "quatern": tuple(form["quatern"]),
                "qoffset": tuple(form["qoffset"]),
                "srow": np.array(form["srow"], float),
            }
        )
    i, j, k = values["shape"]
    return Geometry((i, j, k), np.array(values["affine"], float), form)


def _save(folder: Path, stem: str, array: np.ndarray, values: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    # Stored as (..., K, J, I): the order of voxels in most files, so nothing is rearranged, and slices stay whole.
    atomic_write(folder / f"{stem}.npy", lambda stream: np.save(stream, array.swapaxes(-1, -3), allow_pickle=False))
    atomic_json(folder / f"{stem}.json", values)
    return folder


def _load(folder: Path, stem: str) -> tuple[np.ndarray, dict[str, Any]]:
    try:
        values = json.loads((folder / f"{stem}.json").read_text("utf-8"))
        array = np.load(folder / f"{stem}.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise InputError(folder, f"no {stem} can be read from this folder", "Save it there again") from error
    return array.swapaxes(-1, -3), values
