"""Canvas, camera and further views of a napari window."""

from __future__ import annotations

from typing import Any

import numpy as np
from napari import Viewer
from napari.qt import QtViewer
from qtpy.QtWidgets import QSplitter, QWidget


def canvas_widget(viewer: Viewer) -> QWidget:
    """The widget that draws the scan (napari 0.9.2: no public name for it)."""
    return viewer.window._qt_viewer.canvas.native


def camera_of(viewer: Viewer) -> Any:
    """The camera: ``viewer.scene.camera`` since 0.9, ``viewer.camera`` before."""
    scene = getattr(viewer, "scene", None)
    return scene.camera if scene is not None else viewer.camera


def fit_camera(viewer: Any, low: np.ndarray, high: np.ndarray, margin: float = 0.05) -> None:
    """Show a box, whose corners are given along the displayed axes, as large as it fits (0.9.2: only for layers)."""
    camera, size = camera_of(viewer), high - low
    camera.center = viewer._calculate_view_center(low, size)
    if viewer.dims.ndisplay == 2:
        camera.zoom = viewer._get_2d_camera_zoom(size, 1 - margin)
    else:
        camera.zoom = viewer._get_3d_camera_zoom(np.stack([low, high]), 1 - margin)


def fitted_to_all(viewer: Any) -> bool:
    """Whether the camera is where napari puts it to show every layer (0.9.2: ``reset_view`` tells not for which)."""
    _, size, corner = viewer._get_scene_parameters()
    middle, n = viewer._calculate_view_center(corner, size), viewer.dims.ndisplay
    return bool(np.allclose(camera_of(viewer).center[-n:], middle[-n:]))


def without_brush_box(viewer: Any) -> None:
    """Draw no box behind the brush's circle.

    (0.9.2: every overlay has a box for its text in the canvas's colour. The circle has no text: its box is a black dot,
    which stays in the scan when the mouse has left and looks like a finding.)
    """
    viewer.canvas.overlays._brush_circle.box = False


def set_tooltip(layer: Any, text: str) -> None:
    """Say more than its name when the mouse rests on a layer in the list (0.9.2: no public name for it)."""
    layer.get_source_str = lambda: f"{layer.name}\n{text}"


class PlainView(QtViewer):
    """A QtViewer beside the main one, which has bound napari's shortcuts already (0.9.2: that takes 0.2 s)."""

    def _bind_shortcuts(self) -> None:
        """Leave them as they are."""


def view_canvas(view: QtViewer) -> QWidget:
    """The widget of a QtViewer that draws (0.9.2: its canvas is of a private class)."""
    return view.canvas.native


def main_view(viewer: Viewer) -> QSplitter:
    """The main window's QtViewer, which is a splitter with the main canvas as its only part (0.9.2)."""
    return viewer.window._qt_viewer


def draw_safely(view: QtViewer) -> None:
    """Let a QtViewer remove layers safely.

    (0.9.2: after a layer is removed, its canvas sends what waits for the graphics card to whatever was drawn last:
    another canvas, or the window around it. That ended in a crash at the next drawing. So it is made the current one.)
    """
    events, current = view.viewer.layers.events, view.canvas._scene_canvas.set_current
    for source in (events.removed, events.end_batch):
        source.connect(current, position="first")


def share_keys(main: Any, other: Any) -> None:
    """Let the keys that are bound to one layer or viewer, now and later, work for another too (0.9.2)."""
    other._keymap = main._keymap


def above_sliders(view: Any, widget: QWidget) -> None:
    """Put a widget between the canvas of a QtViewer and its sliders (0.9.2: no public place for one)."""
    layout = view.dims.parentWidget().layout()
    layout.insertWidget(layout.indexOf(view.dims), widget)
