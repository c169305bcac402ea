"""What a journal's files give back together: the database, its log and the second copy."""

from __future__ import annotations

import os
import shutil
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from napari_boundaryseg.editing.journal.log_check import check_log, frames_in_index
from napari_boundaryseg.editing.journal.records import NAME, Record, rows, token_of
from napari_boundaryseg.editing.journal.second_copy import CopyRead, read_copy

READING = "reading-"
"""Beginning of the name of a folder in which a copy is read."""
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FORMAT}
"""What SQLite says of a damaged file; everything else it says of the disk, the rights or other programs."""


@dataclass(frozen=True)
class Stored:
    """The records of a journal from the first, as long as each follows the one before."""

    records: tuple[Record, ...]
    complete: bool
    """Whether nothing lies behind them: one of the copies was read to its last byte, and no other goes on."""


@dataclass(frozen=True)
class _Database:
    records: tuple[Record, ...]
    whole: bool


def is_damage(error: Exception) -> bool:
    """Whether an error says that a journal is damaged, and not that the disk or another program is in the way."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF in _DAMAGE


def stored(folder: Path) -> Stored:
    """Read a session's records from whichever of its files has them.

    Raises
    ------
    OSError, sqlite3.Error
        When the disk refuses, or another program is in the way, and the second copy does not have everything.
    """
    copy = read_copy(folder)
    try:
        database = _read_database(folder)
    except sqlite3.Error as error:
        if not is_damage(error) and not copy.whole:
            raise
        database = _Database((), False)
    records = _chain([*copy.records, *database.records])
    if not records:
        return Stored((), False)
    return Stored(records, _is_complete(records, copy, database))


def _is_complete(records: tuple[Record, ...], copy: CopyRead, database: _Database) -> bool:
    one, two = (found.records if found.records[:1] == records[:1] else () for found in (copy, database))
    if copy.whole and one and len(records) == one[-1].number + 1:
        return True
    if not copy.records and token_of(records[0]):
        return False  # it was begun with a second copy, which is gone
    return database.whole and bool(two) and all(record.number < len(records) for record in one + two)


def _chain(found: Iterable[Record]) -> tuple[Record, ...]:
    by_number: dict[int, list[Record]] = {}
    for record in found:
        by_number.setdefault(record.number, []).append(record)
    chain: list[Record] = []
    crc = 0
    while True:
        following = [one for one in by_number.get(len(chain), ()) if one.follows(crc)]
        if not following:
            return tuple(chain)
        chain.append(following[0])
        crc = following[0].crc


def _read_database(folder: Path) -> _Database:
    """Read a copy: SQLite tidies up what it opens, and throws away what it finds damaged."""
    with _as_old_as_before(folder), TemporaryDirectory(prefix=READING, dir=folder) as work:
        for path in (folder / NAME, folder / f"{NAME}-wal"):
            if path.exists():
                shutil.copy(path, work)
        before = _bytes(Path(work, NAME), 64)
        log = _bytes(Path(work, f"{NAME}-wal"))
        with closing(sqlite3.connect(Path(work, NAME), isolation_level=None)) as database:
            found: list[Record] = []
            try:
                database.execute("PRAGMA synchronous = OFF")
                found += rows(database)
                whole = database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
                (token,) = database.execute("PRAGMA user_version").fetchone()
            except (sqlite3.Error, ValueError) as error:
                if not is_damage(error):
                    raise
                return _Database(tuple(found), False)
    whole = whole and len(before) == 64 and struct.unpack_from(">i", before, 60)[0] == token
    whole = whole and bool(found) and found[0].follows(0) and token_of(found[0]) in (0, token)
    check = check_log(log)
    known = frames_in_index(_bytes(folder / f"{NAME}-shm"), log)
    return _Database(tuple(found), whole and not check.unread and check.committed >= known)


@contextmanager
def _as_old_as_before(folder: Path) -> Iterator[None]:
    """Let a look make a session no younger: without work it goes after a day."""
    before = folder.stat()
    try:
        yield
    finally:
        with suppress(OSError):
            os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))


def _bytes(path: Path, most: int = -1) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(most)
    except FileNotFoundError:
        return b""
