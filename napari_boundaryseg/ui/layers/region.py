"""The box that a person draws on the scan, as a layer."""

from __future__ import annotations

import numpy as np
from napari.components import ViewerModel
from napari.layers import Shapes

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import KEY, KIND, only, placement


def draw_region(viewer: ViewerModel, scan: Volume) -> Shapes:
    """Let the person draw a box on the scan: the layer in which it is drawn."""
    layer = only(viewer, "region")
    if layer is None:
        layer = viewer.add_shapes(  # type: ignore[attr-defined]  # napari makes it at run time
            ndim=3,
            name="region",
            metadata={KEY: scan, KIND: "region"},
            **placement(scan.geometry),
            **styles.region_style(),
        )
    viewer.layers.selection.active = layer
    layer.mode = "add_rectangle"
    return layer


def finish_region(viewer: ViewerModel) -> None:
    """Keep the last rectangle only, and give the mouse back to the scan."""
    layer = only(viewer, "region")
    if layer is not None and len(layer.data) > 1:
        layer.data = layer.data[-1:]
    if layer is not None:
        layer.mode = "pan_zoom"


def remove_region(viewer: ViewerModel) -> None:
    """Remove the drawn box."""
    layer = only(viewer, "region")
    if layer is not None:
        viewer.layers.remove(layer)


def read_region(viewer: ViewerModel) -> np.ndarray | None:
    """The corners of the last rectangle in voxels of the display grid, (2, 3): lowest and highest z, y, x."""
    layer = only(viewer, "region")
    if layer is None or not len(layer.data):
        return None
    corners = np.asarray(layer.data[-1], float)
    return np.stack([corners.min(axis=0), corners.max(axis=0)])
