"""The grey-level window of the scan, changed by the mouse: to the right wider, upwards brighter."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.scan import set_limits

PIXELS = 200
"""For e times the width, and for a level that is one width further."""


def drag_window(viewer: Any, said: Callable[[str], object]) -> Callable[[float, float], None]:
    """What changes the windows of the channels in view, by pixels to the right and downwards from now on."""
    channels = [layer for layer in access.of_kind(viewer, "scan") if layer.visible]
    starts = [(layer, *layer.contrast_limits) for layer in channels]

    def change(right: float, down: float) -> None:
        for layer, low, high in starts:
            width, level = (high - low) * math.exp(right / PIXELS), (low + high) / 2 + (high - low) * down / PIXELS
            set_limits(layer, level - width / 2, level + width / 2)
            said(f"Window {width:.4g}, level {level:.4g}")

    return change
