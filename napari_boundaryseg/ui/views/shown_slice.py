"""The slice of a layer that a view shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from napari_boundaryseg.ui.layers.scan_grid import order_of


class ShownSlice(NamedTuple):
    """Which slice it is, and where its voxels lie in the view.

    Parameters
    ----------
    order : three of 0, 1, 2
        The scan's axes z, y, x: the one across the slice, and those of its rows and columns.
    number : int
    spacing_mm, corner_mm : pairs of float
        Size of a voxel, and the centre of the first one, along rows and columns.
    """

    order: tuple[int, ...]
    number: int
    spacing_mm: tuple[float, float]
    corner_mm: tuple[float, float]

    def plane(self, array: np.ndarray) -> np.ndarray:
        """The slice of a (..., z, y, x) array as (..., R, C): a view."""
        return np.moveaxis(array, [axis - 3 for axis in self.order], (-3, -2, -1))[..., self.number, :, :]

    def in_mm(self, lines: Iterable[np.ndarray]) -> list[np.ndarray]:
        """Lines of voxel indices as the view shows them: mm, down and across."""
        return [line * self.spacing_mm + self.corner_mm for line in lines]


def shown_slice(layer: Any, viewer: Any) -> ShownSlice | None:
    """The slice of a layer with three axes that a viewer shows; None in 3-D, or where that is none."""
    order = order_of(viewer)
    if viewer.dims.ndisplay != 2 or not order:
        return None
    across, down, right = order
    point, scale, origin = viewer.dims.point[-3:], layer.scale, layer.translate
    number = round((point[across] - origin[across]) / scale[across])
    if not 0 <= number < layer.data.shape[across]:
        return None
    return ShownSlice(order, number, (scale[down], scale[right]), (origin[down], origin[right]))
