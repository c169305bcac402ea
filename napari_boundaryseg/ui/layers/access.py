"""Which layers are ours: what each shows, of which kind it is, where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, overload

from napari.components import ViewerModel
from napari.layers import Image, Labels, Layer

from napari_boundaryseg.data.volume import Geometry

KEY = "boundaryseg"
"""``layer.metadata[KEY]``: what the layer shows."""
KIND = "boundaryseg_kind"
"""``layer.metadata[KIND]``: scan, labels, preview, edges, contour, attention, region, surface, errors, median,
spread or leaving."""
CHANNEL = "boundaryseg_channel"
"""``layer.metadata[CHANNEL]``: which channel of the scan it is, from 0."""
RESULTS = ("edges", "contour", "attention")


@overload
def of_kind(viewer: ViewerModel, kind: Literal["scan"], /) -> Sequence[Image]: ...


@overload
def of_kind(viewer: ViewerModel, kind: Literal["labels"], /) -> Sequence[Labels]: ...


@overload
def of_kind(viewer: ViewerModel, /, *kinds: str) -> Sequence[Layer]: ...


def of_kind(viewer: ViewerModel, /, *kinds: str) -> Sequence[Layer]:
    """The viewer's layers of these kinds, bottom first."""
    return [layer for layer in viewer.layers if layer.metadata.get(KIND) in kinds]


def only(viewer: ViewerModel, kind: str) -> Any:
    """The one layer of this kind, or None."""
    found = of_kind(viewer, kind)
    return found[-1] if found else None


def placement(geometry: Geometry) -> dict[str, object]:
    """Where every layer of a scan lies: mm along z, y, x."""
    return {"scale": geometry.display.scale_mm, "units": ("mm",) * 3, "axis_labels": ("z", "y", "x")}


def _stack(viewer: ViewerModel) -> None:
    """Edges above the soft contours, labels above all and active."""
    for kind in ("edges", "labels"):
        layer = only(viewer, kind)
        if layer is not None and viewer.layers[-1] is not layer:
            viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))
    if layer is not None:
        viewer.layers.selection.active = layer
