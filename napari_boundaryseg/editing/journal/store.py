"""Store of a journal's records: the second copy first, then the database; both on the disk, or neither counts."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from napari_boundaryseg.data.saving import sync_folder
from napari_boundaryseg.editing.journal import records as journal_file
from napari_boundaryseg.editing.journal.records import NAME, Record
from napari_boundaryseg.editing.journal.second_copy import SecondCopy


class Store:
    """Where a journal's thread puts records; after an error the files are opened anew.

    Parameters
    ----------
    folder : Path
        Of the journal.
    token : int
        See `records.open_database`.
    """

    def __init__(self, folder: Path, token: int) -> None:
        self._path, self._token = folder / NAME, token
        self._copy = SecondCopy(folder)
        self._database: sqlite3.Connection | None = None
        self._crc = 0

    def add(self, records: list[tuple[int, str, float, bytes]]) -> None:
        """Store number, kind, time and body of each record, all or none; then they are on the disk.

        Raises
        ------
        InputError, OSError, sqlite3.Error
            When the disk refuses. The same records may be added again.
        """
        made: list[Record] = []
        crc = self._crc
        for number, kind, at, body in records:
            made.append(Record.after(crc, number, kind, at, body))
            crc = made[-1].crc
        try:
            self._copy.write(self._crc, made)
            if self._database is None:
                self._database = journal_file.open_database(self._path, self._token)
            journal_file.add(self._database, made)
            if self._crc == 0:
                for folder in self._path.parents[:3]:
                    sync_folder(folder)
        except BaseException:
            self.close()
            raise
        self._copy.keep()
        self._crc = crc

    def close(self) -> None:
        """Close the database; `add` opens it again."""
        database, self._database = self._database, None
        if database is not None:
            with contextlib.suppress(sqlite3.Error):
                database.close()
