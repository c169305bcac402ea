"""napari's main window: whether it is open, what is asked before it closes, its notices."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import partial
from typing import Any

from napari import Viewer
from qtpy.QtCore import QCoreApplication, QEvent, QObject, Qt, QTimer
from qtpy.QtWidgets import QApplication, QWidget

CONTROLS_WIDTH = 340


def main_window(viewer: Viewer) -> QWidget:
    """Napari's main window (0.9.2: no public name for it)."""
    return viewer.window._qt_window


def is_open(viewer: Viewer) -> bool:
    """Whether the viewer's window is there (0.9.2: no public name for it)."""
    try:
        return bool(main_window(viewer).isVisible())
    except (AttributeError, RuntimeError):  # closed by the program, or by the person
        return False


def deliver_deletions() -> None:
    """Let Qt delete the windows that were closed, where no event loop is left to do it.

    Windows that are still there when Python ends can end it with a segmentation fault (PyQt6-sip 13.13).
    """
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


May = Callable[[], bool | None]
"""Whether a window may close; None where there was nothing to ask."""


def _is_busy(window: Any) -> bool:
    """Whether other plugins are doing something, about which napari asks (0.9.2: no public name for it)."""
    return bool(window._window._task_status_manager.get_status())


def _close(window: QWidget) -> None:
    """Close a window without a question: its own ``close`` asks where a person says so only."""
    window.close()


def close_window(viewer: Viewer, asked: bool = False) -> None:
    """Close the viewer's window; unless a person was ``asked``, napari asks about what other plugins are doing."""
    window: Any = main_window(viewer)
    window.close(False, not asked and _is_busy(window))


class _CloseFilter(QObject):
    """Asks before a window closes because a person said so."""

    def __init__(self, window: QWidget, may: May) -> None:
        super().__init__(window)
        self._may, self._window = may, weakref.ref(window)
        window.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        if event is None or event.type() != QEvent.Type.Close or not event.spontaneous():
            return False
        answer, window = self._may(), self._window()
        if window is None or answer is None or (answer and _is_busy(window)):
            return False  # napari asks, also about what other plugins are doing
        event.ignore()
        if answer:
            QTimer.singleShot(0, partial(_close, window))
        return True


def before_closed(viewer: Viewer, may: May) -> None:
    """Ask ``may`` before a person closes the viewer's window, by frame or menu; what it asked, napari does not.

    (0.9.2: no public event for it. The menu calls ``close`` of the main window with ``confirm_need``.)
    """
    try:
        window: Any = main_window(viewer)
    except AttributeError:  # a viewer without a window
        return
    close = window.close

    def asked(quit_app: bool = False, confirm_need: bool = False) -> Any:
        answer = may() if confirm_need else None
        return None if answer is False else close(quit_app, confirm_need and answer is None)

    window.close = asked
    _CloseFilter(window, may)


def when_closed(viewer: Viewer, close: Callable[[], None]) -> None:
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


def steady_window(viewer: Viewer) -> None:
    """Keep the scan in its place: layer controls as wide as they get, the window on the screen when a dock opens, no
    notice about PyQt5 over the scan (0.9.2).
    """
    viewer.window._qt_viewer.dockLayerControls.setMinimumWidth(CONTROLS_WIDTH)
    window = weakref.ref(main_window(viewer))
    for delay in (0, 500, 2000):
        QTimer.singleShot(delay, lambda: _keep_on_screen(window()))
    for delay in (500, 2000):
        QTimer.singleShot(delay, lambda: _close_notice(window()))


def narrow_columns(viewer: Viewer) -> None:
    """Make the columns beside the scan as narrow as they can be, soon: Qt leaves them wide after a smaller font.

    (0.9.2: no public name for the docks.)
    """
    its = viewer.window._qt_viewer
    docks = weakref.WeakSet((its.dockLayerControls, its.dockLayerList))

    def narrow() -> None:
        if not is_open(viewer):
            return
        try:
            found = [dock for dock in docks if dock.isVisible() and not dock.isFloating()]
            widths = [dock.minimumSizeHint().width() for dock in found]
            main_window(viewer).resizeDocks(found, widths, Qt.Orientation.Horizontal)
        except RuntimeError:  # the window has gone meanwhile
            return

    QTimer.singleShot(200, narrow)


def _keep_on_screen(window: QWidget | None) -> None:
    """Make a window that reaches over the screen's edge smaller, and move it back: the canvas gives way."""
    try:
        if window is None or not window.isVisible() or window.isMaximized() or window.isFullScreen():
            return
        its = window.screen()
        if its is None or its.availableGeometry().contains(window.frameGeometry()):
            return
        screen, frame = its.availableGeometry(), window.frameGeometry()
        border = frame.size() - window.size()
        window.resize(window.size().boundedTo(screen.size() - border))
        frame = window.frameGeometry()
        right, below = screen.right() - frame.width() + 1, screen.bottom() - frame.height() + 1
        window.move(max(screen.left(), min(frame.left(), right)), max(screen.top(), min(frame.top(), below)))
    except RuntimeError:  # the window has gone meanwhile
        return


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
