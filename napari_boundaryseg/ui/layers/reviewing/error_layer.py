"""Error map as a layer: colours on the border of one organ, nothing off it."""

from __future__ import annotations

from typing import Any

from napari.layers import Image

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.review.border_errors import BorderErrors
from napari_boundaryseg.ui.compat.canvas import set_tooltip
from napari_boundaryseg.ui.compat.layer_rows import insert_quietly
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import KEY, KIND, of_kind, only, placement
from napari_boundaryseg.ui.layers.leaving import let_go

ERRORS = "errors"
"""The kind of the layer."""
MEANING = "How far the border lies outside (above 0) or inside (below 0) the reference's, in mm"


def show_errors(viewer: Any, scan: Volume, organ: str, errors: BorderErrors) -> Image:
    """Show how far an organ's border is off in place of what was shown before, under the labels."""
    hide_errors(viewer)
    looks: dict[str, Any] = {**placement(scan.geometry), **styles.errors_style(errors.limit_mm)}
    corner = [n * mm for n, mm in zip(errors.corner, scan.geometry.display.scale_mm, strict=True)]
    metadata = {KEY: scan, KIND: ERRORS, "meaning": MEANING}
    layer = Image(errors.signed_mm, name=f"errors: {organ}, mm", translate=corner, metadata=metadata, **looks)
    set_tooltip(layer, MEANING)
    labels = only(viewer, "labels")
    insert_quietly(viewer, len(viewer.layers) if labels is None else viewer.layers.index(labels), layer)
    return layer


def hide_errors(viewer: Any) -> None:
    """Show no errors any more."""
    shown = of_kind(viewer, ERRORS)
    if shown:
        let_go(viewer, shown)
