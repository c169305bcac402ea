"""A scan as layers: one grey image per channel, in a window."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import KEY, KIND, of_kind, placement
from napari_boundaryseg.ui.layers.labels import retire


def scan_data(volume: Volume) -> list[tuple[np.ndarray, dict[str, Any], str]]:
    """A scan as napari layer data, one grey image per channel; the last, on top, is the first channel."""
    single = len(volume.channels) == 1
    made = []
    for n, channel in reversed(list(enumerate(volume.channels))):
        array = volume.geometry.display.to_display(volume.array[n])
        arguments = {
            "name": volume.name if single else f"{volume.name}: {channel}",
            "metadata": {KEY: volume, KIND: "scan"},
            "contrast_limits": robust_window(array),
            "visible": n == 0,
            **placement(volume.geometry),
            **styles.scan_style(),
        }
        made.append((array, arguments, "image"))
    return made


def robust_window(array: np.ndarray) -> tuple[float, float]:
    """Grey levels between the robust percentiles of a sample of the voxels."""
    step = max(1, round((array.size / 500_000) ** (1 / 3)))
    sample = array[::step, ::step, ::step]
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, styles.ROBUST_PERCENTILES)
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def show_scan(viewer: ViewerModel, volume: Volume | None) -> None:
    """Show a scan in place of the one before; a layer that a napari reader made is adopted.

    Corrected labels of the scan before that are stored nowhere stay as a hidden layer.
    """
    for layer in list(viewer.layers):
        if KIND not in layer.metadata or layer.metadata.get(KEY) is volume:
            continue
        if layer.metadata[KIND] in ("labels", "kept labels"):
            retire(viewer, cast(Labels, layer), f"labels of {layer.metadata[KEY].name}")
        else:
            viewer.layers.remove(layer)
    if volume is None or of_kind(viewer, "scan"):
        return
    for array, arguments, _ in scan_data(volume):
        viewer.add_image(array, **arguments)
    viewer.reset_view()


def set_window(viewer: ViewerModel, preset: str) -> None:
    """Show every channel of the scan in a window preset."""
    for layer in of_kind(viewer, "scan"):
        limits = styles.WINDOWS_HU.get(preset) or robust_window(layer.data)
        low, high = layer.contrast_limits_range
        layer.contrast_limits_range = (min(low, limits[0]), max(high, limits[1]))
        layer.contrast_limits = limits
