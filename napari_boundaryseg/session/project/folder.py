"""Project folder and its SQLite database; every file of a project stays inside."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from napari_boundaryseg.errors import InputError

_TABLES = """
CREATE TABLE IF NOT EXISTS cases (
    slug TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, accepted TEXT NOT NULL,
    scheme TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS models (
    file TEXT PRIMARY KEY, base TEXT NOT NULL, version INTEGER NOT NULL, added TEXT NOT NULL, comparison TEXT,
    UNIQUE (base, version));
CREATE TABLE IF NOT EXISTS active (base TEXT PRIMARY KEY, file TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS used_before (number INTEGER PRIMARY KEY, base TEXT NOT NULL, file TEXT);
"""


class ProjectFolder:
    """A folder with ``cases/``, ``models/`` and ``project.sqlite``.

    SQLite runs without a write-ahead log and with full syncs: studies live on network shares.

    Parameters
    ----------
    folder : Path
        Made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        try:
            (self.folder / "cases").mkdir(parents=True, exist_ok=True)
            (self.folder / "models").mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(
                self.folder, f"it cannot be used as a project: {error.strerror}", "Choose another folder"
            ) from error
        with self._database() as database:
            database.executescript(_TABLES)

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self.folder / "project.sqlite", timeout=10)) as database:
                database.execute("PRAGMA journal_mode = DELETE")
                database.execute("PRAGMA synchronous = FULL")
                with database:
                    yield database
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or error
            raise InputError(
                self.folder,
                f"it cannot be used as a project: {reason}",
                "Check that the folder is there, or choose another",
            ) from error

    def _inside(self, path: Path) -> Path:
        """The one place that keeps every file of a project inside its folder."""
        if not path.resolve().is_relative_to(self.folder.resolve()):
            raise InputError(path, "it lies outside the project", "Choose another name")
        return path
