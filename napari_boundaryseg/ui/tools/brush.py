"""The brush in mm: what napari's number paints, and what suits the chosen organ until a person sets another size."""

from __future__ import annotations

import math
from typing import Any

from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.labels import editable_of

LEAST_MM, MOST_MM = 1.0, 12.0
SHARE_OF_ORGAN, SHARE_OF_FIELD = 0.25, 0.07
"""Of the organ's diameter; of the slice's shorter side where the organ is not there yet."""
MOST_VOX = 199


def unit_mm(layer: Any, order: tuple[int, ...]) -> float:
    """The smaller voxel side of the slice in view: napari counts in it."""
    return min(float(layer.scale[axis]) for axis in order[-2:])


def width_vox(size: float) -> int:
    """How many voxels wide napari paints with its brush size: an odd number.

    Examples
    --------
    >>> [width_vox(size) for size in (1, 2, 3, 10, 11)]
    [1, 3, 3, 11, 11]
    """
    return 2 * int(size // 2) + 1


def nearest_vox(mm: float, unit: float) -> int:
    """The odd number of voxels that is nearest to a diameter.

    Examples
    --------
    >>> nearest_vox(10.2, 1.0), nearest_vox(10.0, 0.8), nearest_vox(0.1, 1.0)
    (11, 13, 1)
    """
    return min(max(2 * round((mm / unit - 1) / 2) + 1, 1), MOST_VOX)


def fitting_mm(organ_ml: float, slice_mm: tuple[float, float]) -> float:
    """A diameter that suits an organ of this volume, or a slice of this size where it is not drawn yet."""
    organ_mm = (6000 * organ_ml / math.pi) ** (1 / 3)
    mm = SHARE_OF_ORGAN * organ_mm if organ_ml > 0 else SHARE_OF_FIELD * min(slice_mm)
    return min(max(mm, LEAST_MM), MOST_MM)


class Brush:
    """The size of brush and eraser on whichever labels layer is there.

    Parameters
    ----------
    viewer : Viewer
    """

    def __init__(self, viewer: Any) -> None:
        self._viewer = viewer
        self._by_hand: float | None = None
        self._fitting = False

    @property
    def _layer(self) -> Any:
        return access.only(self._viewer, "labels")

    def follow(self, layer: Any) -> None:
        """Be as large on this layer as it was set by hand, or as suits the chosen organ."""
        layer.events.brush_size.connect(self._on_size)
        layer.events.selected_label.connect(self.fit)
        self.fit()

    def mm(self) -> float:
        """How wide it paints."""
        return width_vox(self._layer.brush_size) * self._unit()

    def set_mm(self, mm: float) -> None:
        """Set the diameter, or the nearest that the voxels allow."""
        self._layer.brush_size = nearest_vox(mm, self._unit())

    def resize(self, by: int) -> None:
        """Make it some voxels larger, or smaller, on each side."""
        self._layer.brush_size = min(max(width_vox(self._layer.brush_size) + 2 * by, 1), MOST_VOX)

    def fit(self, event: object = None) -> None:
        """Suit the chosen organ; a size that was set by hand stays."""
        self._fitting = True
        try:
            self.set_mm(self._by_hand if self._by_hand is not None else self.fitting_mm())
        finally:
            self._fitting = False

    def fitting_mm(self) -> float:
        """The diameter that suits the chosen organ."""
        layer, order = self._layer, self._order()
        ml = editable_of(layer).volumes_ml().get(layer.selected_label, 0.0)
        height, width = (layer.data.shape[axis] * float(layer.scale[axis]) for axis in order[-2:])
        return fitting_mm(ml, (height, width))

    def _order(self) -> tuple[int, ...]:
        """The layer's own axes in the order in which they are shown."""
        lead = self._viewer.dims.ndim - self._layer.ndim
        return tuple(axis - lead for axis in self._viewer.dims.order if axis >= lead)

    def _unit(self) -> float:
        return unit_mm(self._layer, self._order())

    def _on_size(self, event: object = None) -> None:
        if not self._fitting:
            self._by_hand = self.mm()
