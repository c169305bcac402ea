"""Habits of mouse and arrow keys: those of a reading room, or napari's own; remembered for the next window."""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.ui.remembered import Remembered

WHEEL, WINDOW, PAN, ARROWS, CLICK = "wheel", "window", "pan", "arrows", "click"
HABITS = {
    WHEEL: ("Wheel: slices · Ctrl+wheel: zoom", "napari: the wheel zooms, Ctrl+wheel goes through slices"),
    WINDOW: ("Right drag: grey-level window", "napari: right drag zooms, with the brush it draws an outline to fill"),
    PAN: ("Middle drag: move the scan", "napari: only left drag moves the scan, and only without a tool"),
    ARROWS: ("Arrow keys, PgUp, PgDn, Home, End: slices", "napari: left and right arrow go through slices"),
    CLICK: ("Click: the other planes go there (with a tool: Shift+click)", "napari: planes do not follow a click"),
}
"""What each does, and what napari does instead."""


class Habits(QObject):
    """Which habits of a reading room hold; all of them at first."""

    changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._on = Remembered("habits", dict.fromkeys(HABITS, True))

    def has(self, name: str) -> bool:
        """Whether a habit holds."""
        return bool(self._on[name])

    def set(self, name: str, on: bool) -> None:
        """Take a habit up, or do as napari does."""
        self._on[name] = on
        self.changed.emit(name)
