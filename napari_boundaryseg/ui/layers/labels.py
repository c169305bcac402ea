"""Label maps as editable layers, and back to label maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.editing.history.edit import OPENED
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.layers import editable_labels, styles
from napari_boundaryseg.ui.layers.access import KEY, KIND, _stack, of_kind, only, placement
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels


def show_labels(
    viewer: ViewerModel,
    scan: Volume,
    labels: LabelMap,
    box: Box | None = None,
    *,
    name: str = "Labels",
    kind: str = OPENED,
) -> Labels:
    """Show an editable copy of a label map: as one step of the labels that are there, where the organs are the same.

    Labels of other organs that a person has edited are kept, hidden, beside it.

    Parameters
    ----------
    labels : LabelMap
        On the scan's grid.
    box : three slices, optional
        The part of the scan that they were found in, on the scan's own array; what lies outside stays as it is.
    name, kind : str
        Of the step.
    """
    layer = labels_for(viewer, scan, labels.scheme, box)
    display = scan.geometry.display
    values, where = display.to_display(labels.array), display.box_to_display(box) if box else None
    editable_of(layer).put(name, values if where is None else values[where], where, kind)
    return layer


def labels_for(viewer: ViewerModel, scan: Volume, scheme: LabelScheme, box: Box | None = None) -> Labels:
    """The labels layer of this scan for these organs: the one that is there, or a new one without a voxel."""
    layer = only(viewer, "labels")
    if layer is not None and layer.metadata[KEY] is scan and scheme_of(layer) == scheme:
        if layer.metadata["box"] is not None:
            layer.metadata["box"] = box
        return layer
    array = np.zeros(scan.geometry.display.display_shape, np.uint8 if max(scheme.ids) < 256 else np.uint16)
    return new_labels(viewer, scan, scheme, array, box)


def new_labels(
    viewer: ViewerModel, scan: Volume, scheme: LabelScheme, array: np.ndarray, box: Box | None = None
) -> Labels:
    """Show (z, y, x) labels, which are changed in place, in place of those that are there."""
    before = only(viewer, "labels")
    if before is not None:
        retire(viewer, before, f"labels before {1 + len(of_kind(viewer, 'kept labels'))}")
    layer = viewer.add_labels(  # type: ignore[attr-defined]  # napari makes it at run time
        array,
        name="labels",
        metadata={KEY: scan, KIND: "labels", "scheme": scheme, "box": box},
        **placement(scan.geometry),
        **styles.labels_style(scheme),
    )
    layer.contour = styles.contour_vox(array.shape)
    layer.selected_label = scheme.ids[0]
    _stack(viewer)
    return layer


def show_recovered(
    viewer: ViewerModel, scan: Volume, scheme: LabelScheme, history: History, journal: Journal
) -> Labels:
    """Show labels that an earlier window left behind; their history goes on."""
    layer = new_labels(viewer, scan, scheme, history.array)
    editable_labels.keep(layer, EditableLabels(layer, scan, scheme, history=history, journal=journal))
    return layer


def show_preview(viewer: ViewerModel, scan: Volume, array: np.ndarray, scheme: LabelScheme) -> Labels:
    """Show (z, y, x) labels that nobody can edit, as thick outlines."""
    layer = viewer.add_labels(  # type: ignore[attr-defined]  # napari makes it at run time
        array,
        name="preview: unsaved work",
        metadata={KEY: scan, KIND: "preview", "scheme": scheme},
        **placement(scan.geometry),
        **styles.labels_style(scheme),
    )
    layer.contour = 2 * styles.contour_vox(array.shape)
    layer.editable = False
    return layer


def editable_of(layer: Labels) -> EditableLabels:
    """The history, journal and effort of a labels layer; one that napari duplicated gets its own."""
    return editable_labels.known(layer) or editable_labels.keep(
        layer, EditableLabels(layer, layer.metadata[KEY], scheme_of(layer))
    )


def guard_copy(layer: Labels, copy: Labels) -> None:
    """Keep napari's tools off what is locked in another view of a labels layer, too."""
    if layer.metadata.get(KIND) in ("labels", "kept labels"):
        editable_of(layer).guard(copy)


def retire(viewer: ViewerModel, layer: Labels, name: str) -> None:
    """Take labels out of work: remove them, or hide them where a person's corrections would be lost."""
    if editable_of(layer).is_stored:
        viewer.layers.remove(layer)
        return
    layer.name = name
    layer.metadata[KIND] = "kept labels"
    layer.mode = "pan_zoom"
    layer.visible = False


def read_labels(viewer: ViewerModel, scan: Volume | None) -> LabelMap | None:
    """The label map as it now stands in the window, on the scan's own grid; None when there is none."""
    layer = only(viewer, "labels")
    if layer is None or scan is None:
        return None
    array = np.ascontiguousarray(scan.geometry.display.from_display(np.asarray(layer.data)))
    return LabelMap(array.copy(), scan.geometry, scheme_of(layer), scan.name)


def scheme_of(layer: Labels) -> LabelScheme:
    """The label scheme of a labels layer that `show_labels` made."""
    return layer.metadata["scheme"]


def free_labels(array: np.ndarray, meta: dict[str, Any]) -> LabelMap:
    """A labels layer that was drawn on no scan of ours, (z, y, x) growing to head, back and left, as a label map.

    It lies where napari shows it; pixels count as millimetres.
    """
    if array.ndim != 3:
        raise InputError("labels", f"they have {array.ndim} dimensions", "Save labels of three dimensions")
    placed = {name: meta[name] for name in ("scale", "translate", "rotate", "shear", "affine", "units") if name in meta}
    layer = Labels(np.zeros((1, 1, 1), np.uint8), **placed)
    origin, *ends = (np.asarray(layer.data_to_world(voxel)) for voxel in np.vstack([np.zeros(3), np.eye(3)]))
    size = [float((1 * unit).to("mm").magnitude) if unit.is_compatible_with("mm") else 1.0 for unit in layer.units]
    affine = np.eye(4)
    for column, where in zip((2, 1, 0, 3), (*(end - origin for end in ends), origin), strict=True):
        affine[:3, column] = (where * size)[::-1] * (-1, -1, 1)
    return LabelMap(array.transpose(), Geometry(array.T.shape, affine), name="labels")
