"""Which organs and maps are shown."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from napari.components import ViewerModel
from napari.layers import Layer

from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import KIND, RESULTS, of_kind, only
from napari_boundaryseg.ui.layers.labels import scheme_of
from napari_boundaryseg.ui.layers.leaving import LEAVING


def hide_organs(viewer: ViewerModel, hidden: Iterable[int]) -> None:
    """Show every organ of the labels but these."""
    layer = only(viewer, "labels")
    if layer is not None:
        layer.colormap = styles.label_colours(scheme_of(layer), hidden)


def show_maps(viewer: ViewerModel, kinds: Collection[str], organ: int, touch: Collection[str] = RESULTS) -> None:
    """Show these kinds of maps and no other, among those to ``touch``."""
    left_out = unwanted_maps(viewer, kinds, organ)
    for layer in of_kind(viewer, *touch):
        layer.visible = layer not in left_out


def unwanted_maps(viewer: ViewerModel, kinds: Collection[str], organ: int) -> list[Layer]:
    """Every other map: of the wanted kinds, there is the soft contour of one organ, and the finest attention."""
    labels = only(viewer, "labels")
    named = scheme_of(labels).organ(organ).name if labels is not None and organ in scheme_of(labels).ids else None
    finest = next(iter(of_kind(viewer, "attention")), None)

    def is_wanted(layer: Layer) -> bool:
        kind = layer.metadata[KIND]
        if kind == "contour" and named is not None and layer.name != f"contour: {named}":
            return False
        return kind in kinds and (kind != "attention" or layer is finest)

    return [layer for layer in of_kind(viewer, *RESULTS, LEAVING) if not is_wanted(layer)]


def suit_edges(viewer: ViewerModel) -> None:
    """Show the edge map as a whole in 3-D, where it has no ridge."""
    for layer in of_kind(viewer, "edges"):
        layer.opacity = styles.edges_opacity(viewer.dims.ndisplay)
