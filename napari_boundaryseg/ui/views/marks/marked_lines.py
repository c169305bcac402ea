"""Lines over a place to look at, in one view: thin and bright, ending where the place ends."""

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
    """

    def __init__(self, widget: Any) -> None:
        self._lines = CanvasLines(widget)
        self.drawn: list[np.ndarray] = []
        """The lines that are now drawn, in mm, down and across."""

    def show(self, lines: Sequence[np.ndarray]) -> None:
        """Draw these lines, or none."""
        if lines or self.drawn:
            self.drawn = list(lines)
            self._lines.show([(line, (*styles.rgb(styles.MARK_COLOUR), 1.0)) for line in lines], WIDTH_PX)

    def close(self) -> None:
        """Draw no longer."""
        self._lines.close()
