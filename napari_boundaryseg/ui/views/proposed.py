"""What an organ would be in a slice of any plane, and which whole pieces of it would go or holes be filled."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

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


def crosses(now: np.ndarray, then: np.ndarray) -> list[np.ndarray]:
    """Two lines over each piece that goes as a whole and each hole that is filled: no line of ``then`` lies there.

    Parameters
    ----------
    now, then : (R, C) bool array
        An organ in a slice, and what it would be.

    Returns
    -------
    list of (2, 2) array
        Ends in voxels, down and across.

    Examples
    --------
    >>> before = np.zeros((5, 5), bool)
    >>> before[2, 2] = True
    >>> [line.tolist() for line in crosses(before, np.zeros_like(before))]
    [[[1.0, 1.0], [3.0, 3.0]], [[1.0, 3.0], [3.0, 1.0]]]
    """
    lines = []
    for mask, kept, connected in ((now, then, 2), (~now, ~then, 1)):
        pieces, _ = ndimage.label(mask, ndimage.generate_binary_structure(2, connected))
        stay = np.unique(pieces[kept & mask])
        for n, box in enumerate(ndimage.find_objects(pieces), start=1):
            if n not in stay:
                (top, left), (bottom, right) = ([side.start - 1 for side in box], [side.stop for side in box])
                corners = ([[top, left], [bottom, right]], [[top, right], [bottom, left]])
                lines += [np.array(ends, float) for ends in corners]
    return lines
