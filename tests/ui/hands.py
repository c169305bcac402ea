"""A person's hands on a real window, whatever the machine's speed: the mouse, and letting the window live."""

from __future__ import annotations

from typing import Any

from qtpy.QtCore import QEvent, QEventLoop, QPoint, QPointF, Qt, QTimer
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

LEFT, NO_BUTTON = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
NO_KEYS = Qt.KeyboardModifier.NoModifier


def live(ms: int) -> None:
    """Let the window live until every timer has fired that was started before and is clearly shorter than ``ms``.

    Qt calls timers in the order in which they end, so this holds however slow the machine is; a wait by the clock
    (``QTest.qWait``) may end before a timer that was due has been called.
    """
    loop = QEventLoop()
    QTimer.singleShot(ms, Qt.TimerType.PreciseTimer, loop.quit)
    loop.exec()


def move(canvas: Any, at: QPoint, buttons: Any = NO_BUTTON, keys: Any = NO_KEYS) -> None:
    """Move the mouse. The event is handed over here: one of the screen's own would come when the screen likes."""
    where = QPointF(at), QPointF(canvas.mapToGlobal(at))
    QApplication.sendEvent(canvas, QMouseEvent(QEvent.Type.MouseMove, *where, NO_BUTTON, buttons, keys))


def drag(canvas: Any, *way: QPoint) -> None:
    """Press at the first point, move over the others, release at the last."""
    move(canvas, way[0])
    live(30)
    QTest.mousePress(canvas, LEFT, pos=way[0])
    for point in way[1:]:
        move(canvas, point, LEFT)
        live(10)
    QTest.mouseRelease(canvas, LEFT, pos=way[-1])
    live(30)
