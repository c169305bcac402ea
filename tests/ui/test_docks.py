"""What opens from napari itself: its plugin menu, and `napari -w napari-boundaryseg`."""

from __future__ import annotations

import sys
from typing import Any

from napari._qt._qplugins._qnpe2 import _toggle_or_get_widget  # what a click in the menu runs (0.9.2: no public name)

from napari_boundaryseg.ui import hooks
from napari_boundaryseg.ui.docks import WorkbenchDock
from napari_boundaryseg.ui.panels.panel import in_order
from napari_boundaryseg.ui.workbench import PanelAlone


def test_the_plugin_alone_opens_the_workbench(controller_viewer: Any) -> None:
    """What `napari -w napari-boundaryseg` does: it takes the first widget of the manifest."""
    _, widget = controller_viewer.window.add_plugin_dock_widget("napari-boundaryseg", tabify=True)
    assert isinstance(widget, WorkbenchDock)
    assert widget.panels["Scan"]._session is hooks.controller_of(controller_viewer).session


def test_every_widget_opens_from_the_menu(controller_viewer: Any) -> None:
    for title in ("Boundary segmentation", *(panel.title for panel in in_order().values())):
        widget, _ = _toggle_or_get_widget("napari-boundaryseg", title, f"{title} (Boundary segmentation)")
        controller_viewer.window.add_dock_widget(widget)
        assert isinstance(widget, WorkbenchDock if title == "Boundary segmentation" else PanelAlone), title
    assert "torch" not in sys.modules
