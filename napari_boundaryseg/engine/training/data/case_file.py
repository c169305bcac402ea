"""One prepared case as a private file: written whole or not at all, mapped when it is read, and known by its hash."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from napari_boundaryseg.data.saving import atomic_bytes
from napari_boundaryseg.engine.training.data.cases import TrainingCase

FORMAT = "napari-boundaryseg-case/2"
"""Another number whenever cases are stored, or prepared, in another way: files of an older one are prepared anew."""


def tensors_of(case: TrainingCase) -> dict[str, Tensor]:
    """Every array of a case by a name of its own."""
    voxels = {f"voxels.{n}": torch.from_numpy(np.ascontiguousarray(one)) for n, one in enumerate(case.voxels)}
    maps = {f"map.{name}": one for name, one in case.maps.items()}
    valid = {} if case.valid is None else {"valid": case.valid}
    return {"image": case.image, "labels": case.labels, **voxels, **maps, **valid}


def write_case(path: Path, case: TrainingCase) -> None:
    """Write a case.

    Raises
    ------
    InputError
        When the disk is full or cannot be written.
    """
    tensors = {name: one.contiguous() for name, one in tensors_of(case).items()}
    values = {
        "names": list(tensors),
        "spacing_mm": case.spacing_mm,
        "name": case.name,
        "loose": case.loose,
        "extent": case.extent,
    }
    text = json.dumps(values)
    metadata = {"format": FORMAT, "case": text, "hash": _hash(text, tensors)}
    atomic_bytes(path, save(tensors, metadata=metadata), private=True)


def read_case(path: Path) -> TrainingCase | None:
    """Map what `write_case` wrote; None where there is no such file, or it is not as it was written.

    The tensors take memory only as far as the system finds room for what was read of them.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            text = metadata["case"]
            values = json.loads(text)
            found = {name: file.get_tensor(name) for name in values["names"]}
        if metadata["format"] != FORMAT or metadata["hash"] != _hash(text, found):
            return None
        return TrainingCase(
            image=found["image"],
            labels=found["labels"],
            maps={name.removeprefix("map."): one for name, one in found.items() if name.startswith("map.")},
            spacing_mm=tuple(values["spacing_mm"]),
            voxels=[one.numpy() for name, one in found.items() if name.startswith("voxels.")],
            name=values["name"],
            valid=found.get("valid"),
            loose=values["loose"],
            extent=None if values["extent"] is None else tuple(values["extent"]),
        )
    except (OSError, SafetensorError, ValueError, LookupError, TypeError, AttributeError):
        return None


def _hash(text: str, tensors: dict[str, Tensor]) -> str:
    digest = hashlib.blake2b(text.encode(), digest_size=16)
    for name, one in tensors.items():
        digest.update(f"{name} {one.dtype} {tuple(one.shape)}".encode())
        digest.update(one.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
