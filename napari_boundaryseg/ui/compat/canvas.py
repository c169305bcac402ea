"""Canvas, camera and further views of a napari window."""

from __future__ import annotations

from typing import Any

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
