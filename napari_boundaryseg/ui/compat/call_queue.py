"""Queue of calls, one per turn of the event loop, so that the window stays responsive."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from qtpy.QtCore import QObject, QTimer


class CallQueue(QObject):
    """A queue of calls; a new batch replaces what is still waiting. There are ``pause_ms`` between two of them."""

    def __init__(self, parent: QObject | None = None, pause_ms: int = 0) -> None:
        super().__init__(parent)
        self._waiting: deque[Callable[[], object]] = deque()
        self._timer = QTimer(self)
        self._timer.setInterval(pause_ms)
        self._timer.timeout.connect(self._next)

    @property
    def busy(self) -> bool:
        """Whether calls are still waiting."""
        return bool(self._waiting)

    def replace(self, calls: Iterable[Callable[[], object]]) -> None:
        """Forget what is waiting and make these calls instead."""
        self._waiting = deque(calls)
        self._timer.start()

    def forget(self) -> None:
        """Make none of the waiting calls; also when Qt has already deleted the timer."""
        self._waiting.clear()

    def _next(self) -> None:
        if not self._waiting:
            self._timer.stop()
            return
        self._waiting.popleft()()
