"""What a model says of a scan once it was adapted to it, on the display grid, organ by organ."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.geometry import DisplayGrid
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.errors import InputError
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

    @property
    def helps(self) -> bool:
        """Whether steps on corrected slices made it foretell those better that were left out."""
        return self.result.steps > 0

    @property
    def corrected(self) -> tuple[int, ...]:
        """The slices that it learnt from, of the display arrays."""
        return tuple(self._numbers[n] for n in self.result.corrected)

    @property
    def box(self) -> Box:
        """The part of the scan that the model was given, of the display arrays."""
        return self._display.box_to_display(self.result.box or (slice(None),) * 3)

    def knows(self, organ: int) -> bool:
        """Whether the model has the organ, an integer of the labels in work."""
        return self._own(organ) is not None

    def mask(self, organ: int) -> np.ndarray:
        """What it finds of an organ, (z, y, x) bool."""
        return self._display.to_display(self.result.labels.array) == self._own(organ)

    def held_out(self, organ: int) -> dict[int, np.ndarray]:
        """Each slice that was left out, to what the model found that did not know it: (z, y, x) bool.

        Only the corrected slices are filled.
        """
        result, found = self.result, {}
        own_axis = self._display.slice_from_display(self.axis, 0)[0]
        for n, planes in zip(result.left_out, result.held_out, strict=True):
            mask = np.zeros(self._display.shape, bool)
            np.moveaxis(mask, own_axis, 0)[list(result.corrected)] = planes == self._own(organ)
            found[self._numbers[n]] = self._display.to_display(mask)
        return found

    def _own(self, organ: int) -> int | None:
        """The model's integer of an organ; names that are not known are taken to be in the model's order."""
        known = self.result.labels.scheme
        if self._scheme.unnamed:
            return organ if organ in known.ids else None
        if organ not in self._scheme.ids:
            return None
        wanted = self._scheme.organ(organ)
        for name in (wanted.name, *wanted.aliases):
            with suppress(InputError):
                return known.organ(name).id
        return None
