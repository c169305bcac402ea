"""Overlap of two masks: Dice coefficient and Jaccard index."""

from __future__ import annotations

from napari_boundaryseg.data.metrics.metric import register
from napari_boundaryseg.data.metrics.structure_pair import StructurePair


@register("dsc", title="DSC", better="higher", missing=0.0, absent=1.0, order=10)
def dice(pair: StructurePair) -> float:
    """Dice similarity coefficient, 0..1."""
    return 2 * pair.n_both / (pair.n_prediction + pair.n_reference)


@register("jaccard", title="Jaccard", better="higher", missing=0.0, absent=1.0, order=20)
def jaccard(pair: StructurePair) -> float:
    """Intersection over union, 0..1."""
    return pair.n_both / (pair.n_prediction + pair.n_reference - pair.n_both)
