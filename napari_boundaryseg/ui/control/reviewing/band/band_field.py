"""Depth below the border that a model drew of an organ, and the local width of that border: measured on any thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data.geometry import DisplayGrid
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.editing.history.edit import Edit
from napari_boundaryseg.editing.history.last_result import LastResult
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.review.band.band_lines import Field, depth_field
from napari_boundaryseg.review.band.local_width import Widths
from napari_boundaryseg.review.band.scaled_band import ScaledBand, scaled_band

Follow = Callable[[], LastResult | None]


class Measured(NamedTuple):
    """The depth below the border of an organ, up to a margin: mm, or the factor of a scaled band.

    Parameters
    ----------
    step : Edit
        That applied the result.
    organ : int
    margin : float
    is_scaled : bool
    field : Field, optional
        On the display grid; None until it is measured, and where there is no border.
    """

    step: Edit
    organ: int
    margin: float
    is_scaled: bool
    field: Field | None = None

    def is_of(self, step: Edit, organ: int, margin: float, is_scaled: bool) -> bool:
        """Whether it is what is asked for."""
        return self.step is step and (self.organ, self.margin, self.is_scaled) == (organ, margin, is_scaled)


def measure(follow: Follow, grid: DisplayGrid, asked: Measured, name: str, prediction: Prediction | None) -> Measured:
    """Measure what is asked for; ``follow`` finds the labels as the result left them."""
    found = follow()
    if found is None:
        return asked
    mask = found.labels == asked.organ
    if asked.is_scaled:
        band = _scaled(mask, grid, name, prediction, asked.margin)
        field = None if band is None else band.field
    else:
        field = depth_field(mask, grid.scale_mm, asked.margin)
    return asked if field is None else asked._replace(field=field._replace(depth=field.depth.astype(np.float32)))


def widths_here(
    follow: Follow, grid: DisplayGrid, scheme: LabelScheme, factors: Mapping[str, float], prediction: Prediction | None
) -> dict[str, Widths]:
    """Of organs with a scaled band how wide it is on this scan, where the result's probabilities are at hand."""
    found = follow() if factors and prediction is not None else None
    if found is None:
        return {}
    ids = dict(zip(scheme.names, scheme.ids, strict=True))
    bands = {name: _scaled(found.labels == ids[name], grid, name, prediction, one) for name, one in factors.items()}
    return {name: band.widths for name, band in bands.items() if band is not None}


def _scaled(
    mask: np.ndarray, grid: DisplayGrid, name: str, prediction: Prediction | None, factor: float
) -> ScaledBand | None:
    """A scaled band, where the prediction is the one that drew this mask."""
    if prediction is None or name not in prediction.labels.scheme.names or prediction.details.get("regions"):
        return None
    at = prediction.labels.scheme.names.index(name)
    try:
        if not np.array_equal(grid.to_display(prediction.labels.array == prediction.labels.scheme.ids[at]), mask):
            return None
        return scaled_band(mask, grid.to_display(prediction.probabilities[1 + at]), grid.scale_mm, factor)
    except OSError:  # its files went with the scan
        return None
