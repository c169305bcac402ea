"""Calls on the window's thread, and a runner whose jobs report there."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtCore import QObject, Qt, Signal

from napari_boundaryseg.jobs.lanes import Lanes


class GuiThread(QObject):
    """Calls functions on the thread that it was made on; it may be asked from any thread."""

    _asked = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._asked.connect(self._call, Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]  # not in PyQt5's stubs

    def __call__(self, function: Callable[[], None]) -> None:
        """Call the function at the next turn of the event loop; do nothing once the window is gone."""
        try:
            self._asked.emit(function)
        except RuntimeError:  # the Qt object was deleted with its window
            return

    @staticmethod
    def _call(function: Callable[[], None]) -> None:
        function()


def runner() -> Lanes:
    """A runner whose jobs report on the current thread, which must be the window's."""
    return Lanes(dispatch=GuiThread())
