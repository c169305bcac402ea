"""The file of a journal: numbered records in SQLite, each with a CRC over itself and all before it."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from platformdirs import user_data_path

from napari_boundaryseg.editing.history.edit import compressed, decompressed
from napari_boundaryseg.editing.history.locks import Lock, Locks

NAME = "journal.sqlite"
VERSION = 2
"""Of a journal's format, in its first record; later ones are left to the program that wrote them."""
LOG_PAGES = 200
"""How long SQLite's log grows: where it is damaged, about a hundred strokes are lost with it."""
START, EDIT, MOVE, STORED, NOTE = "start", "edit", "move", "stored", "note"
_TABLE = "CREATE TABLE IF NOT EXISTS records (number INTEGER PRIMARY KEY, kind TEXT, at REAL, body BLOB, crc INTEGER)"
_ADD = "INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?, ?)"


@dataclass(frozen=True)
class JournalHeader:
    """What a journal belongs to; nothing of the patient but the scan's given name, and where it lies.

    Parameters
    ----------
    scan_name : str
    scan_hash : str
        Of `scan_hash.scan_hash`: the labels fit this scan only.
    scheme : str
        The label scheme, as JSON.
    voxel_ml : float
        The volume of one voxel, in mL.
    source : tuple of str
        The scan's files or its folder, so that the offer of its work can open it.
    """

    scan_name: str
    scan_hash: str
    scheme: str
    voxel_ml: float
    source: tuple[str, ...] = ()


class Record(NamedTuple):
    """One row: its CRC-32 runs over its content and the CRC of the row before."""

    number: int
    kind: str
    at: float
    """Seconds since 1970."""
    body: bytes
    crc: int

    @classmethod
    def after(cls, crc: int, number: int, kind: str, at: float, body: bytes) -> Record:
        """The record that follows the one with this CRC."""
        return cls(number, kind, at, body, _crc(crc, number, kind, at, body))

    def follows(self, crc: int) -> bool:
        """Whether it is whole and follows the record with this CRC; the first follows 0."""
        return self.crc == _crc(crc, self.number, self.kind, self.at, self.body)


def _crc(crc: int, number: int, kind: str, at: float, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(struct.pack("<qd", number, at) + kind.encode(), crc))


class Start(NamedTuple):
    """What the first record says."""

    header: JournalHeader
    labels: np.ndarray
    """(I, J, K), writable."""
    locks: Locks
    host: str
    pid: int
    version: int


class NewerVersion(Exception):
    """A later version of the program wrote it."""


def default_folder() -> Path:
    """Where journals lie: in the user's local application folder."""
    return user_data_path("napari-boundaryseg") / "journal"


def open_database(path: Path, token: int = 0) -> sqlite3.Connection:
    """Open the database; what is stored in it is on the disk when `add` returns.

    Parameters
    ----------
    path : Path
    token : int
        A number of its own that a new database bears in its first bytes, outside its log: a log of another database
        is noticed by it.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files the same rights
    new = path.stat().st_size == 0
    database = sqlite3.connect(path, timeout=5, isolation_level=None)
    try:
        if new and token:
            database.execute(f"PRAGMA user_version = {token:d}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = FULL")
        database.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
        database.execute(_TABLE)
    except BaseException:
        database.close()
        raise
    return database


def add(database: sqlite3.Connection, records: list[Record]) -> None:
    """Store records, all or none; when it returns they are on the disk. Storing a record again does no harm."""
    database.execute("BEGIN IMMEDIATE")
    try:
        database.executemany(_ADD, records)
        database.execute("COMMIT")
    except BaseException:
        if database.in_transaction:
            database.execute("ROLLBACK")
        raise


def rows(database: sqlite3.Connection) -> Iterator[Record]:
    """The records of a database in their order, whether or not each follows the one before.

    Raises
    ------
    ValueError, sqlite3.Error
        At the end, or where the database is damaged, when there is more that is no record.
    """
    wrong = 0
    for row in database.execute("SELECT number, kind, at, body, crc FROM records ORDER BY number"):
        if tuple(map(type, row)) == (int, str, float, bytes, int):
            yield Record(*row)
        else:
            wrong += 1
    if wrong:
        raise ValueError(f"{wrong} rows are no records")


def start_body(header: JournalHeader, labels: np.ndarray, locks: Locks, token: int) -> bytes:
    """The first record's content; of labels without a voxel only the shape is kept, and the token as for the database.

    A journal with a token has a second copy.
    """
    head = {
        "version": VERSION,
        **asdict(header),
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "token": token,
        "shape": labels.shape,
        "dtype": labels.dtype.newbyteorder("<").str,
        "locks": [[lock.organ, lock.slice] for lock in locks],
    }
    data = compressed(labels) if labels.any() else b""
    text = json.dumps(head).encode()
    return struct.pack("<I", len(text)) + text + data


def read_start(body: bytes) -> Start:
    """Undo `start_body`.

    Raises
    ------
    NewerVersion, ValueError
    """
    head, data = start_parts(body)
    if head["version"] > VERSION:
        raise NewerVersion
    known = {name: head[name] for name in JournalHeader.__dataclass_fields__ if name in head or name != "source"}
    header = JournalHeader(**{**known, "source": tuple(map(str, known.get("source", ())))})
    shape = tuple(head["shape"])
    labels = decompressed(data, head["dtype"], shape).copy() if data else np.zeros(shape, head["dtype"])
    return Start(
        header, labels, Locks.of(Lock(*pair) for pair in head["locks"]), head["host"], head["pid"], head["version"]
    )


def token_of(start: Record) -> int:
    """The number that the database bears as well; 0 in journals of older versions."""
    token = start_parts(start.body)[0].get("token", 0) if start.kind == START else 0
    return token if isinstance(token, int) else 0


def start_parts(body: bytes) -> tuple[dict[str, Any], bytes]:
    """What the first record says beside the labels, as JSON, and the labels as they are packed in it."""
    (size,) = struct.unpack_from("<I", body)
    return json.loads(body[4 : 4 + size]), body[4 + size :]
