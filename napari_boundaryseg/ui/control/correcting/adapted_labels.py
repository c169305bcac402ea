"""What a model says of a scan once it was adapted to it, on the display grid, organ by organ."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.geometry import DisplayGrid
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.session.actions.adapt import AdaptedResult


class AdaptedLabels:
    """Of one scan, across the slices that were corrected when it was asked for.

    Parameters
    ----------
    result : AdaptedResult
    display : DisplayGrid
    scheme : LabelScheme
        Of the labels in work; the model may have other integers for the same organs.
    axis : int
        Across the slices, of the display arrays.
    numbers : mapping
        The corrected slices as the scan's own array counts them, to their numbers in the display arrays.
    model : str
        What was adapted, for a person.
    """

    def __init__(
        self,
        result: AdaptedResult,
        display: DisplayGrid,
        scheme: LabelScheme,
        axis: int,
        numbers: Mapping[int, int],
        model: str,
    ) -> None:
        self.result, self.axis, self.model = result, axis, model
        self._display, self._scheme, self._numbers = display, scheme, dict(numbers)
        box = result.adapted.prediction.details.get("box")
        self._box = display.box_to_display(boxes.from_pairs(box) if isinstance(box, list) else (slice(None),) * 3)

    @property
    def helps(self) -> bool:
        """Whether steps on corrected slices made it foretell those better that were left out."""
        return self.result.adapted.steps > 0

    def knows(self, organ: int) -> bool:
        """Whether the model has the organ, an integer of the labels in work."""
        return self._scheme.organ(organ).name in self.result.adapted.prediction.labels.scheme.names

    def mask(self, organ: int, labels: np.ndarray) -> np.ndarray:
        """What it finds of an organ, (z, y, x) bool; where it was not given the scan, as the labels in work have it."""
        found = self._display.to_display(self.result.adapted.prediction.labels.array)
        mask = labels == organ
        mask[self._box] = found[self._box] == self._own(organ)
        return mask

    def held_out(self, organ: int) -> dict[int, np.ndarray]:
        """Each slice that was left out, to what the model found that did not know it: (z, y, x) bool.

        Only the corrected slices are filled.
        """
        adapted, found = self.result.adapted, {}
        own_axis = self._display.slice_from_display(self.axis, 0)[0]
        for n, planes in zip(adapted.left_out, adapted.held_out[adapted.steps], strict=True):
            mask = np.zeros(self._display.shape, bool)
            np.moveaxis(mask, own_axis, 0)[list(adapted.corrected)] = planes == self._own(organ)
            found[self._numbers[n]] = self._display.to_display(mask)
        return found

    def _own(self, organ: int) -> int:
        return self.result.adapted.prediction.labels.scheme.organ(self._scheme.organ(organ).name).id
