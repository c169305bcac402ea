"""How wide the border of an organ is in each slice of a probability: where it is blurred, it is doubtful."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np


def border_width_mm(probability: np.ndarray, axis: int, spacing_mm: Sequence[float]) -> np.ndarray:
    """Width of the band in which a probability is neither 0 nor 1, slice by slice.

    The area of 4 p (1 − p), over the length of the border at one half. In a slice without such a border it is the
    diameter of a disc of that area, at most as wide as the widest border.

    Parameters
    ----------
    probability : (I, J, K) array, 0 to 1
    axis : int
        Across the slices.
    spacing_mm : three floats

    Returns
    -------
    (N,) float array

    Examples
    --------
    >>> away = np.hypot(*np.mgrid[-40:40.1:0.5, -40:40.1:0.5])
    >>> disc = np.clip((20 - away) / 12 + 0.5, 0, 1)  # from 1 to 0 within 12 mm, of which 4 p (1 − p) fills two thirds
    >>> border_width_mm(disc[None], 0, (3.0, 0.5, 0.5)).round()
    array([8.])
    """
    slices = np.moveaxis(np.asarray(probability, np.float32), axis, 0)
    down, across = (mm for a, mm in enumerate(spacing_mm) if a != axis)
    doubt = 4 * slices * (1 - slices)
    area = doubt.sum(axis=(1, 2), dtype=float) * down * across
    length = _length_mm(slices > 0.5, down, across)
    there = length > 0
    width = area / np.where(there, length, 1.0)
    return np.where(there, width, np.minimum(2 * np.sqrt(area / math.pi), width[there].max(initial=0.0)))


def _length_mm(masks: np.ndarray, down: float, across: float) -> np.ndarray:
    """Length of the border in each slice, by its crossings with rows and columns (Cauchy and Crofton)."""
    rows = np.count_nonzero(masks[:, 1:] != masks[:, :-1], axis=(1, 2)) * across
    columns = np.count_nonzero(masks[:, :, 1:] != masks[:, :, :-1], axis=(1, 2)) * down
    return math.pi / 4 * (rows + columns)
