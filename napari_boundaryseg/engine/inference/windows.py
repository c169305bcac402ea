"""Windows over a scan: where they begin, what their voxels weigh, what lies round a scan smaller than one."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from napari_boundaryseg.errors import InputError

SIGMA_SCALE = 0.125
MOST_WINDOWS = 200_000
FEW_WINDOWS = 2000
"""So many come to an end whatever they are."""
MOST_LOOKS = 64
"""How often each voxel of a large scan may be looked at: 8 times at an overlap of a half, 64 at three quarters."""
LEAST_VOX = 4096
"""What a window costs even where it holds fewer voxels."""
Zyx = tuple[int, int, int]


def starts(size: int, window: int, overlap: float) -> list[int]:
    """Where the windows begin along one axis of at least the window's length."""
    step = window if window == size else max(1, int(window * (1 - overlap)))
    count = -(-max(0, size - window) // step) + 1
    return [min(n * step, size - window) for n in range(count)]


def importance(window: Zyx) -> Tensor:
    """Gaussian weights of one window, (z, y, x) float32, highest in the middle, never 0."""
    weights = torch.ones(window)
    for axis, n in enumerate(window):
        sigma = n * SIGMA_SCALE
        x = torch.arange(-(n - 1) / 2.0, (n - 1) / 2.0 + 1)
        line = torch.exp(x**2 / (-2 * sigma**2))
        weights = weights * line.reshape([-1 if a == axis else 1 for a in range(3)])
    return weights.clamp_min(max(float(weights[weights > 0].min()), 1e-3))


def pad_to(image: Tensor, window: Zyx) -> tuple[Tensor, tuple[slice, ...]]:
    """Zeros round (C, z, y, x) up to the window's size, and where the image lies inside."""
    missing = [max(0, w - n) for w, n in zip(window, image.shape[1:], strict=True)]
    before = [m // 2 for m in missing]
    inside = tuple(slice(b, b + n) for b, n in zip(before, image.shape[1:], strict=True))
    if not any(missing):
        return image, inside
    padding = [side for m, b in zip(reversed(missing), reversed(before), strict=True) for side in (b, m - b)]
    return F.pad(image, padding), inside


def rolled_axis(size: Zyx, window: Zyx) -> int:
    """The axis along which windows go on last, so that what is still open of their sums is small: (z, y, x) from 0."""
    return max(range(3), key=lambda axis: (size[axis] / window[axis], -axis))


def places(size: Zyx, window: Zyx, overlap: float) -> list[Zyx]:
    """Where every window begins, those of the same place along `rolled_axis` one after the other.

    Raises
    ------
    InputError
        Where they are too many to ever come to an end.
    """
    along = [starts(n, w, overlap) for n, w in zip(size, window, strict=True)]
    count = math.prod(map(len, along))
    looks = count * max(math.prod(window), LEAST_VOX) / math.prod(size)
    if count > MOST_WINDOWS or (count > FEW_WINDOWS and looks > MOST_LOOKS):
        raise InputError(
            "model",
            f"it would look at this scan through {count} windows of {window} voxels",
            "Draw a box round the organs, or choose a model with larger windows or less overlap",
        )
    axis = rolled_axis(size, window)
    return sorted(itertools.product(along[0], along[1], along[2]), key=lambda place: place[axis])


def how_many(size: Sequence[int], window: Zyx, overlap: float) -> int:
    """Windows over a scan of (z, y, x) voxels, which may be smaller than one.

    Examples
    --------
    >>> how_many((40, 16, 10), (16, 16, 16), 0.5)
    4
    """
    return math.prod(len(starts(max(n, w), w, overlap)) for n, w in zip(size, window, strict=True))
