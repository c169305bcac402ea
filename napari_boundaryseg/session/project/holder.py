"""The one process that may write to a project: its file lock, and who it is."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sqlite3
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.database import typed
from napari_boundaryseg.session.project.paths import inside

_TRIES, _WAIT_S = 4, 0.05


class ReadOnly(InputError):
    """A project that this process may not write to, for now."""


@dataclass(frozen=True)
class Holder:
    """Who writes to a project, as its database says."""

    host: str
    pid: int
    program: str
    since: str

    def __str__(self) -> str:
        """The holder in words: program, computer, process, and since when in local time."""
        try:
            since = datetime.fromisoformat(self.since).astimezone().strftime("%Y-%m-%d %H:%M")
        except (ValueError, OverflowError, OSError):
            since = "an unknown time"
        return f"a {self.program} on {self.host} (process {self.pid}) since {since}"


class Hold:
    """The right to write, until nobody in this process has it any more or the process ends, however it ends."""

    def __init__(self, folder: Path, lock: FolderLock | None, program: str) -> None:
        self.token = secrets.token_hex(16)
        self.program = program
        self.since = datetime.now(UTC).isoformat(timespec="seconds")
        self._file = _identity(folder / FolderLock.FILE)
        self._pid = os.getpid()
        self._given_up = False
        self._release = weakref.finalize(self, lock.release if lock is not None else lambda: None)

    def holds(self, folder: Path) -> bool:
        """Whether the lock is still this one: a lock file that was replaced holds nothing."""
        there = _identity(folder / FolderLock.FILE)
        return not self._given_up and self._pid == os.getpid() and there is not None and there == self._file

    def give_up(self) -> None:
        """Let others write, and forget that this process may."""
        self._given_up = True
        self._release()

    def write(self, database: sqlite3.Connection) -> None:
        """Say in the database who writes from now on."""
        database.execute(
            "INSERT INTO holder VALUES (1, ?, ?, ?, ?, ?) ON CONFLICT (number) DO UPDATE SET token = excluded.token, "
            "host = excluded.host, pid = excluded.pid, program = excluded.program, since = excluded.since",
            (self.token, socket.gethostname(), os.getpid(), self.program, self.since),
        )

    def refuse_lost(self, database: sqlite3.Connection, folder: Path) -> None:
        """Refuse to write after somebody else took the right, as can happen on shares whose locks do not hold."""
        row = database.execute("SELECT token FROM holder").fetchone()
        if row != (self.token,):
            self.give_up()
            raise refusal(folder, read(database))


_HOLDS: weakref.WeakValueDictionary[tuple[int, int], Hold] = weakref.WeakValueDictionary()
_GUARD = threading.RLock()


def take(folder: Path, program: str, prepare: Callable[[Hold], None], known: Callable[[], Holder | None]) -> Hold:
    """The right to write to a project: shared within this process, refused where another process has it.

    Parameters
    ----------
    folder : Path
    program : str
        What the holder is: "window" or "command line".
    prepare : callable
        Called with a new hold before anybody gets it.
    known : callable
        Reads the holder from the database.

    Raises
    ------
    ReadOnly
    """
    inside(folder, folder / FolderLock.FILE)
    with _GUARD:
        key = _identity(folder)
        hold = _HOLDS.get(key) if key is not None else None
        if hold is not None and hold.holds(folder):
            return hold
        lock = _lock(folder)
        if lock is None:
            if not folder.is_dir():
                raise ReadOnly(
                    folder,
                    "it is read-only: its folder is not there any more",
                    "Open the project where it lies now, or connect its disk",
                )
            if not _writable(folder):
                raise ReadOnly(folder, "it is read-only: the folder cannot be written", "Ask for the right to write")
            other = known()
            if _has_locks(folder) or (other is not None and _lives_here(other)):
                raise refusal(folder, other)
        hold = Hold(folder, lock, program)
        try:
            prepare(hold)
        except BaseException:
            hold.give_up()
            raise
        if key is not None:
            _HOLDS[key] = hold
        return hold


def read(database: sqlite3.Connection) -> Holder | None:
    """Who said last that it writes; whether it still lives, only its lock can say."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'holder'").fetchone():
        return None
    rows = database.execute("SELECT host, pid, program, since FROM holder").fetchall()
    return next((Holder(*row) for row in typed(rows, (str, int, str, str))), None)


def held_elsewhere(folder: Path) -> bool:
    """Whether another process writes to a project now."""
    with _GUARD:
        key = _identity(folder)
        hold = _HOLDS.get(key) if key is not None else None
        if (hold is not None and hold.holds(folder)) or not (folder / FolderLock.FILE).is_file():
            return False
        lock = _lock(folder)
        if lock is not None:
            lock.release()
        return lock is None and _writable(folder)


def refusal(folder: Path, holder: Holder | None) -> ReadOnly:
    """What to tell the person who may only read."""
    who = str(holder) if holder is not None else "another window or command"
    return ReadOnly(folder, f"it is read-only: held by {who}", "Close that one, then try again")


def _lock(folder: Path) -> FolderLock | None:
    for attempt in range(_TRIES):  # somebody may just be looking whether it is held
        if attempt:
            time.sleep(_WAIT_S)
        lock = FolderLock.of(folder)
        if lock is not None or not _writable(folder):
            return lock
    return None


def _has_locks(folder: Path) -> bool:
    """Whether the file system has locks at all: without them, the newest entry in the database counts."""
    try:
        probe = Path(tempfile.mkdtemp(prefix=".boundaryseg-", dir=folder))
    except OSError:
        return True
    try:
        lock = FolderLock.of(probe)
        if lock is not None:
            lock.release()
        return lock is not None
    finally:
        shutil.rmtree(probe, ignore_errors=True)


def _lives_here(holder: Holder) -> bool:
    if holder.host != socket.gethostname() or os.name != "posix" or holder.pid in (0, os.getpid()):
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _writable(folder: Path) -> bool:
    file = folder / FolderLock.FILE
    return os.access(folder, os.W_OK) and (not file.exists() or os.access(file, os.W_OK))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
