"""Holes that a stroke has closed: what an organ encloses on a slice and did not before."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.editing.history.edit import Edit


def newly_enclosed(edit: Edit, array: np.ndarray) -> dict[int, tuple[int, int, np.ndarray]]:
    """Of each organ where a step drew on one slice: axis, slice, and the background that it encloses since then.

    Parameters
    ----------
    edit : Edit
        The last step of labels.
    array : (I, J, K) array of integers
        The labels now.

    Returns
    -------
    dict
        Organ to the axis across the slice, its number, and a (R, C) bool array; organs without a new hole are left
        out, and so is everything where the step was of several slices in every plane, or of none.
    """
    from scipy.ndimage import binary_fill_holes, find_objects

    flat = None if edit.box is None else next((a for a in range(3) if edit.box[a].stop - edit.box[a].start == 1), None)
    if edit.box is None or flat is None:
        return {}
    at, place = edit.box[flat].start, tuple(part for a, part in enumerate(edit.box) if a != flat)
    now = np.take(array, at, flat)
    before = now.copy()
    before[place] = np.take(edit.before, 0, flat)
    found = {}
    beside = tuple(slice(max(0, part.start - 1), part.stop + 1) for part in place)  # a box holds only what has changed
    for organ in np.setdiff1d(np.unique(now[beside]), [0]):
        mask = now == organ
        box = find_objects(mask.astype(np.uint8))[0]
        holes = binary_fill_holes(mask[box]) & (now[box] == 0)
        if holes.any():
            holes &= ~(binary_fill_holes(before[box] == organ) & (before[box] == 0))
        if holes.any():
            whole = np.zeros(now.shape, bool)
            whole[box] = holes
            found[int(organ)] = (flat, at, whole)
    return found
