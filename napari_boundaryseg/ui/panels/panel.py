"""What every panel has: a short state for its section's header."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget


class Panel(QWidget):
    """One section's content."""

    state_changed = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.state = ("", "")

    def set_state(self, mark: str, text: str) -> None:
        """Tell the header: a mark ("done", "warning" or none) and a few words."""
        self.state = (mark, text)
        self.state_changed.emit(mark, text)
