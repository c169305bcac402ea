"""One stroke of a drawing tool: the labels follow the mouse, and become a step when it is let go."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from napari_boundaryseg.editing.history.edit import Hand
from napari_boundaryseg.editing.history.slice_work import corrected_slices
from napari_boundaryseg.editing.tools.draw_tool import DrawTool
from napari_boundaryseg.editing.tools.scene import Scene, Written
from napari_boundaryseg.ui.layers.editable_labels import EditableLabels
from napari_boundaryseg.ui.layers.step_names import in_place, of_organ

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
        self.tool, self._settings, self.editable, self._scene = tool, settings, editable, scene
        editable.begin()
        self._position, self._depth = editable.history.position, at[scene.axis]
        self.points: list[Point] = []
        """Where the mouse was, in mm."""
        self._before: Written | None = None
        self.n_locked = 0
        """Voxels that locks kept, once it has ended: that has been told."""
        self.moved: list[int] = []
        """Slices beside the stroke's on which it changed what a hand had corrected, once it has ended."""
        self._spared: set[int] = set()
        organ = scene.pressed if tool.of_pressed else scene.organ
        self._name = of_organ(tool.label, editable.scheme, organ)
        number = round(self._depth / scene.spacing_mm[scene.axis])
        editable.history.stroke = partial(in_place, self._name), Hand(scene.axis, number)
        self.move(at)

    @property
    def axis(self) -> int:
        """Across which it is one slice thick."""
        return self._scene.axis

    @property
    def is_over(self) -> bool:
        """Whether something else became of the labels meanwhile, such as a result that came."""
        return self.editable.history.position != self._position

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
        if self._before is not None:
            self.editable.begin(self._before)
            self._before = None
        written = self.tool.act(self._scene, self.way[-2:] if self.tool.goes_on else self.way, self._settings)
        self._spared = (self._spared if self.tool.goes_on else set()) | set(written.spared if written else ())
        if written is not None:
            if not self.tool.goes_on:
                self._before = Written(written.box, self._scene.labels[written.box].copy())
            self.editable.write(written)
        self.editable.show()

    def end(self) -> list[str]:
        """Make a step of it, where nothing else has; which other organs it was kept from, for labels do not show it.

        No organ is named where locks kept it from something: that comes first.
        """
        hand, over = self.editable.history.stroke, self.is_over
        self.editable.history.stroke = None
        if over or hand is None:
            return []
        organ, axis = self._scene.organ, hand[1].axis
        corrected = corrected_slices(self.editable.history, organ, axis) - {hand[1].slice}
        n_locked = self.editable.finish(self._name, hand=hand[1])
        top = self.editable.history.top
        if self.editable.history.position != self._position and top is not None and organ in top.organs:
            self.moved = sorted(corrected & top.organs[organ].slices[axis])
        self.n_locked = n_locked
        if n_locked:
            return []  # that something is locked has been told
        kept_from = self._spared
        if self.editable.history.position == self._position and not self.tool.of_pressed:
            kept_from = kept_from | self._met()
        return [organ.name for organ in self.editable.scheme.organs if organ.id in kept_from]

    def _met(self) -> set[int]:
        """Other organs that the mouse went over."""
        labels, places = self._scene.labels, np.round(self.way).astype(int)
        inside = ((places >= 0) & (places < labels.shape)).all(axis=1)
        return set(map(int, labels[tuple(places[inside].T)])) - {0, self._scene.organ}

    def call_off(self) -> bool:
        """Leave everything as it was; whether it is not a step yet."""
        self.editable.history.stroke = None
        if self.is_over:
            return False
        self.editable.call_off()
        return True
