"""Lines of one colour in one view: over a place to look at, which end where the place ends, or of a band."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from napari_boundaryseg.ui.compat.canvas_lines import CanvasLines
from napari_boundaryseg.ui.layers import styles

WIDTH_PX = 2.4


class MarkedLines:
    """Draws the lines that it is given.

    Parameters
    ----------
    widget : QtViewer
        Of the view.
    colour : str
    width_px : float
    """

    def __init__(self, widget: Any, colour: str = styles.MARK_COLOUR, width_px: float = WIDTH_PX) -> None:
        self._lines, self._colour, self._width_px = CanvasLines(widget), (*styles.rgb(colour), 1.0), width_px
        self.drawn: list[np.ndarray] = []
        """The lines that are now drawn, in mm, down and across."""

    def show(self, pieces: Sequence[tuple[np.ndarray, Sequence[np.ndarray]]]) -> None:
        """Draw these lines, each where it is nearest to the outlines beside it, which may be finer; or none."""
        if pieces or self.drawn:
            self.drawn = [on_outline(line, outlines) for line, outlines in pieces]
            self._lines.show([(line, self._colour) for line in self.drawn], self._width_px)

    def close(self) -> None:
        """Draw no longer."""
        self._lines.close()


def on_outline(line: np.ndarray, outlines: Sequence[np.ndarray]) -> np.ndarray:
    """The points of outlines that are nearest to those of a line; the line where there is no outline.

    Parameters
    ----------
    line : (n, 2) array
        In mm.
    outlines : sequence of (m, 2) arrays

    Examples
    --------
    >>> square = np.array([[0.0, 0.0], [0.0, 8.0]])
    >>> on_outline(np.array([[1.0, 2.0], [1.0, 3.0]]), [square]).tolist()
    [[0.0, 2.0], [0.0, 3.0]]
    """
    if not outlines:
        return line
    starts = np.concatenate([outline[:-1] for outline in outlines])
    along = np.concatenate([np.diff(outline, axis=0) for outline in outlines])
    long = np.maximum((along**2).sum(axis=1), 1e-12)
    share = np.clip(((line[:, None] - starts) * along).sum(axis=2) / long, 0, 1)
    near = starts + share[..., None] * along
    best = ((near - line[:, None]) ** 2).sum(axis=2).argmin(axis=1)
    return np.asarray(near[np.arange(len(line)), best])
