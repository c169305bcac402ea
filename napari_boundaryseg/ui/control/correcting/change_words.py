"""What a change does to an organ, in mL, and on which slices, for a person."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.metrics.volumes import ml_text
from napari_boundaryseg.editing.history.change import Change

MOST_TOLD = 3
"""Runs of slices that are named one by one."""


def ml_of(change: Change, organ: int, voxel_ml: float) -> str:
    """What an organ wins and loses: "+1.2 mL, −0.3 mL"; nothing where it stays as it is."""
    sides = (("+", change.added), ("−", change.removed))
    return ", ".join(f"{sign}{ml_text(side[organ] * voxel_ml)} mL" for sign, side in sides if side.get(organ))


def slices_in_words(changed: np.ndarray) -> str:
    """On which slices, counted from 1, the first few as they come.

    Parameters
    ----------
    changed : (slices,) bool array

    Examples
    --------
    >>> slices_in_words(np.array([False, True, True, True, False, True]))
    'on slices 2 to 4, 6'
    >>> slices_in_words(np.arange(12) % 2 == 0)
    'on slices 1, 3, 5 and 3 others'
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], changed.astype(np.int8), [0]])))
    runs = [(int(a) + 1, int(b)) for a, b in edges.reshape(-1, 2)]
    told = [str(a) if a == b else f"{a} to {b}" for a, b in runs[:MOST_TOLD]]
    left = sum(b - a + 1 for a, b in runs[MOST_TOLD:])
    one = len(runs) == 1 and runs[0][0] == runs[0][1]
    others = f" and {left} other{'s' if left > 1 else ''}" if left else ""
    return f"on {'slice' if one else 'slices'} {', '.join(told)}{others}" if runs else ""
