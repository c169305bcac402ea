"""Boxes round a mask: the smallest one, and loose ones as persons draw them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

Box = tuple[slice, slice, slice]


def around(mask: np.ndarray, spacing_mm: Sequence[float], margin_mm: float = 0.0) -> Box | None:
    """The smallest box that holds a mask, and at least so much more on each side, within the array.

    Parameters
    ----------
    mask : (I, J, K) bool array
    spacing_mm : sequence of float
        Along I, J, K.
    margin_mm : float

    Returns
    -------
    three slices, or None for an empty mask
    """
    if not mask.any():
        return None
    parts = []
    for axis, (n, size) in enumerate(zip(mask.shape, spacing_mm, strict=True)):
        where = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        more = math.ceil(margin_mm / size - 1e-6)
        parts.append(slice(max(0, int(where[0]) - more), min(n, int(where[-1]) + 1 + more)))
    i, j, k = parts
    return i, j, k


def loosely_around(
    mask: np.ndarray, spacing_mm: Sequence[float], margins_mm: tuple[float, float], rng: np.random.Generator
) -> Box:
    """A box that holds a mask with a random margin on each side, each between the two, within the array.

    Parameters
    ----------
    mask : three-dimensional bool array
        Not empty.
    spacing_mm : sequence of float
        Along the array's axes.
    margins_mm : (float, float)
    rng : Generator
    """
    tight = around(mask, spacing_mm)
    if tight is None:
        raise ValueError("the mask is empty")
    return loosened(tight, mask.shape, spacing_mm, margins_mm, rng)


def loosened(
    tight: Box,
    shape: Sequence[int],
    spacing_mm: Sequence[float],
    margins_mm: tuple[float, float],
    rng: np.random.Generator,
) -> Box:
    """A box with a random margin round it on each side, within an array of this shape; see `loosely_around`."""
    parts = []
    for n, size, part in zip(shape, spacing_mm, tight, strict=True):
        before, after = rng.uniform(*margins_mm, 2) / size
        parts.append(slice(max(0, math.floor(part.start - before)), min(n, math.ceil(part.stop + after))))
    i, j, k = parts
    return i, j, k
