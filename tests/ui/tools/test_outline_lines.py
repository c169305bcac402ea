"""The lines of a polygon: the nearest one takes a new corner, and what was drawn by hand stays as it was drawn."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
from napari.components import ViewerModel
from psygnal import Signal

from napari_boundaryseg.ui.control.correcting.slice_edges import SliceEdges
from napari_boundaryseg.ui.layers.access import KIND
from napari_boundaryseg.ui.tools.outline import Outline, OutlineSettings

LAYER = SimpleNamespace(scale=(1.0, 1.0, 1.0))


def outline(*corners: tuple[float, float]) -> Outline:
    made = Outline()
    made.layer, made.corners = LAYER, [(0.0, y, x) for y, x in corners]
    return made


def ridge(row: int) -> np.ndarray:
    edges = np.zeros((80, 120), np.float32)
    edges[row, 5:95] = 1.0
    return edges


def test_the_nearest_line_takes_the_corner(qapp: Any) -> None:
    made = outline((0, 0), (0, 100), (10, 0))
    assert made.press(LAYER, 0, 0, (0.0, 8.0, 15.0), 9.0) == 2, "beside the second line; the first is in reach, too"
    assert made.corners[2] == (0.0, 8.0, 15.0)


def test_a_bent_line_is_met_where_it_is_and_not_on_its_chord(qapp: Any) -> None:
    made = outline((30, 10), (30, 90), (60, 90))
    made.edges_at = lambda *_: ridge(22)  # type: ignore[assignment]
    made.set_settings(OutlineSettings(follow=1.0, learned=0.0))
    assert made.press(LAYER, 0, 0, (0.0, 30.0, 50.0), 3.0) == 3, "on the chord, which nobody sees: the next corner"
    made.back()
    assert made.press(LAYER, 0, 0, (0.0, 22.0, 50.0), 3.0) == 1


def test_what_is_drawn_by_hand_is_not_bent(qapp: Any) -> None:
    made = Outline()
    edges = ridge(22)
    made.edges_at = lambda *_: edges  # type: ignore[assignment]
    made.set_settings(OutlineSettings(follow=1.0, learned=0.0))
    corner = made.press(LAYER, 0, 0, (0.0, 26.0, 10.0), 3.0)
    assert corner == 0
    for x in range(12, 90, 2):
        made.drag(corner, (0.0, 26.0, float(x)), 1.0)
    made.release(1.0)
    assert {point[1] for point in made.shown} == {26.0}


def test_another_scan_in_the_same_layer_has_its_own_edges(qapp: Any) -> None:
    class Session:
        scan_changed = Signal(object)
        prediction = scan = None

    viewer, rng = ViewerModel(), np.random.default_rng(0)
    layer = viewer.add_image(rng.random((4, 30, 30)), metadata={KIND: "scan"})
    tools = SimpleNamespace(editable=None, state=lambda: ("", 0.0, 0))
    edges = SliceEdges(viewer, Session(), tools)  # type: ignore[arg-type]
    first = edges(0, 2, 0.0)
    assert edges(0, 2, 0.0) is first
    layer.data = rng.random((4, 30, 30))
    assert first is not None
    assert not np.array_equal(edges(0, 2, 0.0), first)  # type: ignore[arg-type]
