"""Lines of constant pixel width over the layers of one canvas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from vispy.scene.visuals import Line

ABOVE_LAYERS = 1_000_000
"""Of all that napari draws in a scene: its layers count up from 0."""
HALO = (0.0, 0.0, 0.0, 0.6)
HALO_PX = 2.0
"""A dark rim, so that a bright line is seen on bright fat too."""


class CanvasLines:
    """Coloured lines in a view's own plane (napari 0.9.2: no public way into the scene of its canvas).

    Parameters
    ----------
    view : QtViewer
    """

    def __init__(self, view: Any) -> None:
        self._rim, self._line = (Line(parent=view.canvas.view.scene, method="gl", antialias=True) for _ in range(2))
        for n, line in enumerate((self._rim, self._line)):
            line.order = ABOVE_LAYERS + n
            line.set_gl_state("translucent", depth_test=False)
            line.visible = False

    def show(self, lines: Sequence[tuple[np.ndarray, Sequence[float]]], width_px: float) -> None:
        """Show these lines instead of those before.

        Parameters
        ----------
        lines : sequence of (points, colour)
            (n, 2) points, down and across, in mm; red, green, blue and opacity, 0 to 1.
        width_px : float
        """
        if not lines:
            self._draw(np.zeros((0, 2)), HALO, np.zeros(0, bool), width_px)
            return
        points = np.concatenate([line for line, _ in lines])
        colours = np.concatenate([np.tile(np.asarray(colour, np.float32), (len(line), 1)) for line, colour in lines])
        joined = np.ones(len(points), bool)
        joined[np.cumsum([len(line) for line, _ in lines]) - 1] = False
        self._draw(points, colours, joined, width_px)

    def show_pieces(self, pieces: np.ndarray, colour: Sequence[float], width_px: float) -> None:
        """Show (n, 2, 2) pieces of lines, both ends of each, instead of what was shown before."""
        self._draw(pieces.reshape(-1, 2), colour, np.tile([True, False], len(pieces)), width_px)

    def _draw(self, points: np.ndarray, colours: object, joined: np.ndarray, width_px: float) -> None:
        self._rim.visible = self._line.visible = bool(len(points))
        if len(points):
            points = points[:, ::-1].astype(np.float32)
            self._rim.set_data(pos=points, color=HALO, width=width_px + HALO_PX, connect=joined)
            self._line.set_data(pos=points, color=colours, width=width_px, connect=joined)

    def close(self) -> None:
        """Take the lines off the canvas."""
        self._rim.parent = self._line.parent = None
