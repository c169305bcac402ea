"""What a person has changed in a labels layer: a revision, whether it is stored, and the voxels of each organ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from napari_boundaryseg.ui import compat


@dataclass
class _Edits:
    revision: int = 0
    stored: int = 0
    voxels: dict[int, int] | None = None

    def take(self, change: dict[int, int] | None) -> None:
        """Count one stroke, undo, redo or new array."""
        self.revision += 1
        if self.voxels is not None:
            self.voxels = None if change is None else {
                i: self.voxels.get(i, 0) + change.get(i, 0) for i in self.voxels.keys() | change.keys()}


_EDITS: WeakKeyDictionary[Any, _Edits] = WeakKeyDictionary()
"""Beside the layers and not in their metadata, which napari copies when a person duplicates a layer."""


def follow(layer: Any) -> _Edits:
    """Keep count of a layer's changes from now on; those of a layer that is followed go on."""
    if layer not in _EDITS:
        found = _EDITS[layer] = _Edits()
        compat.on_edit(layer, found.take)
    return _EDITS[layer]


def revision(layer: Any) -> int:
    """A number that changes with the labels."""
    return follow(layer).revision


def mark_stored(layer: Any, revision: int) -> None:
    """Remember that the labels, as they were at this revision, are stored somewhere."""
    follow(layer).stored = revision


def is_stored(layer: Any) -> bool:
    """Whether nothing would be lost with the layer: it is as it was shown, or as it was stored."""
    found = follow(layer)
    return found.revision == found.stored


def volumes_ml(layer: Any) -> dict[int, float]:
    """Organ id to volume, in mL; counted once, and then kept up with what is drawn."""
    found, ids = follow(layer), layer.metadata["scheme"].ids
    if found.voxels is None:
        data = np.asarray(layer.data)
        found.voxels = {i: int(np.count_nonzero(data == i)) for i in ids}
    voxel_ml = float(np.prod(layer.scale)) / 1000
    return {i: found.voxels.get(i, 0) * voxel_ml for i in ids}
