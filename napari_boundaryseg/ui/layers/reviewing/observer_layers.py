"""Layers of several observers: the surface in the middle as a line that nobody edits, and their spread along it."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.layers import Image, Labels

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.review.observer_spread import ObserverSpread
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import KEY, KIND, placement
from napari_boundaryseg.ui.layers.reviewing.border_layer import (
    hide_border,
    place_of,
    put_under_labels,
    show_border_map,
)

MEDIAN, SPREAD = "median", "spread"
"""The kinds of the layers."""
OF_MEDIAN = "The median surface of several observers: nobody's labels, not to be edited or saved as such"
OF_SPREAD = "How far observers lie apart along their median surface, in mm"


def show_median(viewer: Any, scan: Volume, organ: str, spread: ObserverSpread) -> Labels:
    """Show the line of the surface in the middle in place of another one's, under the labels in work."""
    hide_border(viewer, MEDIAN)
    inside = spread.middle.mask.astype(np.uint8)
    inside.flags.writeable = False
    metadata = {KEY: scan, KIND: MEDIAN, "meaning": OF_MEDIAN}
    looks: dict[str, Any] = {**placement(scan.geometry), **styles.median_style()}
    at = place_of(scan, spread.corner)
    layer = Labels(inside, name=f"median of observers: {organ}", translate=at, metadata=metadata, **looks)
    layer.contour = styles.contour_vox(scan.geometry.display.display_shape)
    layer.editable = False
    put_under_labels(viewer, layer, OF_MEDIAN)
    return layer


def show_spread(viewer: Any, scan: Volume, organ: str, spread: ObserverSpread) -> Image:
    """Show how far observers lie apart along that surface in place of what was shown before, under the labels."""
    name, style = f"observers apart: {organ}, mm", styles.spread_style(spread.limit_mm)
    return show_border_map(viewer, scan, SPREAD, name, spread.corner, spread.middle.range_mm, style, OF_SPREAD)
