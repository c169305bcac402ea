"""The widgets of the plugin menu: the workbench and each panel alone. napari gives its viewer only to classes."""

from __future__ import annotations

import napari.viewer

from napari_boundaryseg.ui.hooks import controller_of
from napari_boundaryseg.ui.workbench import PanelAlone, Workbench


class WorkbenchDock(Workbench):
    """All panels in one dock; the first widget of napari.yaml, which `napari -w napari-boundaryseg` opens."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(controller_of(napari_viewer))


class ScanDock(PanelAlone):
    """The Scan panel alone."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__("Scan", controller_of(napari_viewer))


class SegmentDock(PanelAlone):
    """The Segment panel alone."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__("Segment", controller_of(napari_viewer))


class CorrectDock(PanelAlone):
    """The Correct panel alone."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__("Correct", controller_of(napari_viewer))


class TrainDock(PanelAlone):
    """The Train panel alone."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__("Train", controller_of(napari_viewer))


class ExportDock(PanelAlone):
    """The Export panel alone."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__("Export", controller_of(napari_viewer))
