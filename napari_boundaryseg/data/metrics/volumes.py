"""Volumes of a structure in the prediction and in the reference."""

from __future__ import annotations

from napari_boundaryseg.data.metrics.metric import register
from napari_boundaryseg.data.metrics.structure_pair import StructurePair


@register("volume_ml", title="volume", unit="mL", better="neither", absent=0.0, order=80)
def volume_ml(pair: StructurePair) -> float:
    """Volume in the prediction."""
    return pair.n_prediction * pair.voxel_ml


@register("reference_ml", title="reference", unit="mL", better="neither", absent=0.0, order=90)
def reference_ml(pair: StructurePair) -> float:
    """Volume in the reference."""
    return pair.n_reference * pair.voxel_ml
