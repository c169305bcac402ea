"""Pieces of organs that were left out of a result: how much, and back again. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.engine.inference.assembling.decision import decided

MUCH = 1 / 3
"""Of an organ: leaving out more than this is told, and can be undone."""


def left_out_of(
    before: np.ndarray, after: np.ndarray, scheme: LabelScheme, voxel_ml: float
) -> dict[str, dict[str, Any]]:
    """Organ to ``kept_ml``, ``left_out_ml`` and the box of what was left out, where that is much of it.

    Plain values, as JSON holds them; both label maps are on the scan's own grid.
    """
    found = {}
    lost = np.bincount(before[before != after], minlength=max(scheme.ids) + 1)
    for organ in scheme.organs:
        if not lost[organ.id]:
            continue
        kept = int(np.count_nonzero(after == organ.id))
        if lost[organ.id] > MUCH * (kept + lost[organ.id]):
            box = boxes.changed(before == organ.id, after == organ.id)
            found[organ.name] = {
                "kept_ml": kept * voxel_ml,
                "left_out_ml": int(lost[organ.id]) * voxel_ml,
                "box": boxes.as_pairs(box) if box is not None else [],
            }
    return found


def in_words(organ: str, left: Mapping[str, Any]) -> str:
    """How much of an organ was kept, and how much was not."""
    return (
        f"{organ}: a piece of {ml_text(left['kept_ml'])} mL was kept, {ml_text(left['left_out_ml'])} mL in other "
        "pieces were left out"
    )


def put_back(
    labels: np.ndarray,
    probabilities: np.ndarray,
    left: Mapping[str, Any],
    scheme: LabelScheme,
    nested: Sequence[Sequence[int]] = (),
) -> np.ndarray:
    """Labels with the pieces that were left out, where they are background; a copy.

    Parameters
    ----------
    labels : (I, J, K) array of integers
    probabilities : (classes, I, J, K) array
        Of the prediction.
    left : mapping
        Of `left_out_of`.
    scheme : LabelScheme
    nested : sequence of sequences of int
        `Recipe.nested` of the model.
    """
    whole = labels.copy()
    for organ, entry in left.items():
        integer, box = scheme.organ(organ).id, boxes.from_pairs(entry["box"])
        found = decided(probabilities[(slice(None), *box)], nested)
        part = whole[box]
        part[(part == 0) & (found == scheme.ids.index(integer) + 1)] = integer
    return whole
