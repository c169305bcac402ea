"""Holes that strokes leave: said at once, for a sliver inside a drawn border is easily missed."""

from __future__ import annotations

import math

from qtpy.QtCore import QObject, QTimer

from napari_boundaryseg.editing.history.edit import Edit
from napari_boundaryseg.editing.history.enclosed import newly_enclosed
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui import keys
from napari_boundaryseg.ui.layers.scan_grid import ScanGrid
from napari_boundaryseg.ui.tools.paint_tools import PaintTools

DRAWN = "paint"


class StrokeHoles(QObject):
    """Looks at each stroke once it is a step, and says where it closed a hole in."""

    def __init__(self, grid: ScanGrid, session: Session, tools: PaintTools, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._grid, self.session, self._tools = grid, session, tools
        self._seen: Edit | None = None
        self._told: Edit | None = None
        self._said = ""
        tools.stepped.connect(self._later)
        session.message.connect(self._on_message)

    def _later(self) -> None:
        self._said = ""
        QTimer.singleShot(0, self._look)

    def _on_message(self, level: str, text: str) -> None:
        """What the stroke itself has to say comes first."""
        self._said = text

    def _look(self) -> None:
        editable = self._tools.editable
        top = editable.history.top if editable is not None else None
        if editable is None or top is None or top is self._seen:
            return
        new = editable.history.position == editable.history.last
        self._seen = top
        if top.kind != DRAWN or not new or top is self._told:
            return
        names = {organ.id: organ.name for organ in editable.scheme.organs}
        said = []
        for organ, (axis, voxels) in newly_enclosed(top, editable.history.array).items():
            area = voxels * math.prod(mm for a, mm in enumerate(self._grid.scale_mm) if a != axis)
            said.append(f"{names.get(organ, organ)} has a hole of {area:.0f} mm² where you drew.")
        if said:
            self._told = top
            words = [self._said, *said, f"Clean up ({keys.shown('clean.show')}) fills holes."]
            self.session.say("info", " ".join(filter(None, words)))
