"""What labels would win and lose if a box of them were written, before it is."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.editing.history.history import History


class Change(NamedTuple):
    """Organ to the number of voxels that it would win, and lose; and how many would stay because they are locked."""

    added: dict[int, int]
    removed: dict[int, int]
    n_protected: int

    @property
    def most_first(self) -> list[int]:
        """The organs that change, those that change most first."""
        changed = {organ: self.added.get(organ, 0) + self.removed.get(organ, 0) for organ in self.added | self.removed}
        return sorted(changed, key=lambda organ: (-changed[organ], organ))


def change_of(history: History, values: np.ndarray, box: Box | None = None) -> Change:
    """What `History.apply` would do with these labels, in a box or everywhere; nothing is written.

    Examples
    --------
    >>> history = History(np.array([[[0, 1, 1, 2]]], np.uint8))
    >>> change_of(history, np.array([[[1, 1, 2, 2]]], np.uint8))
    Change(added={1: 1, 2: 1}, removed={1: 1}, n_protected=0)
    """
    where = boxes.clipped(box, history.array.shape)
    found = boxes.changed(history.array[where], values)
    if found is None:
        return Change({}, {}, 0)
    part = boxes.shifted(found, where)
    before, after = history.array[part], values[found]
    protected = history.protected(part, after)
    written = (before != after) & ~protected
    return Change(_organs(after[written]), _organs(before[written]), int(np.count_nonzero(protected)))


def _organs(labels: np.ndarray) -> dict[int, int]:
    counts = np.bincount(labels)
    return {int(organ): int(counts[organ]) for organ in np.flatnonzero(counts) if organ}
