"""Ridge of a map in one slice: a thin line along its highest values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from napari_boundaryseg.data.shapes.border_lines import part_of

LEAST = 0.5
"""Of a map from 0 to 1: below, there is no ridge."""
SMOOTHING_VOX, SMOOTHING_MM = 0.8, 1.0
"""Standard deviation of the Gaussian, at least, under which a band has one highest line."""
BEND = 0.015
"""How much a map must fall off on both sides of its ridge, per mm² or, where steps are longer, per step²: a plateau has
none, and the bands of a coarse grid are wide in mm."""
_STEPS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""To half of a voxel's neighbours; the others are opposite."""


def ridge(values: np.ndarray, spacing: Sequence[float] = (1.0, 1.0)) -> np.ndarray:
    """Pieces of lines between neighbouring voxels that are highest across the ridge, placed between voxels.

    Parameters
    ----------
    values : (R, C) array, 0 to 1
    spacing : two floats
        Size of a voxel along rows and columns, in mm.

    Returns
    -------
    (n, 2, 2) array
        Piece, end, row and column.

    Examples
    --------
    >>> ridge(np.array([[0.1, 0.9, 0.1], [0.1, 0.9, 0.1]])).tolist()
    [[[0.0, 1.0], [1.0, 1.0]]]
    """
    part = part_of(values >= LEAST)
    if part is None:
        return np.zeros((0, 2, 2))
    places, kept = _highest(np.asarray(values[part], np.float32), spacing)
    around = np.pad(kept, 1)
    pieces = []
    for down, right in _STEPS:
        joined = kept & _moved(around, down, right)
        if down and right:  # not across the corner of a path that goes round it
            joined &= ~_moved(around, down, 0) & ~_moved(around, 0, right)
        rows, columns = np.nonzero(joined)
        pieces.append(np.stack([places[rows, columns], places[rows + down, columns + right]], axis=1))
    corner = np.array([part[0].start, part[1].start])
    return np.concatenate(pieces) + corner


def _highest(values: np.ndarray, spacing: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Where each voxel's ridge is, (R, C, 2), and whether it has one: it is highest where the map bends most."""
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(values, [max(SMOOTHING_VOX, SMOOTHING_MM / mm) for mm in spacing], mode="nearest")
    around = np.pad(smooth, 1, mode="edge")
    bends, shifts, tops, squares = [], [], [], []
    for down, right in _STEPS:
        ahead, behind = _moved(around, down, right), _moved(around, -down, -right)
        bend = ahead + behind - 2 * smooth
        squares.append((down * spacing[0]) ** 2 + (right * spacing[1]) ** 2)
        bends.append(bend / squares[-1])
        shifts.append(np.clip((behind - ahead) / np.minimum(2 * bend, -1e-6), -0.5, 0.5))
        tops.append((smooth >= ahead) & (smooth > behind))
    most = np.argmin(bends, axis=0)[None]
    shift, top = np.take_along_axis(np.array(shifts), most, 0)[0], np.take_along_axis(np.array(tops), most, 0)[0]
    places = np.moveaxis(np.indices(values.shape), 0, -1) + shift[..., None] * np.array(_STEPS)[most[0]]
    least = BEND / np.maximum(1.0, squares)[most[0]]
    return places, top & (values >= LEAST) & (np.min(bends, axis=0) <= -least)


def _moved(around: np.ndarray, down: int, right: int) -> np.ndarray:
    """What lies so far from each voxel of an array that was padded by one."""
    rows, columns = around.shape
    return around[1 + down : rows - 1 + down, 1 + right : columns - 1 + right]
