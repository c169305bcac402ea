"""One more view of the main viewer's layers, in a plane of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from napari.components import ViewerModel

from napari_boundaryseg.ui.compat.canvas import PlainView, draw_safely, share_keys, view_canvas
from napari_boundaryseg.ui.compat.slider_numbers import count_from_one
from napari_boundaryseg.ui.layers.access import KIND
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.views import orientation
from napari_boundaryseg.ui.views.crosshair import Crosshair
from napari_boundaryseg.ui.views.mirrored_layer import MirroredLayer
from napari_boundaryseg.ui.views.position_text import PositionText
from napari_boundaryseg.ui.widgets.controls import named


class PlaneView:
    """A viewer model, its widget, its letters and lines, and copies of the main viewer's layers.

    The first layers go in before the widget is made: all that it shows is drawn again for each layer that comes later.

    Parameters
    ----------
    main : ScanGrid
        Of the main viewer.
    plane : str
        One of ``orientation.ORDERS``.
    """

    def __init__(self, main: ScanGrid, plane: str) -> None:
        self._main, self.plane = main, plane
        self.model = ViewerModel()
        self.grid = ScanGrid(self.model)
        self.model.theme = main.viewer.theme
        share_keys(main.viewer, self.model)
        self.copies: dict[MirroredLayer, Any] = {}
        self.widget: Any = None

    def follow(self, layers: Sequence[MirroredLayer], most: int) -> bool:
        """Show these layers in this order, hidden ones once they are shown; True when more than ``most`` are new."""
        gone, fresh = [layer for layer in self.copies if layer not in layers], self.is_fresh
        new = [layer for layer in layers if layer not in self.copies and layer.main.visible]
        new.sort(key=lambda layer: layer.main.metadata.get(KIND) not in ("scan", "labels"))
        for layer in new[:most]:
            self.copies[layer] = self.model.add_layer(layer.copy())
        self._remove(gone)  # only now: a view that is empty for a moment takes its sliders away and is drawn again
        if fresh and self.model.layers:
            self.model.dims.order = orientation.ORDERS[self.plane]
            self.grid.show(self._main.display, self._main.voxel())
        for layer in new[:most]:
            layer.show(self.copies[layer])
        self._sort([self.copies[layer] for layer in layers if layer in self.copies])
        self.activate()
        return len(new) > most

    @property
    def is_fresh(self) -> bool:
        """Whether the main view shows another scan."""
        return self.grid.display is not self._main.display

    def _remove(self, gone: Sequence[MirroredLayer]) -> None:
        if gone:
            with self.model.layers.batched_update():
                for layer in gone:
                    self.model.layers.remove(self.copies.pop(layer))

    def _sort(self, wanted: Sequence[Any]) -> None:
        for index, layer in enumerate(wanted):
            at = self.model.layers.index(layer)
            if at != index:
                self.model.layers.move(at, index)

    def activate(self) -> None:
        """Draw on the copy of the layer that is drawn on in the main view."""
        active = self._main.viewer.layers.selection.active
        self.model.layers.selection.active = next(
            (copy for layer, copy in self.copies.items() if layer.main is active), None
        )

    def build(self, name: str) -> Any:
        """Make the widget."""
        self.widget = named(PlainView(self.model), name)
        self.widget.setAcceptDrops(False)
        draw_safely(self.widget)
        canvas = view_canvas(self.widget)
        self.letters = orientation.OrientationLetters(self.model, canvas, name)
        self.letters.set_active(True)
        self.lines = Crosshair(self.model, canvas, name)
        self.position = PositionText(self.grid, canvas, f"{name}.position")
        count_from_one(self.widget, lambda: True)
        self._call()
        return self.widget

    def set_plane(self, plane: str) -> None:
        """Show another plane."""
        self.plane = plane
        self.model.dims.order = orientation.ORDERS[plane]
        self._call()

    def _call(self) -> None:
        self.widget.setAccessibleName(f"{self.plane} view")

    def close(self) -> None:
        """Leave nothing behind that listens or draws."""
        self.letters.close()
        self.lines.close()
        self.position.close()
        self.widget.close()
        self.widget = None
