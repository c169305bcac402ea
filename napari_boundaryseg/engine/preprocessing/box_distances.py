"""Distances to the sides of the box that the model was given, as channels beside the scan.

A person draws a box with a margin of some millimetres, so its sides say where the organ may begin. A box that is
resampled to one size for all has lost its millimetres; these channels give them back.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def distances_to_sides(points: Tensor, shape: Sequence[int], spacing_mm: Sequence[float], reach_mm: float) -> Tensor:
    """From points in a box to the nearer of its two sides along each axis.

    Parameters
    ----------
    points : (z, y, x, 3) float tensor
        In voxels of the box, order z, y, x; voxel centres are whole numbers.
    shape, spacing_mm : three numbers
        Of the box, along z, y, x.
    reach_mm : float
        From there on the value is 1.

    Returns
    -------
    (3, z, y, x) float32 tensor
        0 at a side and outside the box, as in the padding round a box that is smaller than a window; 1 where the side
        is out of reach.
    """
    size, steps = torch.tensor(shape, dtype=torch.float32), torch.tensor(spacing_mm, dtype=torch.float32)
    distances = torch.minimum(points + 0.5, size - 0.5 - points) * steps
    inside = distances.amin(-1, keepdim=True) >= 0
    return ((distances / reach_mm).clamp(0, 1) * inside).movedim(-1, 0)


def with_sides(image: Tensor, spacing_mm: Sequence[float], reach_mm: float) -> Tensor:
    """A box's image, (C, z, y, x), with the distances to its sides as three more channels; unless the reach is 0."""
    if not reach_mm:
        return image
    shape = image.shape[1:]
    points = torch.stack(torch.meshgrid(*map(torch.arange, shape), indexing="ij"), -1).float()
    return torch.cat([image, distances_to_sides(points, shape, spacing_mm, reach_mm)])
