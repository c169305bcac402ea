"""Three planes side by side: two more views beside the main one, on the same arrays, with one point and one scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from qtpy.QtCore import QEvent, QObject, Qt, Signal
from qtpy.QtWidgets import QApplication, QSplitter
from superqt.utils import QSignalDebouncer

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.ui.compat.call_queue import CallQueue
from napari_boundaryseg.ui.compat.canvas import camera_of, canvas_widget, draw_safely, main_view
from napari_boundaryseg.ui.compat.window import is_open, main_window
from napari_boundaryseg.ui.layers import access
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid, order_of
from napari_boundaryseg.ui.views import orientation
from napari_boundaryseg.ui.views.crosshair import Crosshair
from napari_boundaryseg.ui.views.linked_views import LinkedViews
from napari_boundaryseg.ui.views.mirrored_layer import MirroredLayer, can_be_shown
from napari_boundaryseg.ui.views.plane_view import PlaneView
from napari_boundaryseg.ui.widgets.controls import named

PLANES = ("Axial", "Sagittal", "Coronal")
"""The main view shows one of them, the two others the rest, in this order."""
FIRST = ("scan",)
"""Kinds of layers that are there when the planes open; the others follow one by one, the labels first."""
N_STEPS = 3
"""Turns in which the planes open: each of two views, then the window."""
FOLLOW_MS = 10
"""Between two layers that follow, so that what a person does comes first."""


def plane_of(viewer: Any) -> str:
    """The plane that a viewer shows."""
    return next((name for name, order in orientation.ORDERS.items() if order[:1] == order_of(viewer)[:1]), PLANES[0])


class ThreePlanes(QObject):
    """Opens and closes the two other views, and keeps their layers those of the main one.

    The main view is the one whose plane can be chosen; the others show the two other planes.

    Parameters
    ----------
    grid : ScanGrid
        Of the main viewer.
    parent : QObject, optional
    """

    changed = Signal(bool)
    """Whether the views are now open."""
    copied = Signal(object, object)
    """A labels layer of the main view, and its copy in one of the others."""

    def __init__(self, grid: ScanGrid, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._grid, self._viewer = grid, grid.viewer
        self._side: QSplitter | None = None
        self._layers: dict[Any, MirroredLayer] = {}
        self.views: list[PlaneView] = []
        self._follows_clicks = True
        self._heard: list[tuple[Any, Any]] = []
        self._opening = CallQueue(self)
        self._following = QSignalDebouncer(parent=self)
        self._following.setTimeout(FOLLOW_MS)
        self._following.triggered.connect(self._follow)
        draw_safely(main_view(grid.viewer))

    @property
    def is_open(self) -> bool:
        """Whether the three planes are shown."""
        return self._side is not None

    @property
    def is_opening(self) -> bool:
        """Whether they will be shown in a moment."""
        return self._opening.busy

    def set_open(self, wanted: bool, soon: bool = False) -> None:
        """Open or close the two other views; ``soon`` makes one a turn, so that the window stands still for less."""
        self._opening.forget()
        if wanted and soon and not self.is_open:
            self._refuse_nothing()
            self._opening.replace([partial(next, self._steps(), None)] * N_STEPS)
        elif wanted != self.is_open:
            (self.open if wanted else self.close)()

    def open(self) -> None:
        """Show the two other planes beside the main view.

        Raises
        ------
        InputError
            When no scan is shown.
        """
        if not self.is_open:
            self._refuse_nothing()
            for _ in self._steps():
                pass

    def _refuse_nothing(self) -> None:
        if self._grid.display is None:
            raise InputError("Three planes", "no scan is shown", "Open a scan first")

    def _steps(self) -> Iterator[None]:
        """Make one view a turn, then put them into the window, if there still is a scan."""
        main = plane_of(self._viewer)
        views = [PlaneView(self._grid, plane) for plane in PLANES if plane != main]
        try:
            for view, name in zip(views, ("planes.first", "planes.second"), strict=True):
                mirrored = self._mirrored()
                first = [layer for layer in mirrored if layer.main.metadata.get(access.KIND) in FIRST] or mirrored
                view.follow(first, len(first))
                view.build(name)
                yield
            if self._grid.display is not None and is_open(self._viewer):
                self.views = views
                for view in views:
                    if view.plane == plane_of(self._viewer):  # somebody has turned the main view meanwhile
                        view.set_plane(main)
                self._show()
        finally:
            if not self.is_open:
                self._forget(views)

    def _show(self) -> None:
        window = main_window(self._viewer)
        window.setUpdatesEnabled(False)  # nothing is drawn until all is in its place
        try:
            self._place()
            self._listen()
            QApplication.sendPostedEvents()  # now every canvas has its size
            self._links.fit()
        finally:
            window.setUpdatesEnabled(True)
        self._fitted = camera_of(self._viewer).zoom
        self._later()
        self.changed.emit(True)

    def _forget(self, views: Sequence[PlaneView]) -> None:
        for layer in self._layers.values():
            layer.close()
        self._layers = {}
        for view in views:
            if view.widget is not None:
                view.close()
        self.views = []

    def _place(self) -> None:
        """Put the views into the window."""
        self._side = named(QSplitter(Qt.Orientation.Vertical), "planes")
        for view in self.views:
            self._side.addWidget(view.widget)
        room = main_view(self._viewer)
        room.setOrientation(Qt.Orientation.Horizontal)
        room.addWidget(self._side)
        room.setSizes([room.width() // 2] * 2)  # as wide as each other: a plane that fits one then fits all
        self._lines = Crosshair(self._viewer, canvas_widget(self._viewer), "planes.main")

    def _listen(self) -> None:
        self._links = LinkedViews([self._grid, *(view.grid for view in self.views)], self._on_moved)
        self._links.follows_clicks = self._follows_clicks
        self._links.move_to(self._grid.voxel())
        events, active = self._viewer.layers.events, self._viewer.layers.selection.events.active
        self._heard = [
            (events.inserted, self._later),
            (events.removed, self._on_removed),
            (events.reordered, self._later),
            (active, self._on_active),
            (self._viewer.dims.events.order, self._on_order),
            (self._viewer.events.theme, self._on_theme),
        ]
        for source, slot in self._heard:
            source.connect(slot)
        for watched in (main_window(self._viewer), main_view(self._viewer)):
            watched.installEventFilter(self)

    def close(self) -> None:
        """Close the two views; the main one takes their place."""
        self._opening.forget()
        if self._side is None:
            return
        side, self._side = self._side, None
        self._following.cancel()
        for watched in (main_window(self._viewer), main_view(self._viewer)):
            watched.removeEventFilter(self)
        for source, slot in self._heard:
            source.disconnect(slot)
        self._links.close()
        self._forget(self.views)
        self._lines.close()
        side.hide()
        side.deleteLater()
        main_view(self._viewer).setOrientation(Qt.Orientation.Vertical)
        self.changed.emit(False)
        if camera_of(self._viewer).zoom == self._fitted:
            QApplication.sendPostedEvents()
            self._viewer.fit_to_view()

    def follow(self) -> None:
        """Show the scan that the main view shows now, soon."""
        if self.is_open:
            self._later()

    def go_under(self, viewer: Any, position: Sequence[float]) -> None:
        """Take every plane to a position in one of them."""
        if self.is_open:
            self._links.go_under(viewer, position)

    def follow_clicks(self, wanted: bool) -> None:
        """Whether a click in one plane, without a tool, takes the others there."""
        self._follows_clicks = wanted
        if self.is_open:
            self._links.follows_clicks = wanted

    def _later(self, event: object = None) -> None:
        self._following.throttle()

    def _on_removed(self, event: Any) -> None:
        """Hide what the other views show of a layer that has gone, at once: it may be another patient's."""
        if event.value in self._layers:
            self._layers[event.value].hide()
        self._later()

    def _follow(self) -> None:
        """Show the layers that the main viewer has now, one new one at a time: a person may go on meanwhile."""
        mirrored = self._mirrored()
        fresh = [view for view in self.views if view.is_fresh]
        now = fresh[:1] or self.views
        more = [view.follow(mirrored, 1) for view in now]
        if any(more) or len(fresh) > 1:
            self._later()
        if len(fresh) == 1:
            self._links.fit()
            self._on_moved()

    def _mirrored(self) -> list[MirroredLayer]:
        wanted = [layer for layer in self._viewer.layers if can_be_shown(layer)]
        for layer in [layer for layer in self._layers if layer not in wanted]:
            self._layers.pop(layer).close()
        for layer in wanted:
            if layer not in self._layers:
                self._layers[layer] = MirroredLayer(layer, self.copied.emit, self._later)
        return [self._layers[layer] for layer in wanted]

    def _on_active(self, event: object = None) -> None:
        for view in self.views:
            view.activate()

    def _on_theme(self, event: object = None) -> None:
        for view in self.views:
            view.model.theme = self._viewer.theme

    def _on_order(self, event: object = None) -> None:
        """The view that shows the main view's new plane takes its old one."""
        old = next(plane for plane in PLANES if all(view.plane != plane for view in self.views))
        for view in self.views:
            if view.plane == plane_of(self._viewer) != old:
                view.set_plane(old)
        self._on_moved()

    def _on_moved(self) -> None:
        for lines in (self._lines, *(view.lines for view in self.views)):
            lines.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Close the views before the window goes: napari closes its main view, or the person the window."""
        hidden = event.type() == QEvent.Type.Hide and not event.spontaneous()  # and not minimised
        closed = event.type() == QEvent.Type.Close
        if (hidden and watched is main_window(self._viewer)) or (closed and watched is main_view(self._viewer)):
            self.close()
        return False
