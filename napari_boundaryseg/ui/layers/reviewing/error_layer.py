"""Error map as a layer: colours on the border of one organ, nothing off it."""

from __future__ import annotations

from typing import Any

from napari.layers import Image

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.review.border_errors import BorderErrors
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.reviewing.border_layer import hide_border, show_border_map

ERRORS = "errors"
"""The kind of the layer."""
MEANING = "How far the border lies outside (above 0) or inside (below 0) the reference's, in mm"


def show_errors(viewer: Any, scan: Volume, organ: str, errors: BorderErrors) -> Image:
    """Show how far an organ's border is off in place of what was shown before, under the labels."""
    name, style = f"errors: {organ}, mm", styles.errors_style(errors.limit_mm)
    return show_border_map(viewer, scan, ERRORS, name, errors.corner, errors.signed_mm, style, MEANING)


def hide_errors(viewer: Any) -> None:
    """Show no errors any more."""
    hide_border(viewer, ERRORS)
