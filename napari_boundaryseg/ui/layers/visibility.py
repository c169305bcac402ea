"""Which organs and maps are shown."""

from __future__ import annotations

from collections.abc import Iterable

from napari.components import ViewerModel

from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import of_kind, only
from napari_boundaryseg.ui.layers.labels import scheme_of


def hide_organs(viewer: ViewerModel, hidden: Iterable[int]) -> None:
    """Show every organ but these, in the labels and among the soft contours."""
    layer = only(viewer, "labels")
    if layer is None:
        return
    scheme, hidden = scheme_of(layer), set(hidden)
    layer.colormap = styles.label_colours(scheme, hidden)
    gone = {f"contour: {scheme.organ(i).name}" for i in hidden}
    for contour in of_kind(viewer, "contour"):
        contour.visible = contour.name not in gone


def show_attention(viewer: ViewerModel, visible: bool) -> None:
    """Show or hide the attention maps."""
    for layer in of_kind(viewer, "attention"):
        layer.visible = visible
