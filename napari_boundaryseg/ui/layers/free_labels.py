"""Labels layers that the program did not make, as label maps: napari's own *New labels*, or another plugin's."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.layers.access import KEY, KIND, only

OVER = "boundaryseg_over"
"""``layer.metadata[OVER]``: the scan that was open when a layer of labels came that the program did not make."""


def note_scan(layer: Layer, scan: Volume | None) -> None:
    """Remember which scan a foreign layer of labels was put over: the next scan is another patient's."""
    if scan is not None and isinstance(layer, Labels) and KIND not in layer.metadata:
        layer.metadata.setdefault(OVER, scan)


def scan_beneath(viewer: ViewerModel | None, data: Any) -> Volume | None:
    """The scan that a viewer shows under the layer of these data; None where it shows none, or has no such layer."""
    if viewer is None or not any(layer.data is data for layer in viewer.layers):
        return None
    scan = only(viewer, "scan")
    return None if scan is None else scan.metadata[KEY]


def free_labels(array: np.ndarray, meta: dict[str, Any], scan: Volume | None = None) -> LabelMap:
    """A labels layer of (z, y, x) voxels, where napari shows it: over the scan, in the scan's own geometry.

    Where it covers the scan's display grid it is on the scan's grid exactly. Without a scan, z, y and x grow to head,
    back and left, and pixels count as millimetres.

    Raises
    ------
    InputError
        For labels that are not of three dimensions.
    """
    if array.ndim != 3:
        raise InputError("labels", f"they have {array.ndim} dimensions", "Save labels of three dimensions")
    name = scan.name if scan is not None else "labels"
    affine = (np.diag([-1.0, -1, 1, 1]) if scan is None else _to_patient(scan)) @ _to_world(meta)
    if scan is not None and array.shape == scan.geometry.display.display_shape:
        own = scan.geometry.display.from_display(array)
        if Geometry(array.shape[::-1], affine).same_as(Geometry(array.shape[::-1], scan.geometry.display.affine_xyz)):
            return LabelMap(np.ascontiguousarray(own), scan.geometry, name=name)
    return LabelMap(array.transpose(), Geometry(array.shape[::-1], affine), name=name)


def _to_patient(scan: Volume) -> np.ndarray:
    """From napari's x, y, z in mm over a scan to the patient's right, front and head, (4, 4)."""
    display = scan.geometry.display
    return display.affine_xyz @ np.diag([*(1 / np.array(display.scale_mm[::-1])), 1.0])


def _to_world(meta: dict[str, Any]) -> np.ndarray:
    """From a layer's voxels, x first, to napari's x, y, z in mm, (4, 4)."""
    placed = {name: meta[name] for name in ("scale", "translate", "rotate", "shear", "affine", "units") if name in meta}
    layer = Labels(np.zeros((1, 1, 1), np.uint8), **placed)
    origin, *ends = (np.asarray(layer.data_to_world(voxel)) for voxel in np.vstack([np.zeros(3), np.eye(3)]))
    size = [float((1 * unit).to("mm").magnitude) if unit.is_compatible_with("mm") else 1.0 for unit in layer.units]
    affine = np.eye(4)
    for column, where in zip((2, 1, 0, 3), (*(end - origin for end in ends), origin), strict=True):
        affine[:3, column] = (where * size)[::-1]
    return affine
