"""Habits of mouse and arrow keys: those of a reading room, or napari's own; remembered for the next window."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from platformdirs import user_config_path
from qtpy.QtCore import QObject, Signal

from napari_boundaryseg.data.saving import atomic_json
from napari_boundaryseg.errors import InputError

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
        self._on = dict.fromkeys(HABITS, True) | _remembered()

    def has(self, name: str) -> bool:
        """Whether a habit holds."""
        return self._on[name]

    def set(self, name: str, on: bool) -> None:
        """Take a habit up, or do as napari does; where that cannot be written, it holds for this window only."""
        self._on[name] = on
        with suppress(InputError, OSError):
            _file().parent.mkdir(parents=True, exist_ok=True)
            atomic_json(_file(), self._on)
        self.changed.emit(name)


def _remembered() -> dict[str, bool]:
    try:
        stored = json.loads(_file().read_text("utf-8"))
        return {name: bool(stored[name]) for name in HABITS if name in stored}
    except (OSError, ValueError, TypeError):
        return {}


def _file() -> Path:
    return user_config_path("napari-boundaryseg") / "habits.json"
