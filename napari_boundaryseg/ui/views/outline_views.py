"""Lines over every view of a window: outlines of the labels in work, and the ridge of the edge map."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject

from napari_boundaryseg.ui.compat.canvas import main_view
from napari_boundaryseg.ui.layers.access import KIND, only
from napari_boundaryseg.ui.views.outline_view import OutlineView, Wanted
from napari_boundaryseg.ui.views.three_planes import ThreePlanes

_OF_LABELS = ("data", "labels_update", "visible", "colormap", "selected_label")
"""Events of a labels layer after which its lines are others."""


class OutlineViews(QObject):
    """One `OutlineView` for the main view and each of the other planes, while they are open."""

    def __init__(self, viewer: Any, planes: ThreePlanes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._planes = viewer, planes
        self._layer: Any = None
        self.wanted = Wanted()
        self.main = OutlineView(viewer, viewer, main_view(viewer), self)
        self.others: list[OutlineView] = []
        planes.changed.connect(self._on_planes)
        viewer.layers.events.inserted.connect(self._on_layer)
        viewer.layers.events.removed.connect(self.later)

    def follow(self) -> None:
        """Follow the labels that are in work now."""
        layer = only(self._viewer, "labels")
        if layer is not self._layer:
            self._hear(False)
            self._layer = layer
            self._hear(True)
        self.later()

    def _hear(self, on: bool) -> None:
        for name in _OF_LABELS if self._layer is not None else ():
            source = getattr(self._layer.events, name)
            (source.connect if on else source.disconnect)(self.later)

    def _on_layer(self, event: Any) -> None:
        if event.value.metadata.get(KIND) == "edges":
            event.value.events.visible.connect(self.later)
            self.later()

    def later(self, event: object = None) -> None:
        """Draw the lines again in every view."""
        for view in self._views():
            view.later()

    def want(self, **wanted: Any) -> None:
        """Draw other lines in every view, see `Wanted`."""
        self.wanted = self.wanted._replace(**wanted)
        for view in self._views():
            view.wanted = self.wanted
            view.later()

    def set_bare(self, bare: bool) -> None:
        """Draw nothing in any view while only the scan is to be seen, at once."""
        self.want(bare=bare)
        for view in self._views():
            view.draw()

    def _views(self) -> tuple[OutlineView, ...]:
        return (self.main, *self.others)

    def _on_planes(self, are_open: bool) -> None:
        for view in self.others:
            view.close()
        self.others = [
            OutlineView(self._viewer, plane.model, plane.widget, self) for plane in self._planes.views if are_open
        ]
        self.want()

    def close(self) -> None:
        """Listen no longer."""
        self._hear(False)
        for view in self._views():
            view.close()
