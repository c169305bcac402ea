"""Actions on what is shown over the scan: one switch for each kind of map, whatever layers there are."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.ui.compat.layer_rows import LayerRows
from napari_boundaryseg.ui.layers import access, styles, visibility
from napari_boundaryseg.ui.tools.paint_tools import PaintTools
from napari_boundaryseg.ui.views.model_result import ModelResult
from napari_boundaryseg.ui.views.outline_views import OutlineViews

OUTLINE, LIMITS = "outline", "limits"
SWITCHES = (OUTLINE, LIMITS, *access.RESULTS)


class DisplayActions(QObject):
    """Remembers what a person wants to see, and shows it of every result that comes."""

    changed = Signal()
    """Something else is wanted, or there are other layers to show it of."""

    def __init__(self, viewer: Any, tools: PaintTools, outlines: OutlineViews, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer, self._tools, self._outlines = viewer, tools, outlines
        self.wanted = {OUTLINE}
        """Of `SWITCHES`, what is to be seen."""
        self.fill = styles.FILL
        """Opacity of the organs' areas, 0 to 1."""
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(lambda event: self.changed.emit())
        viewer.dims.events.ndisplay.connect(lambda event: visibility.suit_edges(viewer))
        tools.tool_changed.connect(self._on_tool)
        self._organ = 0
        self.rows = LayerRows(viewer, self)
        """Of the layer list: what is switched off here has none, so that the list stays short."""

    def available(self) -> set[str]:
        """The switches that have something to show."""
        found = {kind for kind in access.RESULTS if access.of_kind(self._viewer, kind)}
        if access.only(self._viewer, "labels") is not None:
            found |= {OUTLINE} if self._outlines.wanted.result is None else {OUTLINE, LIMITS}
        return found

    def follow(self, result: ModelResult | None) -> None:
        """Let what a model has put into the labels place their lines, or nothing any more."""
        self._outlines.want(result=result)
        self.changed.emit()

    def show(self, switch: str, on: bool) -> None:
        """Show or hide one kind of map, or the outline."""
        (self.wanted.add if on else self.wanted.discard)(switch)
        self._apply(switch)

    def set_fill(self, opacity: float) -> None:
        """How much of the organs' colours lies over the scan, within their outlines."""
        self.fill = opacity
        self._fill()
        self.changed.emit()

    def _on_inserted(self, event: Any) -> None:
        kind = event.value.metadata.get(access.KIND)
        if kind == "labels":
            self._fill()
        if kind == "edges":
            visibility.suit_edges(self._viewer)
        if kind in ("labels", *access.RESULTS):
            self._apply(kind)

    def _on_tool(self) -> None:
        organ = self._tools.state()[2]
        if organ != self._organ:
            self._organ = organ
            self._apply("contour")

    def _fill(self) -> None:
        labels = access.only(self._viewer, "labels")
        if labels is not None:
            labels.opacity = self.fill

    def _apply(self, kind: str) -> None:
        """Show or hide the maps of a kind; a person may have closed the eye of another one."""
        organ = self._tools.state()[2]
        touch = access.RESULTS if kind == "labels" else [kind]
        visibility.show_maps(self._viewer, self.wanted, organ, touch)
        self.rows.leave_out(visibility.unwanted_maps(self._viewer, self.wanted, organ))
        self._outlines.want(outline=OUTLINE in self.wanted, limits=LIMITS in self.wanted)
        self.changed.emit()
