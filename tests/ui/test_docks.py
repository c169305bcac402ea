"""What opens from napari itself: its plugin menu, and `napari -w napari-boundaryseg`."""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import Qt

from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.compat import preload
from napari_boundaryseg.ui.compat.window import main_window
from napari_boundaryseg.ui.docks import WorkbenchDock
from napari_boundaryseg.ui.panels.panel import in_order
from napari_boundaryseg.ui.workbench import PanelAlone


def test_the_plugin_alone_opens_the_workbench(controller_viewer: Any) -> None:
    """What `napari -w napari-boundaryseg` does: it takes the first widget of the manifest."""
    _, widget = controller_viewer.window.add_plugin_dock_widget("napari-boundaryseg", tabify=True)
    assert isinstance(widget, WorkbenchDock)
    assert widget.panels["Scan"]._session is hooks.controller_of(controller_viewer).session


def test_every_widget_opens_by_its_name_in_the_menu(controller_viewer: Any) -> None:
    for title in ("Boundary segmentation", *(panel.title for panel in in_order().values())):
        _, widget = controller_viewer.window.add_plugin_dock_widget("napari-boundaryseg", title)
        assert isinstance(widget, WorkbenchDock if title == "Boundary segmentation" else PanelAlone), title
    assert "torch" not in sys.modules


def test_the_dock_says_what_it_is_without_the_plugins_name(controller_viewer: Any, wait: Callable[..., None]) -> None:
    """napari's "Boundary segmentation (napari-boundaryseg)" is cut off in a dock of 300 pixels."""
    dock, widget = controller_viewer.window.add_plugin_dock_widget("napari-boundaryseg", tabify=True)
    wait(lambda: widget.isVisible())
    for floating in (False, True, False):
        dock.setFloating(floating)
        assert dock.titleBarWidget().title.text() == "Boundary segmentation"
    window = main_window(controller_viewer)
    window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    wait(lambda: dock.titleBarWidget().title.text() == "Boundary segmentation")
    alone, panel = controller_viewer.window.add_plugin_dock_widget("napari-boundaryseg", "Scan")
    wait(lambda: panel.isVisible())
    assert alone.titleBarWidget().title.text() == "Scan"


def test_a_window_that_reaches_over_the_screens_edge_is_on_the_screen_when_a_dock_opens(
    controller_viewer: Any, wait: Callable[..., None]
) -> None:
    """As `napari -w napari-boundaryseg` opens on a small screen: as wide as the canvas and both docks would like."""
    window = main_window(controller_viewer)
    screen = window.screen().availableGeometry()
    window.move(screen.topLeft())
    window.resize(screen.width() + 180, screen.height() - 50)
    wait(lambda: not screen.contains(window.frameGeometry()))
    _, widget = controller_viewer.window.add_plugin_dock_widget("napari-boundaryseg", tabify=True)
    wait(lambda: screen.contains(window.frameGeometry()))
    assert screen.contains(widget.mapToGlobal(widget.rect().bottomRight()))
    assert window.frameGeometry().width() == screen.width(), "no smaller than it must be"


def test_a_window_preloads_what_napari_needs_late_and_holds_nothing_when_it_goes(
    controller_viewer: Any, wait: Callable[..., None]
) -> None:
    preload.preload(controller_viewer)
    wait(lambda: not any(thread.name == "preload" for thread in threading.enumerate()))
    assert set(preload.LATE) <= set(sys.modules)
    assert gc.get_freeze_count() > 0
    controller_viewer.close()
    wait(lambda: gc.get_freeze_count() == 0)
