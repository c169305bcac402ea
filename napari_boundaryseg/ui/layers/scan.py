"""A scan as layers: one grey image per channel, in a window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.ui.compat.layer_rows import insert_quietly
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import CHANNEL, KEY, KIND, of_kind, placement
from napari_boundaryseg.ui.layers.labels import retire
from napari_boundaryseg.ui.layers.leaving import let_go


def scan_data(volume: Volume) -> list[tuple[np.ndarray, dict[str, Any], str]]:
    """A scan as napari layer data, one grey image per channel; the last, on top, is the first channel."""
    single = len(volume.channels) == 1
    made = []
    for n, channel in reversed(list(enumerate(volume.channels))):
        array = volume.geometry.display.to_display(volume.array[n])
        arguments = {
            "name": volume.name if single else f"{volume.name}: {channel}",
            "metadata": {KEY: volume, KIND: "scan", CHANNEL: n},
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


def show_scan(viewer: ViewerModel, volume: Volume | None) -> list[Callable[[], object]]:
    """Show a scan in place of the one before; a layer that a napari reader made is adopted.

    Labels of the scan before that are not stored go on the shelf. Its layers become those of a scan of as many
    channels: to make new ones, with all their controls, the window would stand still for longer.

    Returns
    -------
    list of callable
        What adds the channels that are hidden at first and for which there is no layer yet, one each.
    """
    for labels in of_kind(viewer, "labels"):
        if labels.metadata.get(KEY) is not volume:
            retire(viewer, labels)
    old = [layer for layer in viewer.layers if KIND in layer.metadata and layer.metadata.get(KEY) is not volume]
    adopted = any(layer not in old for layer in of_kind(viewer, "scan"))
    made = [] if volume is None or adopted else scan_data(volume)
    channels = [layer for layer in old if layer.metadata[KIND] == "scan" and type(layer) is Image and layer.ndim == 3]
    n = min(len(channels), len(made))
    taken_over = channels[len(channels) - n :]  # the upper ones: the uppermost is the one that is seen
    for layer, (array, arguments, _) in zip(taken_over, made[len(made) - n :]):
        _take_over(layer, array, arguments)
    if made and not taken_over:
        array, arguments, _ = made[-1]
        taken_over = [viewer.add_image(array, **arguments)]  # type: ignore[list-item]  # one layer for one channel
        n = 1
    if any(layer not in taken_over for layer in viewer.layers[len(viewer.layers) - n :]):
        for layer in [layer for layer in of_kind(viewer, "scan") if layer.metadata[KEY] is volume]:
            viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))  # over another patient's, put by others
    if made:
        viewer.layers.selection.active = viewer.layers[-1]
    let_go(viewer, [layer for layer in old if layer not in taken_over])
    rest = reversed(made[: len(made) - n])
    return [partial(_add_channel, viewer, array, arguments) for array, arguments, _ in rest]


def _add_channel(viewer: ViewerModel, array: np.ndarray, arguments: dict[str, Any]) -> None:
    """Put a channel under the others of its scan, if that is still shown."""
    scan = arguments["metadata"][KEY]
    others = [layer for layer in of_kind(viewer, "scan") if layer.metadata[KEY] is scan]
    if others and all(layer.metadata[CHANNEL] != arguments["metadata"][CHANNEL] for layer in others):
        made = Image(array, **arguments)
        seen = tuple(others[-1].contrast_limits)
        if seen in styles.WINDOWS_HU.values():
            set_limits(made, *seen)
        insert_quietly(viewer, viewer.layers.index(others[0]), made)


def _take_over(layer: Image, array: np.ndarray, arguments: dict[str, Any]) -> None:
    """Show another array in a layer, as if it were new; it is hidden meanwhile, and is sliced once."""
    layer.visible = False
    layer.metadata = arguments["metadata"]
    layer.name = arguments["name"]
    layer.data = array
    for name in ("scale", "units", "axis_labels"):
        setattr(layer, name, arguments[name])
    neutral: dict[str, Any] = {"translate": (0.0,) * 3, "rotate": np.eye(3), "shear": (0.0,) * 3, "affine": np.eye(4)}
    for name, value in neutral.items():
        if not np.allclose(np.asarray(getattr(layer, name)), value):
            setattr(layer, name, value)
    looks = {"gamma": 1.0, "opacity": 1.0, "contrast_limits_range": arguments["contrast_limits"]}
    for name in styles.scan_style():
        looks[name] = arguments[name]
    for name, value in looks.items():
        setattr(layer, name, value)
    layer.contrast_limits = arguments["contrast_limits"]
    layer.visible = arguments["visible"]


def show_missing(viewer: ViewerModel, volume: Volume) -> None:
    """Show the channels of the open scan that are no longer in the layer list, under everything else."""
    there = {layer.metadata.get(CHANNEL) for layer in of_kind(viewer, "scan")}
    active = viewer.layers.selection.active
    for array, arguments, _ in reversed(scan_data(volume)):
        if arguments["metadata"][CHANNEL] not in there:
            viewer.layers.move(viewer.layers.index(viewer.add_image(array, **arguments)), 0)
    viewer.layers.selection.active = active or viewer.layers[0]


def set_window(viewer: ViewerModel, preset: str) -> None:
    """Show every channel of the scan in a window preset."""
    for layer in of_kind(viewer, "scan"):
        set_limits(layer, *(styles.WINDOWS_HU.get(preset) or robust_window(layer.data)))


def set_limits(layer: Image, low: float, high: float) -> None:
    """Show these grey levels, whatever range napari's slider had before."""
    least, most = layer.contrast_limits_range
    layer.contrast_limits_range = (min(least, low), max(most, high))
    layer.contrast_limits = (low, high)
