"""Factor of a case: how wide a band that follows the local width of the predicted border had to be, as a multiple."""

from __future__ import annotations

import math

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.metrics.structure_pair import StructurePair
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.review.band.border_margin import border_factor
from napari_boundaryseg.review.band.local_width import widths_of
from napari_boundaryseg.review.band.scaled_band import width_in


def local_factor(pair: StructurePair, box: Box, organ: str, prediction: Prediction) -> dict[str, float | None]:
    """`border_factor` of one organ, and the mean width of its predicted border; nothing where that is not known.

    Parameters
    ----------
    pair : StructurePair
        The organ in the model's result and as it was accepted.
    box : three slices
        Of the pair, in the scan.
    organ : str
    prediction : Prediction
        What a model said of the scan. Where its labels of the organ are not those of the result, it is another one.

    Returns
    -------
    dict
        ``factor`` and ``width_mm``; None for both where one of the two lacks the organ.
    """
    names = prediction.labels.scheme.names
    if organ not in names or prediction.details.get("regions"):
        return {}
    label = prediction.labels.scheme.ids[names.index(organ)]
    if not np.array_equal(prediction.labels.array[box] == label, pair.prediction):
        return {}
    try:
        width = width_in(prediction.probabilities[1 + names.index(organ)], box, pair.spacing_mm)
    except OSError:  # its files went with the scan
        return {}
    factor = border_factor(pair.prediction, pair.reference, width, pair.spacing_mm)
    widths = widths_of(pair.prediction, width, pair.spacing_mm)
    if factor is None or not math.isfinite(factor) or widths is None:
        return {"factor": None, "width_mm": None}
    return {"factor": round(factor, 4), "width_mm": round(widths.mean, 4)}
