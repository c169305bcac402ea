"""One computation at a time beside the window's thread: of several that are asked for, the last one counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

from qtpy.QtCore import QObject

from napari_boundaryseg.ui.compat.gui_thread import GuiThread
from napari_boundaryseg.ui.control.error_messages import report_errors

Compute = Callable[[], Any]
Take = Callable[[Any], object]


class Beside(QObject):
    """While one runs, the last of those that were asked for meanwhile waits; what it replaces is not begun.

    Parameters
    ----------
    session : Session
        To which errors are said.
    name : str
        Of the threads.
    """

    def __init__(self, session: Any, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self._name = session, name
        self._on_window = GuiThread(self)
        self._runs = False
        self._waiting: tuple[Compute, Take] | None = None
        self._asked = 0

    @property
    def is_busy(self) -> bool:
        """Whether anything is computed, or will be."""
        return self._runs or self._waiting is not None

    def ask(self, compute: Compute, take: Take) -> None:
        """Compute on a thread; ``take`` gets the result on the window's, unless something else was asked for since."""
        self._asked += 1
        if self._runs:
            self._waiting = compute, take
            return
        self._runs = True
        work = partial(self._work, self._asked, compute, take)
        threading.Thread(target=work, name=self._name, daemon=True).start()

    def forget(self) -> None:
        """Take nothing of what was asked for."""
        self._asked += 1
        self._waiting = None

    def _work(self, asked: int, compute: Compute, take: Take) -> None:
        try:
            result = compute()
        except Exception as error:
            self._on_window(partial(self._done, asked, partial(_raise, error)))
        else:
            self._on_window(partial(self._done, asked, partial(take, result)))

    @report_errors
    def _done(self, asked: int, outcome: Callable[[], object]) -> None:
        self._runs = False
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.ask(*waiting)
        if asked == self._asked and waiting is None and not self.session.closing:
            outcome()


def _raise(error: Exception) -> None:
    raise error
