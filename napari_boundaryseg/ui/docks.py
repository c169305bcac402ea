"""The widgets of the plugin menu: the workbench and each panel alone. napari gives its viewer only to classes."""

from __future__ import annotations

import napari.viewer

from napari_boundaryseg.ui.hooks import controller_of
from napari_boundaryseg.ui.panels.panel import PANELS, in_order
from napari_boundaryseg.ui.workbench import PanelAlone, Workbench


class WorkbenchDock(Workbench):
    """All panels in one dock; the first widget of napari.yaml, which `napari -w napari-boundaryseg` opens."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(controller_of(napari_viewer))


def dock_name(name: str) -> str:
    """The name of the class here that shows a panel alone, as napari.yaml has it: "ScanDock"."""
    return PANELS[name].__name__.replace("Panel", "Dock")


def _dock(name: str) -> type[PanelAlone]:
    def __init__(self: PanelAlone, napari_viewer: napari.viewer.Viewer) -> None:
        PanelAlone.__init__(self, name, controller_of(napari_viewer))

    doc = f"The {PANELS[name].title} panel alone."
    return type(dock_name(name), (PanelAlone,), {"__init__": __init__, "__doc__": doc, "__module__": __name__})


globals().update({dock_name(name): _dock(name) for name in in_order()})
