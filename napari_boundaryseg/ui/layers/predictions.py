"""A prediction's maps as layers: edges, soft contours, attention."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from napari.components import ViewerModel
from napari.layers import Image

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.engine.inference.prediction import Prediction
from napari_boundaryseg.ui.compat.canvas import set_tooltip
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import KEY, KIND, RESULTS, _stack, of_kind, placement


def map_calls(viewer: ViewerModel, scan: Volume, prediction: Prediction) -> list[Callable[[], object]]:
    """What shows a prediction's maps, one layer a call: edges, contours, attention."""
    scheme, sources = prediction.labels.scheme, prediction.contour_sources
    show = partial(_show_map, viewer, scan)
    origin = {name: str(source) for name, source in sources.items()}
    edges = origin.get("edges", "derived")
    calls: list[Callable[[], object]] = [
        partial(show, "edges", "edges", prediction.edges, styles.edges_style(), True, edges)
    ]
    for organ in scheme.organs:
        if organ.name in prediction.contours:
            array, style = prediction.contours[organ.name], styles.contour_style(organ.colour)
            source = origin.get(organ.name, "derived")
            calls.append(partial(show, "contour", f"contour: {organ.name}", array, style, True, source))
    for level, array in prediction.attention.items():
        style = styles.attention_style()
        calls.append(partial(show, "attention", f"attention: {level}", array, style, False, "attention"))
    return calls


def clear_results(viewer: ViewerModel) -> None:
    """Remove what an earlier prediction showed; labels stay."""
    for layer in of_kind(viewer, *RESULTS):
        viewer.layers.remove(layer)


def _show_map(
    viewer: ViewerModel,
    scan: Volume,
    kind: str,
    name: str,
    array: np.ndarray,
    style: dict[str, object],
    visible: bool,
    source: str,
) -> Image:
    layer: Any = viewer.add_image(  # one layer for one channel
        scan.geometry.display.to_display(array),
        name=name,
        visible=visible,
        metadata={KEY: scan, KIND: kind, "source": source},
        **placement(scan.geometry),
        **style,
    )
    set_tooltip(layer, source)
    _stack(viewer)
    return layer
