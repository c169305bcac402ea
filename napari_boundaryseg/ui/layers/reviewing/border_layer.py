"""Border layer: numbers on the border of one organ as colours, nothing off it; or a line along it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from napari.layers import Image, Layer

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.ui.compat.canvas import set_tooltip
from napari_boundaryseg.ui.compat.layer_rows import insert_quietly
from napari_boundaryseg.ui.layers.access import KEY, KIND, of_kind, only, placement
from napari_boundaryseg.ui.layers.leaving import let_go

LIMITS = "boundaryseg_limits"
"""``layer.metadata[LIMITS]``: where its colours ended when they were last set by the program."""


def show_border_map(
    viewer: Any,
    scan: Volume,
    kind: str,
    name: str,
    corner: Sequence[int],
    values_mm: np.ndarray,
    style: dict[str, Any],
    meaning: str,
) -> Image:
    """Show numbers on a border, in the layer that is there if it is of the same name, under the labels.

    Parameters
    ----------
    viewer : Viewer
    scan : Volume
    kind, name : str
    corner : three ints
        Of the values, on the display grid.
    values_mm : (z, y, x) array
        NaN off the border.
    style : dict
        With ``contrast_limits``.
    meaning : str
        What a number says.
    """
    at, limits = place_of(scan, corner), tuple(style["contrast_limits"])
    layer = only(viewer, kind)
    if layer is not None and layer.name == name and layer.metadata[KEY] is scan:
        layer.data = values_mm
        layer.translate = at
        if layer.metadata[LIMITS] != limits:  # else as a person may have set them
            layer.metadata[LIMITS] = layer.contrast_limits = limits
        return layer
    hide_border(viewer, kind)
    looks: dict[str, Any] = {**placement(scan.geometry), **style}
    metadata = {KEY: scan, KIND: kind, LIMITS: limits, "meaning": meaning}
    made = Image(values_mm, name=name, translate=at, metadata=metadata, **looks)
    return put_under_labels(viewer, made, meaning)  # type: ignore[return-value]  # the very layer


def place_of(scan: Volume, corner: Sequence[int]) -> list[float]:
    """Where a part of the display grid begins, in mm along z, y, x."""
    return [n * mm for n, mm in zip(corner, scan.geometry.display.scale_mm, strict=True)]


def put_under_labels(viewer: Any, layer: Layer, meaning: str) -> Layer:
    """Put a layer right under the labels in work, and leave the active one active."""
    set_tooltip(layer, meaning)
    labels = only(viewer, "labels")
    insert_quietly(viewer, len(viewer.layers) if labels is None else viewer.layers.index(labels), layer)
    return layer


def hide_border(viewer: Any, kind: str) -> None:
    """Show nothing of this kind any more."""
    shown = of_kind(viewer, kind)
    if shown:
        let_go(viewer, shown)
