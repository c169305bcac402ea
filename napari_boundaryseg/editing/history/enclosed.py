"""Holes that a stroke has closed: what an organ encloses on a slice and did not before."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.editing.history.edit import Edit


def newly_enclosed(edit: Edit, array: np.ndarray) -> dict[int, tuple[int, int]]:
    """Of each organ where a step drew on one slice: the axis across it, and how many voxels it encloses since then.

    A step that is one voxel thick along several axes is looked at across each; the plane with most is told.

    Parameters
    ----------
    edit : Edit
        The last step of labels.
    array : (I, J, K) array of integers
        The labels now.

    Returns
    -------
    dict
        Organ to axis and number; organs without a new hole are left out, and a step of several slices in every plane
        says nothing.
    """
    found: dict[int, tuple[int, int]] = {}
    for axis in range(3):
        if edit.box is not None and edit.box[axis].stop - edit.box[axis].start == 1:
            for organ, voxels in _across(edit, array, axis).items():
                if voxels > found.get(organ, (0, 0))[1]:
                    found[organ] = axis, voxels
    return found


def _across(edit: Edit, array: np.ndarray, axis: int) -> dict[int, int]:
    from scipy.ndimage import binary_fill_holes, find_objects

    box = edit.box or (slice(0),) * 3
    place = tuple(part for a, part in enumerate(box) if a != axis)
    now = np.take(array, box[axis].start, axis)
    before = now.copy()
    before[place] = np.take(edit.before, 0, axis)
    beside = tuple(slice(max(0, part.start - 1), part.stop + 1) for part in place)  # a box holds only what has changed
    found = {}
    for organ in np.setdiff1d(np.unique(now[beside]), [0]):
        part = find_objects((now == organ).astype(np.uint8))[0]
        holes = binary_fill_holes(now[part] == organ) & (now[part] == 0)
        if holes.any():
            holes &= ~(binary_fill_holes(before[part] == organ) & (before[part] == 0))
        if holes.any():
            found[int(organ)] = int(holes.sum())
    return found
