"""What an organ would be in a slice of any plane, told from a part of the scan in which it would change."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.ui.views.shown_slice import ShownSlice


def proposed_in(at: ShownSlice, labels: np.ndarray, organ: int, box: Box, mask: np.ndarray) -> np.ndarray | None:
    """The organ in a slice, (R, C) bool; None where nothing would change there.

    Parameters
    ----------
    at : ShownSlice
    labels : (I, J, K) array
        As they are.
    organ : int
    box : three slices
        Outside of it nothing changes.
    mask : bool array as large as the box
        What the organ would be there.
    """
    across, down, right = (box[axis] for axis in at.order)
    if not across.start <= at.number < across.stop:
        return None
    now = at.plane(labels) == organ
    then = now.copy()
    then[down, right] = at._replace(number=at.number - across.start).plane(mask)
    return None if np.array_equal(now, then) else then
