"""The part of the scan that a person drew, or that lies around labels: from the window's layers to a box."""

from __future__ import annotations

from typing import Any

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui import regions
from napari_boundaryseg.ui.control.error_messages import told
from napari_boundaryseg.ui.layers import labels as layers


class DrawnRegion:
    """What the Segment section asks the window's layers about regions."""

    def __init__(self, viewer: Any, session: Session) -> None:
        self.viewer, self.session = viewer, session

    def slices(self) -> int:
        """How many slices the plane now shown has."""
        scan = self.session.scan
        return scan.geometry.display.display_shape[self.viewer.dims.order[0]] if scan is not None else 1

    @told
    def draw(self) -> None:
        """Let the person draw a box on the scan."""
        if self.session.scan is not None:
            layers.draw_region(self.viewer, self.session.scan)

    def box(self, slices: tuple[int, int]) -> regions.Box:
        """The drawn rectangle, for these slices, as a box on the scan's own array."""
        corners, scan = layers.read_region(self.viewer), self.session.scan
        if corners is None or scan is None:
            raise InputError("The box", "none is drawn yet", "Press Draw a box and drag a rectangle on the scan")
        return regions.from_rectangle(corners, slices, scan.geometry)

    def around(self, organ: str | None, margin_mm: float) -> regions.Box:
        """A box around an organ of the labels in the window, or around all of them."""
        labels = layers.read_labels(self.viewer, self.session.scan)
        if labels is None:
            raise InputError("The region", "there are no labels yet", "Open or draw labels, or choose the whole scan")
        return regions.around(labels, organ, margin_mm)
