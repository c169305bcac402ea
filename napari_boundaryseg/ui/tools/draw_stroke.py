"""One stroke of a drawing tool: the labels follow the mouse, and become a step when it is let go."""

from __future__ import annotations

from typing import Any

import numpy as np

from napari_boundaryseg.editing.history.edit import Hand
from napari_boundaryseg.editing.tools.draw_tool import DrawTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.step_names import of_organ

Point = tuple[float, ...]
"""z, y, x, in mm."""


class DrawStroke:
    """From press to release, on one slice.

    Parameters
    ----------
    tool : DrawTool
    settings : ToolSettings
    editable : EditableLabels
    scene : Scene
        Whose labels are those in work.
    at : three floats
        Where it begins, in mm.
    """

    def __init__(self, tool: DrawTool, settings: Any, editable: EditableLabels, scene: Scene, at: Point) -> None:
        self.tool, self._settings, self._editable, self._scene = tool, settings, editable, scene
        editable.history.commit("Change")
        self._position, self._depth = editable.history.position, at[scene.axis]
        self.points: list[Point] = []
        """Where the mouse was, in mm."""
        self._before: Written | None = None
        self.move(at)

    @property
    def is_over(self) -> bool:
        """Whether something else became of the labels meanwhile, such as a result that came."""
        return self._editable.history.position != self._position

    @property
    def slice(self) -> int:
        """The slice that it is drawn on."""
        return round(self.way[0, self._scene.axis])

    @property
    def axis(self) -> int:
        """Across which that slice lies."""
        return self._scene.axis

    @property
    def way(self) -> np.ndarray:
        """Where the mouse was, in voxels, (N, 3)."""
        return np.array(self.points) / self._scene.spacing_mm

    @property
    def ring_mm(self) -> float | None:
        """How far from the mouse it may change anything."""
        return self.tool.ring_mm and self.tool.ring_mm(self._settings, self.way, self._scene.spacing_mm)

    def move(self, at: Point) -> None:
        """Go on to a point; on the slice where it began, whichever is in view."""
        at = tuple(self._depth if axis == self._scene.axis else x for axis, x in enumerate(at))
        if self.points and at == self.points[-1]:
            return
        self.points.append(at)
        if not self.tool.goes_on:
            self._take_back()
        written = self.tool.act(self._scene, self.way[-2:] if self.tool.goes_on else self.way, self._settings)
        if written is None:
            return
        if not self.tool.goes_on:
            self._before = Written(written.box, self._scene.labels[written.box].copy())
        self._editable.write(written)

    def end(self) -> None:
        """Make a step of it."""
        hand = Hand(self.axis, self.slice)
        organ = self._scene.pressed if self.tool.of_pressed else self._scene.organ
        name = of_organ(self.tool.label, self._editable.scheme, organ)
        self._editable.finish(name, hand=hand)

    def call_off(self) -> None:
        """Leave everything as it was."""
        self._editable.call_off()

    def _take_back(self) -> None:
        if self._before is not None:
            self._editable.restore(*self._before)
            self._before = None
