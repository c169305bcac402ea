"""Reader of journals beside the window's thread: one call after the other, each outcome on the window's thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from qtpy.QtCore import QObject

from napari_boundaryseg.editing.journal import recovery
from napari_boundaryseg.editing.journal.folders import untold
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import default_folder
from napari_boundaryseg.editing.journal.recovery import RecoverableWork
from napari_boundaryseg.editing.journal.replay import Recovered
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.session import Session
from napari_boundaryseg.ui.compat.gui_thread import GuiThread
from napari_boundaryseg.ui.control.error_messages import report_errors

_TURN = threading.Lock()
"""Whoever reads a journal holds its lock: two readers of one process would be in each other's way."""


class Found(NamedTuple):
    """What lies in the folder of journals."""

    work: list[RecoverableWork]
    discarded: list[RecoverableWork]
    put_aside: list[Path]
    """Damaged journals of which nobody was told yet."""


class Resumed(NamedTuple):
    """What an old journal gave back, and the new one that has it."""

    found: Recovered
    journal: Journal


class JournalReader(QObject):
    """Reads and moves journals on a thread; errors are said in the window."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session = session
        self._on_window = GuiThread(self)

    def look(self, then: Callable[[Found], None]) -> None:
        """Tidy up, and look what there is."""
        self._beside(_look, then)

    def read(self, work: RecoverableWork, shape: tuple[int, ...], then: Callable[[Recovered], None]) -> None:
        """Read one session, whose labels must have this shape."""
        self._beside(partial(_read, work, shape), then)

    def resume(
        self,
        work: RecoverableWork,
        shape: tuple[int, ...],
        then: Callable[[Resumed], None],
        ended: Callable[[], None],
    ) -> None:
        """Read one session and hand it to a new journal; ``ended`` is called also after an error."""
        self._beside(partial(_resumed, work, shape), then, ended)

    def put_away(self, work: RecoverableWork, held: bool, then: Callable[[Path | None], None]) -> None:
        """Discard a session, or end one that another journal holds; ``then`` gets the folder of a damaged one."""
        self._beside(partial(recovery.finish if held else recovery.discard, work), then)

    def _beside(
        self, act: Callable[[], Any], then: Callable[[Any], None], ended: Callable[[], None] = lambda: None
    ) -> None:
        def work() -> None:
            try:
                with _TURN:
                    result = act()
            except Exception as error:
                self._on_window(partial(self._take, partial(_raise, error), ended))
            else:
                self._on_window(partial(self._take, partial(then, result), ended))

        threading.Thread(target=work, name="unsaved work", daemon=True).start()

    @report_errors
    def _take(self, outcome: Callable[[], None], ended: Callable[[], None]) -> None:
        ended()
        outcome()


def _look() -> Found:
    recovery.clean_up()
    work, discarded = recovery.recoverable(results=True), recovery.recoverable(discarded=True)
    return Found(work, discarded, untold(default_folder()))


def _read(work: RecoverableWork, shape: tuple[int, ...]) -> Recovered:
    found = recovery.recover(work)
    if found.labels.shape != shape:
        raise InputError(
            work.header.scan_name, "the unsaved labels do not lie on this scan", "Open the scan that they were drawn on"
        )
    return found


def _resumed(work: RecoverableWork, shape: tuple[int, ...]) -> Resumed:
    found = _read(work, shape)
    journal = Journal(found.header, found.start, locks=found.start_locks)
    try:
        found.hand_to(journal)
        journal.flush()
    except BaseException:
        journal.finish()  # the old one is still there
        raise
    return Resumed(found, journal)


def _raise(error: Exception) -> None:
    raise error
