"""Exchange between window and worker: scans and label maps as a folder with an array and a JSON file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.data.scratch.arrays import load_array, save_array
from napari_boundaryseg.data.scratch.scratch_errors import scratch_errors
from napari_boundaryseg.data.volume import Geometry, LabelMap, NiftiForm, Volume
from napari_boundaryseg.errors import InputError


def save_volume(volume: Volume, folder: str | Path) -> Path:
    """Write ``scan.npy`` and ``scan.json`` into a folder, which is made when needed; of sources only the names."""
    values = {
        "geometry": geometry_to_json(volume.geometry),
        "channels": volume.channels,
        "name": volume.name,
        "modality": volume.modality,
        "warnings": volume.warnings,
        "source": [path.name for path in volume.source],
    }
    return _save(Path(folder), "scan", volume.array, values)


def load_volume(folder: str | Path) -> Volume:
    """Read what `save_volume` wrote; the array stays on disk, mapped read-only."""
    folder = Path(folder)
    with _reading(folder, "scan"):
        values = _values(folder, "scan")
        return Volume(
            load_array(folder / "scan.npy"),
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
    folder = Path(folder)
    with _reading(folder, "labels"):
        values = _values(folder, "labels")
        return LabelMap(
            load_array(folder / "labels.npy"),
            geometry_from_json(values["geometry"]),
            LabelScheme.model_validate(values["scheme"]),
            values["name"],
            tuple(values["warnings"]),
        )


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
    with scratch_errors(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        save_array(folder / f"{stem}.npy", array)
        atomic_json(folder / f"{stem}.json", values, private=True)
    return folder


@contextmanager
def _reading(folder: Path, stem: str) -> Iterator[None]:
    """Say of whatever is missing or wrong inside that it cannot be read."""
    try:
        yield
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise InputError(folder, f"no {stem} can be read from this folder", "Save it there again") from error


def _values(folder: Path, stem: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((folder / f"{stem}.json").read_text("utf-8"))
    return values
