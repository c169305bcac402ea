"""The only writer and reader of layers: values to layers, layers to a label map."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from napari.layers import Image, Labels, Layer, Shapes

from napari_boundaryseg.data.labels import LabelScheme
from napari_boundaryseg.data.volume import Geometry, LabelMap, Volume
from napari_boundaryseg.editing.history.edit import OPENED
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.cases import Box
from napari_boundaryseg.ui.compat import labels_layer as compat
from napari_boundaryseg.ui.layers import editable_labels as drafts
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.editable_labels import Draft

KEY = "boundaryseg"
"""``layer.metadata[KEY]``: what the layer shows."""
KIND = "boundaryseg_kind"
"""``layer.metadata[KIND]``: scan, labels, kept labels, preview, edges, contour, attention or region."""
RESULTS = ("edges", "contour", "attention")


def of_kind(viewer: Any, *kinds: str) -> list[Layer]:
    """The viewer's layers of these kinds, bottom first."""
    return [layer for layer in viewer.layers if layer.metadata.get(KIND) in kinds]


def only(viewer: Any, kind: str) -> Any:
    """The one layer of this kind, or None."""
    found = of_kind(viewer, kind)
    return found[-1] if found else None


def placement(geometry: Geometry) -> dict[str, object]:
    """Where every layer of a scan lies: mm along z, y, x."""
    return {"scale": geometry.display.scale_mm, "units": ("mm",) * 3, "axis_labels": ("z", "y", "x")}


def scan_data(volume: Volume) -> list[tuple[np.ndarray, dict[str, Any], str]]:
    """A scan as napari layer data, one grey image per channel; the last, on top, is the first channel."""
    single = len(volume.channels) == 1
    made = []
    for n, channel in reversed(list(enumerate(volume.channels))):
        array = volume.geometry.display.to_display(volume.array[n])
        arguments = {
            "name": volume.name if single else f"{volume.name}: {channel}",
            "metadata": {KEY: volume, KIND: "scan"},
            "contrast_limits": robust_window(array),
            "visible": n == 0,
            **placement(volume.geometry),
            **styles.scan_style(),
        }
        made.append((array, arguments, "image"))
    return made


def robust_window(array: np.ndarray) -> tuple[float, float]:
    """Grey levels between the robust percentiles of a sample of the voxels."""
    step = max(1, round((array.size / 500_000) ** (1 / 3)))
    sample = array[::step, ::step, ::step]
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        return 0.0, 1.0
    low, high = np.percentile(finite, styles.ROBUST_PERCENTILES)
    return (float(low), float(high)) if high > low else (float(low), float(low) + 1.0)


def show_scan(viewer: Any, volume: Volume | None) -> None:
    """Show a scan in place of the one before; a layer that a napari reader made is adopted.

    Corrected labels of the scan before that are stored nowhere stay as a hidden layer.
    """
    for layer in list(viewer.layers):
        if KIND not in layer.metadata or layer.metadata.get(KEY) is volume:
            continue
        if layer.metadata[KIND] in ("labels", "kept labels"):
            _put_aside(viewer, layer, f"labels of {layer.metadata[KEY].name}")
        else:
            viewer.layers.remove(layer)
    if volume is None or of_kind(viewer, "scan"):
        return
    for array, arguments, _ in scan_data(volume):
        viewer.add_image(array, **arguments)
    viewer.reset_view()


def set_window(viewer: Any, preset: str) -> None:
    """Show every channel of the scan in a window preset."""
    for layer in of_kind(viewer, "scan"):
        limits = styles.WINDOWS_HU.get(preset) or robust_window(layer.data)
        low, high = layer.contrast_limits_range
        layer.contrast_limits_range = (min(low, limits[0]), max(high, limits[1]))
        layer.contrast_limits = limits


def map_calls(viewer: Any, scan: Volume, prediction: Prediction) -> list[Callable[[], object]]:
    """What shows a prediction's maps, one layer a call: edges, contours, attention."""
    scheme, sources = prediction.labels.scheme, prediction.contour_sources
    calls: list[Callable[[], object]] = [
        partial(
            _show_map,
            viewer,
            scan,
            "edges",
            "edges",
            prediction.edges,
            styles.edges_style(),
            True,
            str(sources.get("edges", "derived")),
        ),
    ]
    for organ in scheme.organs:
        if organ.name in prediction.contours:
            calls.append(
                partial(
                    _show_map,
                    viewer,
                    scan,
                    "contour",
                    f"contour: {organ.name}",
                    prediction.contours[organ.name],
                    styles.contour_style(organ.colour),
                    True,
                    str(sources.get(organ.name, "derived")),
                )
            )
    for level, array in prediction.attention.items():
        calls.append(
            partial(
                _show_map,
                viewer,
                scan,
                "attention",
                f"attention: {level}",
                array,
                styles.attention_style(),
                False,
                "attention",
            )
        )
    return calls


def clear_results(viewer: Any) -> None:
    """Remove what an earlier prediction showed; labels stay."""
    for layer in of_kind(viewer, *RESULTS):
        viewer.layers.remove(layer)


def _show_map(
    viewer: Any,
    scan: Volume,
    kind: str,
    name: str,
    array: np.ndarray,
    style: dict[str, object],
    visible: bool,
    source: str,
) -> Image:
    layer = viewer.add_image(
        scan.geometry.display.to_display(array),
        name=name,
        visible=visible,
        metadata={KEY: scan, KIND: kind, "source": source},
        **placement(scan.geometry),
        **style,
    )
    compat.set_tooltip(layer, source)
    _stack(viewer)
    return layer


def _stack(viewer: Any) -> None:
    """Edges above the soft contours, labels above all and active."""
    for kind in ("edges", "labels"):
        layer = only(viewer, kind)
        if layer is not None and viewer.layers[-1] is not layer:
            viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))
    if layer is not None:
        viewer.layers.selection.active = layer


def show_labels(
    viewer: Any, scan: Volume, labels: LabelMap, box: Box | None = None, *, name: str = "Labels", kind: str = OPENED
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
    draft_of(layer).put(name, values if where is None else values[where], where, kind)
    return layer


def labels_for(viewer: Any, scan: Volume, scheme: LabelScheme, box: Box | None = None) -> Labels:
    """The labels layer of this scan for these organs: the one that is there, or a new one without a voxel."""
    layer = only(viewer, "labels")
    if layer is not None and layer.metadata[KEY] is scan and scheme_of(layer) == scheme:
        if layer.metadata["box"] is not None:
            layer.metadata["box"] = box
        return layer
    array = np.zeros(scan.geometry.display.display_shape, np.uint8 if max(scheme.ids) < 256 else np.uint16)
    return new_labels(viewer, scan, scheme, array, box)


def new_labels(viewer: Any, scan: Volume, scheme: LabelScheme, array: np.ndarray, box: Box | None = None) -> Labels:
    """Show (z, y, x) labels, which are changed in place, in place of those that are there."""
    before = only(viewer, "labels")
    if before is not None:
        _put_aside(viewer, before, f"labels before {1 + len(of_kind(viewer, 'kept labels'))}")
    layer = viewer.add_labels(
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


def show_recovered(viewer: Any, scan: Volume, scheme: LabelScheme, history: History, journal: Journal) -> Labels:
    """Show labels that an earlier window left behind; their history goes on."""
    layer = new_labels(viewer, scan, scheme, history.array)
    drafts.keep(layer, Draft(layer, scan, scheme, history=history, journal=journal))
    return layer


def show_preview(viewer: Any, scan: Volume, array: np.ndarray, scheme: LabelScheme) -> Labels:
    """Show (z, y, x) labels that nobody can edit, as thick outlines."""
    layer = viewer.add_labels(
        array,
        name="preview: lost work",
        metadata={KEY: scan, KIND: "preview", "scheme": scheme},
        **placement(scan.geometry),
        **styles.labels_style(scheme),
    )
    layer.contour = 2 * styles.contour_vox(array.shape)
    layer.editable = False
    return layer


def draft_of(layer: Labels) -> Draft:
    """The history, journal and effort of a labels layer; one that napari duplicated gets its own."""
    return drafts.known(layer) or drafts.keep(layer, Draft(layer, layer.metadata[KEY], scheme_of(layer)))


def guard_copy(layer: Labels, copy: Labels) -> None:
    """Keep napari's tools off what is locked in another view of a labels layer, too."""
    if layer.metadata.get(KIND) in ("labels", "kept labels"):
        draft_of(layer).guard(copy)


def _put_aside(viewer: Any, layer: Labels, name: str) -> None:
    if draft_of(layer).is_stored:
        viewer.layers.remove(layer)
        return
    layer.name = name
    layer.metadata[KIND] = "kept labels"
    layer.mode = "pan_zoom"
    layer.visible = False


def read_labels(viewer: Any, scan: Volume | None) -> LabelMap | None:
    """The label map as it now stands in the window, on the scan's own grid; None when there is none."""
    layer = only(viewer, "labels")
    if layer is None or scan is None:
        return None
    array = np.ascontiguousarray(scan.geometry.display.from_display(np.asarray(layer.data)))
    return LabelMap(array.copy(), scan.geometry, scheme_of(layer), scan.name)


def scheme_of(layer: Labels) -> LabelScheme:
    """The label scheme of a labels layer that `show_labels` made."""
    return layer.metadata["scheme"]


def draw_region(viewer: Any, scan: Volume) -> Shapes:
    """Let the person draw a box on the scan: the layer in which it is drawn."""
    layer = only(viewer, "region")
    if layer is None:
        layer = viewer.add_shapes(
            ndim=3,
            name="region",
            metadata={KEY: scan, KIND: "region"},
            **placement(scan.geometry),
            **styles.region_style(),
        )
    viewer.layers.selection.active = layer
    layer.mode = "add_rectangle"
    return layer


def finish_region(viewer: Any) -> None:
    """Keep the last rectangle only, and give the mouse back to the scan."""
    layer = only(viewer, "region")
    if layer is not None and len(layer.data) > 1:
        layer.data = layer.data[-1:]
    if layer is not None:
        layer.mode = "pan_zoom"


def remove_region(viewer: Any) -> None:
    """Remove the drawn box."""
    layer = only(viewer, "region")
    if layer is not None:
        viewer.layers.remove(layer)


def read_region(viewer: Any) -> np.ndarray | None:
    """The corners of the last rectangle in voxels of the display grid, (2, 3): lowest and highest z, y, x."""
    layer = only(viewer, "region")
    if layer is None or not len(layer.data):
        return None
    corners = np.asarray(layer.data[-1], float)
    return np.stack([corners.min(axis=0), corners.max(axis=0)])


def free_labels(array: np.ndarray, meta: dict[str, Any]) -> LabelMap:
    """A labels layer that was drawn on no scan of ours, (z, y, x) growing to head, back and left, as a label map."""
    if array.ndim != 3:
        raise InputError("labels", f"they have {array.ndim} dimensions", "Save labels of three dimensions")
    scale = np.asarray(meta.get("scale", (1, 1, 1)), float)[::-1]
    translate = np.asarray(meta.get("translate", (0, 0, 0)), float)[::-1]
    affine = np.diag([-scale[0], -scale[1], scale[2], 1.0])
    affine[:3, 3] = np.array([-1, -1, 1]) * translate
    return LabelMap(array.transpose(), Geometry(array.T.shape, affine), name="labels")
