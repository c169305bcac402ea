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
from napari_boundaryseg.ui.compat.layer_rows import insert_quietly
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import KEY, KIND, RESULTS, of_kind, placement
from napari_boundaryseg.ui.layers.leaving import let_go

PASSES = "Probability that a border passes here"
MEANINGS = {
    ("edges", "hard head"): f"{PASSES}, learned by the edge stream",
    ("edges", "derived"): f"{PASSES}: how much an organ's probability changes between neighbouring voxels",
    ("contour", "hard head"): "Probability that this organ's border passes here, learned as a sharp line",
    ("contour", "soft head"): "Heat as it was taught: 1 on this organ's border in 3-D, less with the distance to it",
    ("contour", "derived"): "4 p (1 - p) of this organ's probability p: 1 where the network is undecided",
    ("attention", "gain"): "Gain: what the gate multiplies the features by; clear where it is 1",
    ("attention", "edge"): "How much likelier the gate makes an edge here; clear where it does not",
    ("attention", ""): "Attention, as an earlier version showed it",
}
"""What the values of a map say, by its kind and where it comes from."""


def map_calls(viewer: ViewerModel, scan: Volume, prediction: Prediction) -> list[Callable[[], object]]:
    """What makes layers of a prediction's maps, one a call: edges, contours, attention; each is hidden at first.

    Those that were found to say nothing are left out.
    """
    scheme, sources = prediction.labels.scheme, prediction.contour_sources
    show = partial(_show_map, viewer, scan)
    origin = {name: str(source) for name, source in sources.items()}
    edges = origin.get("edges", "derived")
    silent: Any = prediction.details.get("silent", ())
    calls: list[Callable[[], object]] = []
    if "edges" not in silent:
        calls.append(partial(show, "edges", "edges", prediction.edges, styles.edges_style(), edges))
    for organ in scheme.organs:
        if organ.name in prediction.contours and "contours" not in silent:
            array, style = prediction.contours[organ.name], styles.contour_style(organ.colour)
            source = origin.get(organ.name, "derived")
            calls.append(partial(show, "contour", f"contour: {organ.name}", array, style, source))
    for level, array in prediction.attention.items():
        kind = prediction.attention_kind
        style = styles.attention_style(kind, float(array.max(initial=0)))
        calls.append(partial(show, "attention", f"attention: {level}", array, style, kind))
    return calls


def clear_results(viewer: ViewerModel) -> None:
    """Remove what an earlier prediction showed, soon; labels stay."""
    let_go(viewer, of_kind(viewer, *RESULTS))


def _show_map(
    viewer: ViewerModel,
    scan: Volume,
    kind: str,
    name: str,
    array: np.ndarray,
    style: dict[str, object],
    source: str,
) -> Image:
    """Put a map under the labels and the edges, at once in its place: each move would lay out every list again."""
    looks: dict[str, Any] = {**placement(scan.geometry), **style}
    meaning = MEANINGS[kind, source]
    metadata = {KEY: scan, KIND: kind, "source": source, "meaning": meaning}
    layer = Image(scan.geometry.display.to_display(array), name=name, visible=False, metadata=metadata, **looks)
    set_tooltip(layer, meaning)
    above = ("labels",) if kind == "edges" else ("edges", "labels")
    at = next((n for n, one in enumerate(viewer.layers) if one.metadata.get(KIND) in above), len(viewer.layers))
    insert_quietly(viewer, at, layer)
    return layer
