"""Livewire: a line from one corner to the next that edges in the slice bend towards themselves."""

from __future__ import annotations

import numpy as np

Point = tuple[float, float]
REACH_MM = 10.0
"""How far beyond its two ends a line may go."""
LEAST, STRAIGHT = 0.03, 0.5
"""What a mm costs on the strongest edge, and what each further mm costs at half of the full pull."""
_WEAKEST, _STRONGEST = 20, 98
"""Percentiles of a slice between which its edges are told apart."""


def edge_strength(image: np.ndarray, spacing_mm: Point, sigma_mm: float) -> np.ndarray:
    """How steep an image is at each pixel of a slice: (R, C) float32, 0 to 1.

    Parameters
    ----------
    image : (R, C) array
    spacing_mm : two floats
        Between rows and columns.
    sigma_mm : float
        Of the Gaussian whose derivatives are taken.

    Examples
    --------
    >>> step = np.zeros((9, 9))
    >>> step[:, 5:] = 100.0
    >>> edge_strength(step, (1.0, 1.0), 1.0)[4].round(1).tolist()
    [0.0, 0.0, 0.0, 0.3, 1.0, 1.0, 0.3, 0.0, 0.0]
    """
    from scipy.ndimage import gaussian_filter

    sigmas = [sigma_mm / mm for mm in spacing_mm]
    image = _finite(np.asarray(image, np.float32))
    along = [
        gaussian_filter(image, sigmas, order=order) / mm for order, mm in zip(((1, 0), (0, 1)), spacing_mm, strict=True)
    ]
    return scaled(np.hypot(*along))


def scaled(edges: np.ndarray) -> np.ndarray:
    """Edges of a slice between 0 and 1: its weakest fifth is none, its strongest fiftieth full."""
    edges = _finite(np.asarray(edges, np.float32))
    low, high = np.percentile(edges, [_WEAKEST, _STRONGEST])
    return np.clip((edges - low) / max(high - low, 1e-9), 0.0, 1.0)


def _finite(image: np.ndarray) -> np.ndarray:
    """What is no number, or infinite, is the mean of all else: nothing else may become of a damaged voxel here."""
    known = np.isfinite(image)
    return (
        image if known.all() else np.where(known, image, image[known].mean() if known.any() else 0).astype(np.float32)
    )


def bent(start: Point, end: Point, edges: np.ndarray, spacing_mm: Point, pull: float) -> list[Point]:
    """The points of a line between two corners, both of them among these, in mm: the cheapest way along edges.

    A mm costs more the weaker the edge is, and the weaker the pull, the more each further mm: a weak one bends the
    line, a strong one lets it go a long way round.

    Parameters
    ----------
    start, end : two floats
        Row and column, in mm; the middle of the first pixel is at 0.
    edges : (R, C) array
        0 to 1.
    spacing_mm : two floats
    pull : float
        0 to 1; without any the line is straight.

    References
    ----------
    Barrett and Mortensen, Interactive live-wire boundary extraction, Medical Image Analysis 1(4), 1997. The way is
    found by scikit-image's `MCP_Geometric`.

    Examples
    --------
    >>> edges = np.zeros((21, 21))
    >>> edges[10, 2:19] = 1.0
    >>> line = bent((12.0, 2.0), (12.0, 18.0), edges, (1.0, 1.0), 0.5)
    >>> line[0], line[len(line) // 2], line[-1]
    ((12.0, 2.0), (10.0, 10.0), (12.0, 18.0))
    """
    from scipy.ndimage import gaussian_filter1d
    from skimage.graph import MCP_Geometric

    spacing, ends = np.asarray(spacing_mm, float), np.array([start, end], float)
    low = np.maximum(np.floor((ends.min(0) - REACH_MM) / spacing), 0).astype(int)
    high = np.minimum(np.ceil((ends.max(0) + REACH_MM) / spacing) + 1, edges.shape).astype(int)
    if pull <= 0 or (low >= high).any():
        return [start, end]
    part = np.clip(_finite(edges[low[0] : high[0], low[1] : high[1]]), 0, 1)
    a, b = np.clip(np.round(ends / spacing).astype(int) - low, 0, np.array(part.shape) - 1)
    way = MCP_Geometric(LEAST + STRAIGHT * (1 / pull - 1) + (1 - part) ** 2, sampling=tuple(spacing))
    way.find_costs([a], [b])
    found = (np.array(way.traceback(b)) + low) * spacing
    if len(found) > 4:  # pixels make stairs
        found = gaussian_filter1d(found, 1.0, axis=0, mode="nearest")
    inner = [(float(y), float(x)) for y, x in found[1:-1]]
    return [start, *inner, end]
