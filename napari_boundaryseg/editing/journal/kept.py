"""Journal kept beside accepted labels: its records up to the accept in one file, without where it was made."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import START, Record, read_start, start_parts
from napari_boundaryseg.editing.journal.second_copy import packed, unpacked
from napari_boundaryseg.editing.journal.stored import stored
from napari_boundaryseg.errors import InputError

_OF_THE_MACHINE = {"source": [], "host": "", "pid": 0, "token": 0}
"""What a session's first record says beside the labels, and what is kept of it."""


@dataclass(frozen=True)
class JournalUpTo:
    """A journal up to one of its records, to be read beside the thread that goes on writing it.

    Parameters
    ----------
    journal : Journal
    last : int
        The number of the last record that counts.
    """

    journal: Journal
    last: int

    def records(self) -> tuple[Record, ...]:
        """The records, once they are on the disk.

        Raises
        ------
        InputError, OSError, sqlite3.Error
            When the disk refuses, or the journal is gone.
        """
        self.journal.flush()
        found = stored(self.journal.folder).records[: self.last + 1]
        if len(found) <= self.last:
            raise InputError("journal", "its last steps are not on the disk", "Check the disk of your home folder")
        return found


def kept(records: tuple[Record, ...]) -> bytes:
    """A file's content: the records, but for where the scan lay and on which computer; each vouches for all before.

    Raises
    ------
    ValueError, NewerVersion
        When the first one is no start.
    """
    first, *others = records
    head, labels = start_parts(first.body)
    text = json.dumps({**head, **_OF_THE_MACHINE}).encode()
    new = [Record.after(0, 0, first.kind, first.at, struct.pack("<I", len(text)) + text + labels)]
    for record in others:
        new.append(Record.after(new[-1].crc, len(new), record.kind, record.at, record.body))
    return packed(new)


def read_kept(data: bytes) -> tuple[Record, ...]:
    """Undo `kept`.

    Raises
    ------
    ValueError
        When a byte is wrong, missing or too many; it says which record is the first that is not there.
    NewerVersion
    """
    found, crc = unpacked(data), 0
    for number, record in enumerate(found.records):
        if record.number != number or not record.follows(crc):
            raise ValueError(f"record {number + 1} is damaged or missing")
        crc = record.crc
    if not found.whole or found.records[0].kind != START:
        raise ValueError(f"record {len(found.records) + 1} is damaged or missing")
    read_start(found.records[0].body)
    return found.records
