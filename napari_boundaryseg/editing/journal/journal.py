"""Journal: every step of a history made durable on disk, by a thread of its own."""

from __future__ import annotations

import atexit
import contextlib
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from napari_boundaryseg.editing.history.edit import Edit
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Locks
from napari_boundaryseg.editing.journal import records as journal_file
from napari_boundaryseg.editing.journal.folders import discard_folder, new_folder, remove_folder
from napari_boundaryseg.editing.journal.records import EDIT, MOVE, NOTE, START, STORED, JournalHeader, default_folder
from napari_boundaryseg.editing.journal.store import Store
from napari_boundaryseg.errors import InputError

Told = Callable[[InputError], object]
_Waiting = tuple[int, str, float, Callable[[], bytes]]


class Journal:
    """Makes each step durable; whatever ends the program, `recovery.recover` gives back what was on the disk.

    `append` and `move` return at once with a number; `is_durable` and `flush` say when everything up to a number is on
    the disk. Where the disk refuses, ``on_error`` is called once, `flush` raises, nothing is dropped, and each further
    step and each `flush` tries again.

    Parameters
    ----------
    header : JournalHeader
    labels : (I, J, K) uint8 or uint16 array
        As they are before the first step; copied.
    folder : Path, optional
        Where journals lie; the user's local application folder by default.
    locks : Locks
        That hold before the first step.
    on_error : callable
        ``on_error(error)``, called on the journal's thread.

    Raises
    ------
    InputError
        When the folder cannot be made. What the disk refuses later is reported as above.
    """

    def __init__(
        self,
        header: JournalHeader,
        labels: np.ndarray,
        folder: Path | None = None,
        *,
        locks: Locks | None = None,
        on_error: Told | None = None,
    ) -> None:
        self.folder, self._folder_lock = new_folder(folder or default_folder())
        self._on_error = on_error
        self._news = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._handed = self._durable = -1
        token = 1 + secrets.randbelow(2**31 - 1)
        self._store = Store(self.folder, token)
        self._error: InputError | None = None
        self._try = self._reported = self._ending = False
        self._asked = self._serving = self._answered = 0
        self._followed: list[History] = []
        self._thread = threading.Thread(target=self._work, name="journal", daemon=True)
        start, held = labels.copy(), locks or Locks()
        self._enqueue(START, lambda: journal_file.start_body(header, start, held, token))
        self._thread.start()
        atexit.register(self._end)

    def append(self, edit: Edit) -> int:
        """Hand in a step that was made, and return its number."""
        return self._enqueue(EDIT, edit.to_bytes)

    def move(self, position: int) -> int:
        """Hand in the position after undo or redo, and return its number."""
        return self._enqueue(MOVE, lambda: b"%d" % position)

    def stored(self, position: int) -> int:
        """Hand in that the labels at this position are stored elsewhere, and return its number."""
        return self._enqueue(STORED, lambda: b"%d" % position)

    def note(self, body: bytes) -> int:
        """Hand in what `note.note_body` made, and return its number."""
        return self._enqueue(NOTE, lambda: body)

    def follow(self, history: History) -> None:
        """Hand in everything that this history does from now on."""
        history.recorded.connect(self.append)
        history.moved.connect(self.move)
        self._followed.append(history)

    @property
    def handed(self) -> int:
        """The number of what was handed in last."""
        return self._handed

    @property
    def has_ended(self) -> bool:
        """Whether nothing more can be handed in; at the end of the program that comes before the windows go."""
        return self._ending

    @property
    def error(self) -> InputError | None:
        """Why the disk refused; None when it did not, or no longer does."""
        return self._error

    def is_durable(self, number: int) -> bool:
        """Whether everything up to this number would survive a power cut now."""
        return self._durable >= number

    def flush(self, timeout_s: float = 10.0) -> None:
        """Wait until everything that was handed in is on the disk; only a try that began after the call may fail it.

        Raises
        ------
        InputError
            When the disk refused, or took too long.
        """
        with self._news:
            self._asked += 1
            wanted, asked, self._error, self._try = self._handed, self._asked, None, True
            self._news.notify_all()
            self._news.wait_for(lambda: self._durable >= wanted or self._answered >= asked, timeout_s)
            if self._durable < wanted:
                raise self._error or InputError(
                    "journal", "the disk has not answered for too long", "Save the labels, on another disk if possible"
                )

    def close(self) -> None:
        """End, and leave the work for `recovery.recoverable`; errors as in `flush`."""
        try:
            if self._thread.is_alive():
                self.flush()
        finally:
            self._end()
            self._folder_lock.release()

    def finish(self) -> None:
        """End, and remove the journal: the work is stored elsewhere."""
        self._end()
        remove_folder(self.folder, self._folder_lock)

    def discard(self) -> None:
        """End; the work can be recovered for some days (see `recovery.clean_up`)."""
        self._end()
        discard_folder(self.folder, self._folder_lock)

    def _enqueue(self, kind: str, body: Callable[[], bytes]) -> int:
        with self._news:
            if self._ending:
                raise RuntimeError("The journal has ended.")
            self._handed += 1
            self._waiting.append((self._handed, kind, time.time(), body))
            self._try = True
            self._news.notify_all()
            return self._handed

    def _end(self) -> None:
        for history in self._followed:
            history.recorded.disconnect(self.append, missing_ok=True)
            history.moved.disconnect(self.move, missing_ok=True)
        atexit.unregister(self._end)
        with self._news:
            self._ending = True
            self._news.notify_all()
        self._thread.join(10)

    def _work(self) -> None:
        """The thread: what is waiting goes to disk in one commit; after an error it waits to be asked again."""
        while self._wait():
            try:
                self._add(list(self._waiting))
            except Exception as error:  # whatever it is, the person must know and the thread must go on
                self._tell(error)
                if self._ending:
                    break
        self._store.close()

    def _wait(self) -> bool:
        """Sleep until there is something to store, or to try again; False at the end."""
        with self._news:
            self._news.wait_for(lambda: self._ending or (self._try and self._waiting))
            self._try, self._serving = False, self._asked
            return bool(self._waiting)

    def _add(self, batch: list[_Waiting]) -> None:
        self._store.add([(number, kind, at, body()) for number, kind, at, body in batch])
        with self._news:
            self._durable, self._error, self._reported = batch[-1][0], None, False
            del self._waiting[: len(batch)]
            self._news.notify_all()

    def _tell(self, error: Exception) -> None:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
        refused = InputError(
            "journal",
            f"the last steps are not on the disk: {reason}",
            "Free some space on the disk of your home folder, or save the labels now",
        )
        with self._news:
            first, self._error, self._reported = not self._reported, refused, True
            self._answered = self._serving
            self._news.notify_all()
        if first and self._on_error is not None:
            with contextlib.suppress(Exception):
                self._on_error(refused)
