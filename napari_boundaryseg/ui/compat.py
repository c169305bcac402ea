"""Every private or version-dependent napari call, each with the version that it was tried on."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QApplication, QWidget

CONTROLS_WIDTH = 340


def canvas_widget(viewer: Any) -> QWidget:
    """The widget that draws the scan (napari 0.9.2: no public name for it)."""
    return viewer.window._qt_viewer.canvas.native


def main_window(viewer: Any) -> QWidget:
    """Napari's main window (0.9.2: no public name for it)."""
    return viewer.window._qt_window


def camera(viewer: Any) -> Any:
    """The camera: ``viewer.scene.camera`` since 0.9, ``viewer.camera`` before."""
    scene = getattr(viewer, "scene", None)
    return scene.camera if scene is not None else viewer.camera


def is_edited(labels: Any) -> bool:
    """Whether a Labels layer has anything to undo (0.9.2: the history is private)."""
    return bool(labels._undo_history)


def can_redo(labels: Any) -> bool:
    """Whether a Labels layer has anything to redo (0.9.2: the history is private)."""
    return bool(labels._redo_history)


def when_closed(viewer: Any, close: Callable[[], None]) -> None:
    """Call ``close`` once when the viewer's window goes, or the program ends (0.9.2: no public event for it)."""
    window = main_window(viewer)
    done: list[bool] = []

    def once(*_: object) -> None:
        if not done:
            done.append(True)
            close()

    window.destroyed.connect(once)
    application = QApplication.instance()
    if application is not None:
        application.aboutToQuit.connect(once)


def steady_window(viewer: Any) -> None:
    """Keep the scan in its place: layer controls as wide as they get, no notice about PyQt5 over the scan (0.9.2)."""
    viewer.window._qt_viewer.dockLayerControls.setMinimumWidth(CONTROLS_WIDTH)
    window = weakref.ref(main_window(viewer))
    for delay in (500, 2000):
        QTimer.singleShot(delay, lambda: _close_notice(window()))


def _close_notice(window: QWidget | None) -> None:
    if window is None:
        return
    try:
        found = window.findChildren(QWidget)
    except RuntimeError:  # the window has gone meanwhile
        return
    for notice in found:
        if type(notice).__name__ == "NapariQtNotification" and "PyQt5" in notice.message.text():
            notice.close()
