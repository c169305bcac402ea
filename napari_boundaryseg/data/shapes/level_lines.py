"""Lines along which a map has one value, and dashes along a line."""

from __future__ import annotations

import numpy as np

from napari_boundaryseg.data.shapes.border_lines import part_of


def level_lines(values: np.ndarray, level: float) -> list[np.ndarray]:
    """Closed lines round where a map, which is 0 beyond its border, is larger: (n, 2) each, rows and columns.

    Examples
    --------
    >>> (line,) = level_lines(np.array([[0, 0, 0], [0, 0.4, 0], [0, 0, 0]]), 0.1)
    >>> sorted(line[:-1].tolist())
    [[0.25, 1.0], [1.0, 0.25], [1.0, 1.75], [1.75, 1.0]]
    """
    from skimage.measure import find_contours

    part = part_of(values >= level)
    if part is None:
        return []
    corner = np.array([part[0].start, part[1].start]) - 1.0
    return [line + corner for line in find_contours(np.pad(values[part], 1), level)]


def dashes(line: np.ndarray, dash: float, gap: float) -> list[np.ndarray]:
    """Pieces of a line, each so long, with gaps between them.

    Examples
    --------
    >>> [piece.tolist() for piece in dashes(np.array([[0.0, 0.0], [0.0, 4.0], [1.0, 4.0]]), 2.0, 1.5)]
    [[[0.0, 0.0], [0.0, 2.0]], [[0.0, 3.5], [0.0, 4.0], [1.0, 4.0]]]
    """
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    pieces = []
    for start in np.arange(0.0, along[-1], dash + gap):
        end = min(start + dash, along[-1])
        at = np.concatenate([[start], along[(along > start) & (along < end)], [end]])
        pieces.append(np.stack([np.interp(at, along, line[:, axis]) for axis in (0, 1)], axis=1))
    return pieces
