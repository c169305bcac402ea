"""Copies of a layer for further views, which share its array, its looks and its tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from napari.layers import Image, Labels, Layer, Points, Shapes
from superqt.utils import QSignalThrottler

from napari_boundaryseg.data import boxes
from napari_boundaryseg.data.boxes import Box
from napari_boundaryseg.ui.compat.canvas import share_keys
from napari_boundaryseg.ui.compat.labels_layer import box_drawn, draw_box, lead_strokes, own_history, slice_of

KINDS = (Image, Labels, Points, Shapes)
LOOKS = ("visible", "opacity", "blending")
IMAGE_LOOKS = ("contrast_limits_range", "contrast_limits", "colormap", "gamma", "interpolation2d")
LABELS_LOOKS = ("colormap", "contour", "show_selected_label")
TOOLS = ("selected_label", "brush_size", "contiguous", "preserve_labels", "n_edit_dimensions", "mode")
DRAW_MS = 50
"""A stroke shows in the other views at most this often, in ms."""


class MirroredLayer:
    """A layer of the main view and its copies, which look and draw alike, until `close`.

    Parameters
    ----------
    main : Layer
        With three axes.
    copied : callable
        Told of ``main`` and of each copy that can be drawn on.
    shown : callable
        Told when ``main`` is shown or hidden.
    """

    def __init__(self, main: Any, copied: Callable[[Any, Any], None], shown: Callable[[], None]) -> None:
        self.main, self.copies = main, []  # type: Any, list[Any]
        self._copied, self._shown = copied, shown
        self._busy = False
        self._source: Any = None
        self._boxes: list[Box] = []
        self._drawing = QSignalThrottler(QSignalThrottler.EmissionPolicy.Trailing)
        self._drawing.setTimeout(DRAW_MS)
        self._drawing.triggered.connect(self.draw)
        self._slice = slice_of(main)
        self._draws = isinstance(main, Labels)
        self._names: tuple[str, ...] = LOOKS
        if isinstance(main, Image):
            self._names += IMAGE_LOOKS
        if self._draws:
            self._names += LABELS_LOOKS + TOOLS
        self._listen(main)
        self._heard = [
            (main.events.visible, self._on_visible),
            (main.events.name, self._on_name),
            (main.events.data, self._on_data),
            (main.events.scale, self._on_scale),
            (main.events.translate, self._on_translate),
            (main.events.set_data, self._on_refresh),
        ]
        for source, slot in self._heard:
            source.connect(slot)

    def copy(self) -> Any:
        """Make one more copy; it is hidden, and so has not been sliced yet."""
        data, state, kind = self.main.as_layer_data_tuple()
        made = Layer.create(data, {**state, "visible": False}, kind)
        if self._draws:
            for name in (*LABELS_LOOKS[1:], *TOOLS[:-1]):
                setattr(made, name, getattr(self.main, name))
            share_keys(self.main, made)
            own_history(made, lambda: self.main.undo(), lambda: self.main.redo())
            lead_strokes(made, self.main)
            self._copied(self.main, made)
        self.copies.append(made)
        return made

    def show(self, copy: Any) -> None:
        """Show a copy that has found its place, with the tool in hand."""
        self._busy = True
        try:
            copy.visible = self.main.visible
            if self._draws:
                copy.mode = self.main.mode
        finally:
            self._busy = False
        self._listen(copy)

    def hide(self) -> None:
        """Show nothing of it any more, also where the copies stay for a moment."""
        self._busy = True
        for copy in self.copies:
            copy.visible = False

    def close(self) -> None:
        """Let the copies follow no longer."""
        self._drawing.cancel()
        for source, slot in self._heard:
            source.disconnect(slot)
        for layer in (self.main, *self.copies):
            for name in self._names:
                getattr(layer.events, name).disconnect(self._on_change)
            if self._draws:
                layer.events.labels_update.disconnect(self._on_drawn)

    def _listen(self, layer: Any) -> None:
        for name in self._names:
            getattr(layer.events, name).connect(self._on_change)
        if self._draws:
            layer.events.labels_update.connect(self._on_drawn)

    def _others(self, layer: Any) -> list[Any]:
        return [other for other in (self.main, *self.copies) if other is not layer]

    def _on_change(self, event: Any) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            value = getattr(event.source, event.type)
            for layer in self._others(event.source):
                setattr(layer, event.type, value)
        finally:
            self._busy = False

    def _on_drawn(self, event: Any) -> None:
        """Remember what a stroke has just changed; a layer that `draw` draws again has no box to tell."""
        box = box_drawn(event.source)
        if box is None:
            return
        if self._source is not event.source:
            self.draw()
            self._source = event.source
        self._boxes.append(box)
        self._drawing.throttle()

    def draw(self) -> None:
        """Draw what a stroke has changed in the other views too."""
        box, self._boxes = boxes.union(self._boxes), []
        if box is not None:
            for layer in self._others(self._source):
                draw_box(layer, box)

    def _on_refresh(self, event: object = None) -> None:
        """Draw the copies again when the main layer was refreshed, and not when it shows another slice."""
        before, self._slice = self._slice, slice_of(self.main)
        if self._slice == before:
            for copy in self.copies:
                copy.refresh(thumbnail=False, highlight=False, extent=False)

    def _on_data(self, event: object = None) -> None:
        for copy in self.copies:
            if copy.data is not self.main.data:
                copy.data = self.main.data

    def _on_scale(self, event: object = None) -> None:
        """The layer has become that of another scan."""
        for copy in self.copies:
            copy.scale = self.main.scale

    def _on_translate(self, event: object = None) -> None:
        """The layer shows another part of the scan."""
        for copy in self.copies:
            copy.translate = self.main.translate

    def _on_name(self, event: object = None) -> None:
        for copy in self.copies:
            copy.name = self.main.name

    def _on_visible(self, event: object = None) -> None:
        self._shown()


def can_be_shown(layer: Any) -> bool:
    """Whether the other planes can show this layer of the main view."""
    return isinstance(layer, KINDS) and layer.ndim == 3
