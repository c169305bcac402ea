"""The SQLite database of a project: its tables, their versions and migration, and typed errors."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.paths import give_rights, inside

FILE = "project.sqlite"
VERSION = 5
"""``PRAGMA user_version`` of the tables as they are now; 0.1 and 0.2 of the program left it at 0."""
LABELS = re.compile(r"labels-v([1-9]\d{0,8})\.nii\.gz")

_TABLES_0 = (
    "CREATE TABLE cases (slug TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, "
    "accepted TEXT NOT NULL, scheme TEXT NOT NULL)",
    "CREATE TABLE models (file TEXT PRIMARY KEY, base TEXT NOT NULL, version INTEGER NOT NULL, added TEXT NOT NULL, "
    "comparison TEXT, UNIQUE (base, version))",
    "CREATE TABLE active (base TEXT PRIMARY KEY, file TEXT NOT NULL)",
    "CREATE TABLE used_before (number INTEGER PRIMARY KEY, base TEXT NOT NULL, file TEXT)",
)
_TABLES_1 = (
    "ALTER TABLE cases ADD COLUMN patient TEXT",
    "ALTER TABLE cases ADD COLUMN role TEXT",
    "ALTER TABLE cases ADD COLUMN scan_hash TEXT",
    "CREATE TABLE versions (slug TEXT NOT NULL, version INTEGER NOT NULL, accepted TEXT NOT NULL, "
    "scheme TEXT NOT NULL, meaning TEXT, file TEXT NOT NULL, sha256 TEXT, "
    "state TEXT NOT NULL CHECK (state IN ('claimed', 'valid')), PRIMARY KEY (slug, version))",
    "CREATE TABLE holder (number INTEGER PRIMARY KEY CHECK (number = 1), token TEXT NOT NULL, host TEXT NOT NULL, "
    "pid INTEGER NOT NULL, program TEXT NOT NULL, since TEXT NOT NULL)",
)
"""Of a case: the patient (empty where a person does not know, NULL where nobody was asked), its role in a study (NULL
where none was given) and the `scan_hash` of ``scan.nii.gz``. Of a version: what its labels mean, as JSON, and the
SHA-256 of their file (NULL before version 1)."""
_TABLES_2 = ("ALTER TABLE models ADD COLUMN sha256 TEXT",)
"""Of a model: the SHA-256 of its file (NULL before version 2)."""
_TABLES_3 = (
    "CREATE TABLE worklist (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, images TEXT NOT NULL UNIQUE, "
    "added TEXT NOT NULL, patient TEXT, scan_hash TEXT, slug TEXT, comment TEXT NOT NULL DEFAULT '')",
    "CREATE TABLE patient_key (number INTEGER PRIMARY KEY CHECK (number = 1), key TEXT NOT NULL)",
    "ALTER TABLE cases ADD COLUMN comment TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE versions ADD COLUMN person TEXT",
    "ALTER TABLE versions ADD COLUMN seconds REAL",
)
"""Scans that wait to be worked on: their files as JSON, the patient as `Worklist.pseudonym` calls them, the hash of the
scan once it was opened, and the case that it became when it was accepted. Of a version: who accepted it, and how long
it took (NULL before version 3)."""
_TABLES_4 = (
    "CREATE TABLE certificates (number INTEGER PRIMARY KEY, slug TEXT NOT NULL, version INTEGER NOT NULL, "
    "sha256 TEXT NOT NULL UNIQUE, previous TEXT NOT NULL, page TEXT NOT NULL, removed INTEGER NOT NULL DEFAULT 0)",
)
"""The chain of certificates, one for each accept, also of cases that were removed: see `certificate.chain.Link`."""
_TABLES_5 = (
    "CREATE TABLE limits_anew (number INTEGER PRIMARY KEY, model TEXT NOT NULL, organ TEXT NOT NULL, "
    "after INTEGER NOT NULL, said TEXT NOT NULL)",
)
"""When a person set the limits of charts anew: see `trend.limits_anew`."""


@contextmanager
def opened(folder: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection; to write, one transaction that is begun at once, and undone where it is not carried to its end.

    SQLite runs without a write-ahead log and with full syncs: studies live on network shares.

    Raises
    ------
    InputError
        For everything that SQLite or the disk refuses, and for a database of a later version of the program.
    """
    file = folder / FILE
    for ending in ("", "-journal", "-wal", "-shm"):
        inside(folder, file.with_name(FILE + ending))
    try:
        if not file.is_file():
            raise _unusable(folder, f"its {FILE} is not there")
        if write and file.stat().st_nlink > 1:
            raise InputError(file, "it has a second name, of which nothing is known", "Put a copy of it in its place")
        with closing(sqlite3.connect(file, timeout=10, isolation_level=None)) as database:
            if write:
                database.execute("PRAGMA journal_mode = DELETE")
                database.execute("PRAGMA synchronous = FULL")
                database.execute("BEGIN IMMEDIATE")
            try:
                _refuse_foreign(database, file)
                yield database
            except BaseException:
                with suppress(sqlite3.Error):
                    database.rollback()
                raise
            database.commit()
    except (OSError, sqlite3.Error, UnicodeError) as error:
        raise _unusable(folder, str(getattr(error, "strerror", None) or error)) from error


def create(folder: Path) -> None:
    """Make the tables where there is no database, or an empty one; another is left as it is."""
    file = inside(folder, folder / FILE)
    try:
        if not file.exists():
            with suppress(FileExistsError):
                file.touch(0o600, exist_ok=False)
                give_rights(file)
        if file.is_file() and file.stat().st_size:
            return
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from error
    with opened(folder, write=True) as database:
        if not _names(database):
            for statement in _TABLES_0:
                database.execute(statement)
            migrate(database, folder)


def holds_labels(folder: Path) -> bool:
    """Whether labels of a case lie in a folder, listed or not."""
    found = (path for path in (folder / "cases").glob("*/labels-v*") if LABELS.fullmatch(path.name))
    return any(path.is_file() and not path.is_symlink() for path in found)


def refuse_lost(database: sqlite3.Connection, folder: Path) -> None:
    """Refuse a list that names nothing where labels lie: it is not that of this folder, which accepts list first."""
    tables = ("cases", "versions") if version_of(database) > 0 else ("cases",)
    named = (database.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() for table in tables)  # noqa: S608 (our names)
    if not any(named) and holds_labels(folder):
        raise InputError(
            folder,
            f"its list, {FILE}, names no case, though labels lie in the folder",
            f"Put a copy of {FILE} in its place, or list them again: boundaryseg project check FOLDER --repair",
        )


def refuse_damaged(database: sqlite3.Connection, folder: Path) -> None:
    """Refuse to write into a database of which pages are damaged: what is told as stored must be found again."""
    said = [str(row[0]) for row in database.execute("PRAGMA quick_check(1)").fetchall()]
    if said != ["ok"]:
        raise _unusable(folder, f"its {FILE} is malformed: {said[0]}")


def migrate(database: sqlite3.Connection, folder: Path) -> None:
    """Give the tables that any earlier version made the form of today, within the caller's transaction."""
    before = version_of(database)
    if before >= VERSION:
        return
    if before < 1:
        _to_version_1(database, folder)
    for version, statements in enumerate((_TABLES_2, _TABLES_3, _TABLES_4, _TABLES_5), start=2):
        for statement in statements if before < version else ():
            database.execute(statement)
    database.execute(f"PRAGMA user_version = {VERSION}")


def _to_version_1(database: sqlite3.Connection, folder: Path) -> None:
    for statement in _TABLES_1:
        database.execute(statement)
    rows = database.execute("SELECT slug, version, accepted, scheme FROM cases").fetchall()
    for slug, newest, accepted, scheme in typed(rows, (str, int, str, str)):
        place = inside(folder, folder / "cases" / slug)
        for path in place.iterdir() if place.is_dir() else ():
            found = LABELS.fullmatch(path.name)
            if found and int(found[1]) <= newest:
                database.execute(
                    "INSERT INTO versions (slug, version, accepted, scheme, file, state) "
                    "VALUES (?, ?, ?, ?, ?, 'valid')",
                    (slug, int(found[1]), accepted if int(found[1]) == newest else "", scheme, path.name),
                )


def version_of(database: sqlite3.Connection) -> int:
    """The version of the tables: 0 for what 0.1 and 0.2 of the program made."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def typed(rows: Sequence[Sequence[Any]], kinds: Sequence[type | tuple[type, ...]]) -> list[tuple[Any, ...]]:
    """Rows of which every value has its type: SQLite lets any other program store what it likes.

    Raises
    ------
    InputError
    """
    for row in rows:
        if not all(isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)):
            raise InputError(
                FILE, "a value of its lists is of the wrong kind", "Put a copy from before it was changed in its place"
            )
    return [tuple(row) for row in rows]


def _refuse_foreign(database: sqlite3.Connection, file: Path) -> None:
    if version_of(database) > VERSION:
        raise InputError(file, "a later version of the program wrote it", "Update the program")
    names = _names(database)
    if names and not {"cases", "models", "active", "used_before"} <= set(names):
        raise InputError(file, "it is no project of this program", "Choose another folder")
    if {"trigger", "view"} & set(names.values()):
        raise InputError(file, "it does more than to hold lists", "Choose a project of this program")


def _names(database: sqlite3.Connection) -> dict[str, str]:
    return dict(database.execute("SELECT name, type FROM sqlite_master").fetchall())


_RIGHTS = "Check the permissions of the folder and its files"
_COPY = f"Put a copy of {FILE} from before in its place; scans, labels and models lie in the folder as they were"
_ADVICE = {
    "locked": "Close the program that has it open, then try again",
    "malformed": _COPY,
    "not a database": _COPY,
    "unable to open": _RIGHTS,
    "readonly": _RIGHTS,
    "denied": _RIGHTS,
}


def _unusable(folder: Path, reason: str) -> InputError:
    reason = " ".join(reason.split())
    advice = next((advice for word, advice in _ADVICE.items() if word in reason.lower()), None)
    return InputError(
        folder,
        f"it cannot be used as a project: {reason}",
        advice or "Check that the folder is there, or choose another",
    )
