"""Label maps as editable layers, and back to label maps."""

from __future__ import annotations

from functools import partial

import numpy as np
from napari.components import ViewerModel
from napari.layers import Labels

from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.slices.looked_at import LookedAt
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.history.edit import OPENED
from napari_boundaryseg.editing.history.slice_work import slices_looked_at
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.replay import Recovered
from napari_boundaryseg.ui.layers import edited, styles
from napari_boundaryseg.ui.layers.access import KEY, KIND, _stack, only, placement
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.shelf import shelf_of


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

    Labels of other organs are set aside on the shelf.

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
            layer.metadata["box"] = editable_of(layer).box = box
            editable_of(layer).note()
        return layer
    array = np.zeros(scan.geometry.display.display_shape, np.uint8 if max(scheme.ids) < 256 else np.uint16)
    return new_labels(viewer, scan, scheme, array, box)


def new_labels(
    viewer: ViewerModel, scan: Volume, scheme: LabelScheme, array: np.ndarray, box: Box | None = None
) -> Labels:
    """Show (z, y, x) labels, which are changed in place, in place of those that are there."""
    before = only(viewer, "labels")
    if before is not None:
        retire(viewer, before)
    layer = viewer.add_labels(  # type: ignore[attr-defined]  # napari makes it at run time
        array,
        name="labels",
        metadata={KEY: scan, KIND: "labels", "scheme": scheme, "box": box},
        **placement(scan.geometry),
        **styles.labels_style(scheme),
    )
    layer.selected_label = scheme.ids[0]
    _stack(viewer)
    return layer


def show_recovered(
    viewer: ViewerModel, scan: Volume, scheme: LabelScheme, found: Recovered, journal: Journal
) -> EditableLabels:
    """Show labels that an earlier window left behind; their history and effort go on."""
    history = found.history()
    layer = new_labels(viewer, scan, scheme, history.array, found.note.box)
    return edited.keep(layer, EditableLabels(layer, scan, scheme, history=history, journal=journal, note=found.note))


def show_again(viewer: ViewerModel, scan: Volume, editable: EditableLabels) -> EditableLabels:
    """Show labels that were on the shelf, in place of those that are there."""
    editable = shelf_of(viewer).take(editable)
    layer = new_labels(viewer, scan, editable.scheme, editable.history.array, editable.box)
    editable.attach(layer)
    return edited.keep(layer, editable)


def show_preview(viewer: ViewerModel, scan: Volume, array: np.ndarray, scheme: LabelScheme) -> Labels:
    """Show (z, y, x) labels that nobody can edit, as thick outlines."""
    layer = viewer.add_labels(  # type: ignore[attr-defined]  # napari makes it at run time
        array,
        name="preview: unsaved work",
        metadata={KEY: scan, KIND: "preview", "scheme": scheme},
        **placement(scan.geometry),
        **styles.labels_style(scheme) | {"opacity": 1.0},
    )
    layer.contour = 2 * styles.contour_vox(array.shape)
    layer.editable = False
    return layer


def editable_of(layer: Labels) -> EditableLabels:
    """The history, journal and effort of a labels layer; one that napari duplicated gets its own."""
    return edited.known(layer) or edited.keep(layer, EditableLabels(layer, layer.metadata[KEY], scheme_of(layer)))


def guard_copy(layer: Labels, copy: Labels) -> None:
    """Keep napari's tools off what is locked in another view of a labels layer, too."""
    if layer.metadata.get(KIND) == "labels":
        editable_of(layer).guard(copy)


def retire(viewer: ViewerModel, layer: Labels) -> None:
    """Take labels out of the window; what is not stored as it stands goes on the shelf."""
    editable = editable_of(layer)
    edited.forget(layer)
    viewer.layers.remove(layer)
    if editable.is_as_stored:
        editable.close()
    else:
        shelf_of(viewer).put(editable)


def read_labels(viewer: ViewerModel, scan: Volume | None) -> LabelMap | None:
    """The label map as it now stands in the window, on the scan's own grid; None when there is none."""
    layer = only(viewer, "labels")
    if layer is None or scan is None:
        return None
    array = np.ascontiguousarray(scan.geometry.display.from_display(np.asarray(layer.data)))
    return LabelMap(array.copy(), scan.geometry, scheme_of(layer), scan.name)


def looked_at(editable: EditableLabels, labels: LabelMap) -> LookedAt | None:
    """The slices that a person accepted or corrected, on the scan's own array; None where they accepted none."""
    found = slices_looked_at(editable.history, editable.scheme.ids)
    if not found:
        return None
    own = partial(labels.geometry.display.slice_from_display, 0)
    return LookedAt(axis=own(0)[0], slices={organ: tuple(own(n)[1] for n in at) for organ, at in found.items()})


def scheme_of(layer: Labels) -> LabelScheme:
    """The label scheme of a labels layer that `show_labels` made."""
    return layer.metadata["scheme"]
