"""What a change does to an organ, in mL, for a person."""

from __future__ import annotations

from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.editing.history.change import Change


def ml_of(change: Change, organ: int, voxel_ml: float) -> str:
    """What an organ wins and loses: "+1.2 mL, −0.3 mL"; nothing where it stays as it is."""
    sides = (("+", change.added), ("−", change.removed))
    return ", ".join(f"{sign}{ml_text(side[organ] * voxel_ml)} mL" for sign, side in sides if side.get(organ))
