"""Lines over one view: outlines of the labels in the slice it shows, proposals as dashes, a band, the edges' ridge."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from qtpy.QtCore import QObject, QTimer

from napari_boundaryseg.data.shapes.border_lines import border_lines, part_of
from napari_boundaryseg.data.shapes.level_lines import dashes, level_lines
from napari_boundaryseg.data.shapes.outlines import KeptOutlines
from napari_boundaryseg.ui.compat.canvas import camera_of
from napari_boundaryseg.ui.compat.canvas_lines import CanvasLines
from napari_boundaryseg.ui.layers import styles
from napari_boundaryseg.ui.layers.access import only
from napari_boundaryseg.ui.layers.labels import scheme_of
from napari_boundaryseg.ui.views.marks.marked_lines import MarkedLines
from napari_boundaryseg.ui.views.model_result import ModelResult
from napari_boundaryseg.ui.views.proposed import crosses
from napari_boundaryseg.ui.views.ridge_lines import RidgeLines
from napari_boundaryseg.ui.views.shown_slice import ShownSlice, shown_slice

WIDTH_PX, DASHED_PX, PROPOSED_PX, BAND_PX = 1.6, 1.2, 2.2, 1.2
DASH_PX, GAP_PX = 6.0, 5.0
LIMITS = (0.1, 0.9)
"""Probabilities at which the chosen organ has a dashed line."""


class Wanted(NamedTuple):
    """What is to be drawn.

    Parameters
    ----------
    outline : bool
        Outlines of every organ.
    limits : bool
        Dashed lines at `LIMITS` of the chosen organ.
    bare : bool
        Nothing at all, for a while.
    result : ModelResult, optional
        What a model has put into the labels: it says where between two voxels a border lies.
    proposal : callable, optional
        ``proposal(slice)``: an organ and what it would be there, dashed, with a cross over what goes or is filled as a
        whole; None where nothing is proposed. No limits are drawn meanwhile.
    band : callable, optional
        ``band(organ, slice)``: the lines of the chosen organ's band, as rows and columns in voxels.
    marked : callable, optional
        ``marked(slice)``: of a place to look at, organs and pieces of their borders, as rows and columns in voxels.
    """

    outline: bool = True
    limits: bool = False
    bare: bool = False
    result: ModelResult | None = None
    proposal: Callable[[ShownSlice], tuple[int, np.ndarray] | None] | None = None
    band: Callable[[int, ShownSlice], list[np.ndarray]] | None = None
    marked: Callable[[ShownSlice], list[tuple[int, np.ndarray]]] | None = None


class OutlineView(QObject):
    """Follows a view's slice and the labels of the main viewer.

    Parameters
    ----------
    main : Viewer
        Whose labels are outlined.
    model : ViewerModel
        The view's own: the main viewer, or that of another plane.
    widget : QtViewer
        That draws it.
    """

    def __init__(self, main: Any, model: Any, widget: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._main, self._model = main, model
        self._outlines, self._lines, self._dashes = KeptOutlines(), CanvasLines(widget), CanvasLines(widget)
        self.ridge, self.mark = RidgeLines(main, model, widget), MarkedLines(widget)
        self.band = MarkedLines(widget, styles.BAND_COLOUR, BAND_PX)
        self.wanted = Wanted()
        self.drawn: dict[int, list[np.ndarray]] = {}
        """Organ to the lines that are now drawn, in mm, down and across."""
        self.dashed: list[np.ndarray] = []
        """The lines that are now drawn as dashes."""
        self.crossed: list[np.ndarray] = []
        """Those of the crosses."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.draw)
        dims = model.dims.events
        self._heard = (dims.point, dims.order, dims.ndisplay, dims.ndim, camera_of(model).events.zoom)
        for source in self._heard:
            source.connect(self.later)
        self.later()

    def later(self, event: object = None) -> None:
        """Draw once what is happening now has happened."""
        if not self._timer.isActive() and (getattr(event, "type", "") != "zoom" or self.dashed):
            self._timer.start(0)

    def draw(self) -> None:
        """Draw the lines of the slice that the view shows."""
        layer, wanted = only(self._main, "labels"), self.wanted
        at = shown_slice(layer, self._model) if layer is not None and layer.visible and not wanted.bare else None
        self.drawn, self.dashed, self.crossed, colours = {}, [], [], {}
        if at is not None:
            colours = {organ: layer.colormap.color_dict[organ] for organ in scheme_of(layer).ids}
            result = wanted.result if wanted.result is not None and wanted.result.is_in(layer.data) else None
            organs = [organ for organ, colour in colours.items() if colour[3] > 0]
            self.drawn = self._outlined(layer, at, organs, result) if wanted.outline else {}
            if wanted.proposal is not None:
                self.dashed, self.crossed = _proposed(wanted.proposal(at), at, np.asarray(layer.data))
            elif wanted.limits and result is not None and layer.selected_label in organs:
                self.dashed = _limits(result, layer.selected_label, at)
        self._lines.show([(line, colours[organ]) for organ, lines in self.drawn.items() for line in lines], WIDTH_PX)
        mm, width = 1 / camera_of(self._model).zoom, DASHED_PX if wanted.proposal is None else PROPOSED_PX
        pieces = [piece for line in self.dashed for piece in dashes(line, DASH_PX * mm, GAP_PX * mm)]
        self._dashes.show([(piece, colours[layer.selected_label]) for piece in pieces + self.crossed], width)
        self.ridge.draw(wanted.bare)
        band = at.in_mm(wanted.band(layer.selected_label, at)) if at is not None and wanted.band is not None else []
        self.band.show([(line, ()) for line in band])
        marked = wanted.marked(at) if at is not None and wanted.marked is not None else []
        self.mark.show([(at.in_mm([line])[0], self.drawn.get(organ, [])) for organ, line in marked] if at else [])

    def _outlined(
        self, layer: Any, at: ShownSlice, organs: list[int], result: ModelResult | None
    ) -> dict[int, list[np.ndarray]]:
        labels = at.plane(np.asarray(layer.data))
        margin = partial(result.margin, labels, at) if result is not None else None
        found = self._outlines.of(labels, organs, at.spacing_mm, margin, (at, result))
        return {organ: at.in_mm(lines) for organ, lines in found.items()}

    def close(self) -> None:
        """Listen and draw no longer."""
        self._timer.stop()
        for source in self._heard:
            source.disconnect(self.later)
        self._lines.close()
        self._dashes.close()
        self.ridge.close()
        self.mark.close()
        self.band.close()


def _limits(result: ModelResult, organ: int, at: ShownSlice) -> list[np.ndarray]:
    probability = result.probability(organ, at)
    return at.in_mm(line for level in LIMITS for line in level_lines(probability, level))


def _proposed(
    found: tuple[int, np.ndarray] | None, at: ShownSlice, labels: np.ndarray
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The lines to dash, and the crosses."""
    if found is None:
        return [], []
    organ, then = found
    crossed, part = at.in_mm(crosses(at.plane(labels) == organ, then)), part_of(then)
    if part is None:
        return [], crossed
    corner = np.array([part[0].start, part[1].start], float)
    return at.in_mm(line + corner for line in border_lines(then[part], at.spacing_mm)), crossed
