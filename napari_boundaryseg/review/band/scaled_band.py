"""Scaled band of an organ in a scan: its field and its widths, from as little of the probability as they rest on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.review.band.band_lines import Field, scaled_field
from napari_boundaryseg.review.band.local_width import SMOOTHING_MM, WIDEST, Widths, local_width_mm, widths_of


class ScaledBand(NamedTuple):
    """What `band_lines.band_lines` draws with the factor, and how wide it is on this scan."""

    field: Field
    widths: Widths


def scaled_band(
    mask: np.ndarray, probability: np.ndarray, spacing_mm: Sequence[float], factor: float
) -> ScaledBand | None:
    """The band of a factor round a predicted organ; None where it has no border in the scan.

    Parameters
    ----------
    mask, probability : (I, J, K) arrays
        The predicted organ, and its probability.
    spacing_mm : sequence of float
    factor : float

    Examples
    --------
    >>> ramp = np.clip(np.arange(60.0)[:, None, None] / 10 - 2, 0, 1) * np.ones((1, 9, 9))
    >>> band = scaled_band(ramp > 0.5, ramp, (1.0, 1.0, 1.0), factor=0.2)
    >>> [round(mm, 2) for mm in band.widths]
    [2.0, 2.0, 2.0]
    """
    box = boxes.around(mask, spacing_mm, factor * WIDEST * min(spacing_mm) + 2 * max(spacing_mm))
    if box is None:
        return None
    width_mm = width_in(probability, box, spacing_mm)
    field = scaled_field(mask[box], spacing_mm, width_mm, factor)
    widths = widths_of(mask[box], width_mm, spacing_mm, factor)
    if field is None or widths is None:
        return None
    return ScaledBand(field._replace(part=boxes.shifted(field.part, box)), widths)


def width_in(probability: np.ndarray, box: Box, spacing_mm: Sequence[float]) -> np.ndarray:
    """`local_width_mm` in a box of a scan.

    Examples
    --------
    >>> ramp = np.clip(np.arange(60.0)[:, None, None] / 10 - 2, 0, 1) * np.ones((1, 9, 9))
    >>> box = (slice(20, 32), slice(2, 7), slice(0, 9))
    >>> bool(np.allclose(width_in(ramp, box, (1.0, 1.0, 1.0)), local_width_mm(ramp, (1.0, 1.0, 1.0))[box]))
    True
    """
    reach = math.ceil(4 * SMOOTHING_MM / min(spacing_mm)) + 2
    around = boxes.grown(box, probability.shape, reach)
    i, j, k = (slice(a.start - b.start, a.stop - b.start) for a, b in zip(box, around, strict=True))
    return local_width_mm(probability[around], spacing_mm)[i, j, k]
