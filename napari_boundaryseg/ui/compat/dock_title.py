"""Title of a dock: what it is, without the plugin's name behind it, for which a dock has no room."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QDockWidget, QWidget


class DockTitle(QObject):
    """Writes the title of the dock that a widget is in, whenever napari writes its own.

    (0.9.2: napari calls the dock of a plugin "Widget (plugin)", cuts that off where it is too long, and makes a new
    title bar whenever the dock floats or changes its side. It knows the dock by that name, which stays.)
    """

    def __init__(self, widget: QWidget, title: str) -> None:
        super().__init__(widget)
        self._title = title
        self._dock: Any = None
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Find the dock once the widget is shown: it is put there later than it is made."""
        if event is not None and event.type() == QEvent.Type.Show and self._dock is None:
            self._dock = _dock_of(watched)
            if self._dock is not None:
                for changed in (self._dock.topLevelChanged, self._dock.dockLocationChanged):
                    changed.connect(self._write)
                self._write()
        return False

    def _write(self, *_: object) -> None:
        bar = getattr(self._dock, "title", None)
        if bar is not None:
            bar.title.setText(self._title)


def _dock_of(widget: Any) -> QDockWidget | None:
    while widget is not None and not isinstance(widget, QDockWidget):
        widget = widget.parent()
    return widget
