"""A model's result in the labels in work: where they are still as it made them, and what it says of a border there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.geometry import DisplayGrid
from napari_boundaryseg.data.nested_regions import classes_inside, organs_between
from napari_boundaryseg.data.shapes.border_lines import Part
from napari_boundaryseg.data.shapes.border_width import border_width_mm
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.ui.views.shown_slice import ShownSlice

_SURE = 1e-6
"""A probability nearer to 0 or 1 says no more."""


class ModelResult:
    """A prediction that the last step of a history has put into the labels.

    Parameters
    ----------
    history : History
        Of the labels, on the display grid.
    prediction : Prediction
    display : DisplayGrid
    box : three slices, optional
        The part that it was made in, on the scan's own array.
    """

    def __init__(self, history: History, prediction: Prediction, display: DisplayGrid, box: Box | None) -> None:
        self._history, self._at, self._step = history, history.position, history.top
        self._labels = display.to_display(np.asarray(prediction.labels.array))
        self._probabilities = display.to_display(np.asarray(prediction.probabilities))
        self._box = display.box_to_display(box or (slice(None),) * 3)
        regions: Any = prediction.details.get("regions", ())
        self._nested = classes_inside(regions, prediction.labels.scheme) if regions else ()
        self._classes = {organ: n for n, organ in enumerate(prediction.labels.scheme.ids, start=1)}

    def is_in(self, array: np.ndarray) -> bool:
        """Whether this is the array of those labels, and the step is done."""
        history = self._history
        if array is not history.array or history.position < self._at:
            return False
        return self._at <= history.first or history.steps[self._at - history.first - 1] is self._step

    def margin(self, labels: np.ndarray, at: ShownSlice, organ: int, part: Part) -> np.ndarray:
        """In part of a slice: log-odds of an organ against what else is likeliest; NaN where a label is another now.

        Parameters
        ----------
        labels : (R, C) array
            The slice of the labels in work.
        at : ShownSlice
        organ : int
        part : two slices
        """
        odds = self._odds(at.plane(self._probabilities)[(slice(None), *part)], self._classes[organ])
        across, down, right = (self._box[axis] for axis in at.order)
        made = np.zeros(labels.shape, bool)
        if across.start <= at.number < across.stop:
            made[down, right] = (labels == at.plane(self._labels))[down, right]
        return np.where(made[part], odds, np.nan)

    def _odds(self, likely: np.ndarray, n: int) -> np.ndarray:
        """Log-odds by which a class was decided: above 0 where it was."""
        if not self._nested:
            most = np.stack([likely[n], np.delete(likely, n, axis=0).max(axis=0)])
            own, other = np.log(np.clip(most, _SURE, 1.0))
            return own - other
        at = organs_between(self._nested).index(n)
        inside = [np.clip(likely[list(held)].sum(axis=0), _SURE, 1 - _SURE) for held in self._nested[at : at + 2]]
        first, *inner = (np.log(p) - np.log1p(-p) for p in inside)
        return np.minimum(first, -inner[0]) if inner else first

    def border_width_mm(self, organ: int, axis: int, spacing_mm: Sequence[float]) -> np.ndarray:
        """How wide the model's border of an organ is in each slice across an axis."""
        return border_width_mm(self._probabilities[self._classes[organ]], axis, spacing_mm)

    def probability(self, organ: int, at: ShownSlice) -> np.ndarray:
        """What the model says of an organ in a slice: (R, C), 0 to 1."""
        return at.plane(self._probabilities[self._classes[organ]])
