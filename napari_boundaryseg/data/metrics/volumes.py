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


def ml_text(ml: float) -> str:
    """A volume for a person to read, without its unit: hundredths of a mL where they count.

    Examples
    --------
    >>> ml_text(143.24), ml_text(0.04), ml_text(0)
    ('143.2', '0.04', '0.0')
    """
    return f"{ml:.2f}" if 0 < ml < 9.995 else f"{ml:.1f}"
