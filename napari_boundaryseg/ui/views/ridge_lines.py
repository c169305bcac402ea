"""The edge map in one view: the ridge along its highest values, as a thin line."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_boundaryseg.data.shapes.ridges import ridge
from napari_boundaryseg.ui.compat.canvas_lines import CanvasLines
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import only
from napari_boundaryseg.ui.views.shown_slice import shown_slice

WIDTH_PX = 1.4


class RidgeLines:
    """Draws the ridge of the slice that a view shows; the layer keeps the whole map, which is clear.

    Parameters
    ----------
    main : Viewer
        Whose edge map it is.
    model : ViewerModel
        The view's own.
    widget : QtViewer
        That draws it.
    """

    def __init__(self, main: Any, model: Any, widget: Any) -> None:
        self._main, self._model = main, model
        self._lines = CanvasLines(widget)
        self._drawn: object = None
        """Which slice of which map the line is of."""
        self.pieces = np.zeros((0, 2, 2))
        """The pieces of the line that is now drawn, in mm, down and across."""

    def draw(self, bare: bool) -> None:
        """Draw the ridge, unless it is drawn already, or nothing."""
        layer = only(self._main, "edges")
        at = shown_slice(layer, self._model) if layer is not None and layer.visible and not bare else None
        if self._drawn == (layer, at):
            return
        self._drawn = layer, at
        self.pieces = np.zeros((0, 2, 2))
        if at is not None:
            self.pieces = at.in_mm([ridge(at.plane(np.asarray(layer.data)), at.spacing_mm)])[0]
        self._lines.show_pieces(self.pieces, (*styles.rgb(styles.EDGES_COLOUR), 1.0), WIDTH_PX)

    def close(self) -> None:
        """Draw no longer."""
        self._lines.close()
