"""Contours that stay editable: the curve through corners, the edge near a point, fewer corners for a line."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Point = tuple[float, ...]
STEP = 8
"""Points of a curve from one corner to the next."""


def smoothed(corners: Sequence[Point]) -> list[Point]:
    """Points along a closed smooth curve through every corner: a periodic cubic spline over the chord length.

    Fewer than three corners are given back as they are, and so are corners twice in the same place once.

    Examples
    --------
    >>> curve = smoothed([(0.0, 0.0), (0.0, 4.0), (4.0, 4.0), (4.0, 0.0)])
    >>> len(curve), curve[0], max(x for _, x in curve) > 4.5
    (32, (0.0, 0.0), True)
    """
    from scipy.interpolate import CubicSpline

    apart = [at for n, at in enumerate(corners) if at != corners[n - 1] or len(corners) == 1]
    if len(apart) < 3:
        return list(corners)
    ring = np.array([*apart, apart[0]])
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(ring, axis=0), axis=1))])
    at = (along[:-1, None] + np.diff(along)[:, None] * np.arange(STEP) / STEP).ravel()
    curve = CubicSpline(along, ring, bc_type="periodic")(at)
    curve[::STEP] = ring[:-1]
    return [tuple(map(float, point)) for point in curve]


def edge_near(corners: Sequence[Point], point: Point, reach: float) -> int | None:
    """The edge, from a corner to the next one, that passes a point within reach; the nearest of several.

    The edge from the last corner to the first is none: a polygon that is not closed has not got it yet.

    Examples
    --------
    >>> edge_near([(0, 0), (0, 9), (9, 9)], (1, 4), 2.0), edge_near([(0, 0), (0, 9), (9, 9)], (4, 4), 2.0)
    (0, None)
    """
    away = edge_distances(corners, point)
    return int(away.argmin()) if len(away) and away.min() <= reach else None


def edge_distances(corners: Sequence[Point], point: Point) -> np.ndarray:
    """How far a point lies from each edge, from a corner to the next one: (N - 1,).

    Examples
    --------
    >>> edge_distances([(0, 0), (0, 9), (9, 9)], (1, 4)).tolist()
    [1.0, 5.0]
    """
    ends = np.asarray(corners, float)
    edges, off = np.diff(ends, axis=0), np.asarray(point, float) - ends[:-1]
    squares = np.maximum((edges**2).sum(1), 1e-12)
    share = np.clip((off * edges).sum(1) / squares, 0, 1)
    return np.asarray(np.linalg.norm(off - share[:, None] * edges, axis=1))


def simplified(line: Sequence[Point], axis: int, tolerance: float) -> list[Point]:
    """A line on one slice with as few points as keep it within a tolerance (Douglas and Peucker); both ends stay.

    Parameters
    ----------
    line : sequence of points
        (z, y, x) each.
    axis : int
        Across the slice.
    tolerance : float

    Examples
    --------
    >>> simplified([(5.0, 0.0, 0.0), (5.0, 0.0, 1.0), (5.0, 0.1, 2.0), (5.0, 0.0, 3.0), (5.0, 4.0, 3.0)], 0, 0.5)
    [(5.0, 0.0, 0.0), (5.0, 0.0, 3.0), (5.0, 4.0, 3.0)]
    """
    from skimage.measure import approximate_polygon

    kept = approximate_polygon(np.delete(np.asarray(line, float), axis, axis=1), tolerance)
    return [tuple(map(float, point)) for point in np.insert(kept, axis, line[0][axis], axis=1)]
