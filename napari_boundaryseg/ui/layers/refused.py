"""What a stroke would have changed and may not: locked voxels, and, of the eraser, other organs than the chosen one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.history.history import History


class Refused:
    """Found piece by piece while a stroke is drawn, and counted at its end.

    Parameters
    ----------
    history : History
        Of the labels.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self.layer: Callable[[], Any] = lambda: None
        """The layer that shows them, or None."""
        self._locked: np.ndarray | None = None
        self.n_spared = 0
        """Voxels of other organs that the eraser met."""

    @property
    def n_locked(self) -> int:
        """Locked voxels, each counted once."""
        return 0 if self._locked is None else int(np.count_nonzero(self._locked))

    def forget(self) -> None:
        """A stroke begins, or was called off."""
        self._locked, self.n_spared = None, 0

    def of(self, box: Box, values: np.ndarray) -> np.ndarray:
        """Where these labels must not be written into a box: bool, as large as it is."""
        spared = self._spared(box, values)
        if not len(self._history.locks):
            return spared
        values = np.where(spared, self._history.array[box], values)
        found = self._history.protected(box, values)
        if found.any():
            if self._locked is None:
                self._locked = np.zeros(self._history.array.shape, bool)
            self._locked[box] |= found
        return found | spared

    def _spared(self, box: Box, values: np.ndarray) -> np.ndarray:
        """Where the eraser would take away another organ than the chosen one."""
        layer, before = self.layer(), self._history.array[box]
        if layer is None or str(layer.mode) != "erase":
            return np.zeros(values.shape, bool)
        spared = (values != before) & (before != layer.selected_label)
        self.n_spared += int(np.count_nonzero(spared))
        return spared
