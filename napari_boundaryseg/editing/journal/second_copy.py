"""Second copy of a journal's records: one file that is only appended to, in which every record vouches for itself."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from napari_boundaryseg.data.saving import atomic_bytes, sync_file
from napari_boundaryseg.editing.journal.records import Record

COPY = "journal.copy"
_MARK = b"\x89BSJ1\r\n\x1a\n"
"""What each record begins with: the format's version is in it."""
_HEAD = struct.Struct("<qd8sIII")
"""Number, time, kind, length of the body, CRC of the record before, CRC."""


class SecondCopy:
    """Writes the copy. What is added counts once it is `kept`; until then it is written anew.

    Parameters
    ----------
    folder : Path
        Of the journal.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / COPY
        self._kept = self._written = 0

    def write(self, before: int, records: list[Record]) -> None:
        """Put records behind those that are kept; when it returns they are on the disk.

        Parameters
        ----------
        before : int
            The CRC of the last record that is kept.
        records : list of Record
        """
        data = packed(records, before)
        if self._kept == 0:  # whole or not there: where it begins stands what the labels were
            atomic_bytes(self._path, data, private=True)
        else:
            with self._path.open("rb+") as stream:
                stream.truncate(self._kept)
                stream.seek(self._kept)
                stream.write(data)
                sync_file(stream)
        self._written = self._kept + len(data)

    def keep(self) -> None:
        """Let what was written last stay."""
        self._kept = self._written


@dataclass(frozen=True)
class CopyRead:
    """What a second copy holds: records that are whole, wherever they stand."""

    records: tuple[Record, ...] = ()
    whole: bool = False
    """Whether every byte belongs to one of them."""


def read_copy(folder: Path) -> CopyRead:
    """Read a journal's second copy; of one that is not there, nothing."""
    try:
        return unpacked((folder / COPY).read_bytes())
    except FileNotFoundError:
        return CopyRead()


def packed(records: Iterable[Record], before: int = 0) -> bytes:
    """Records one behind the other, as a file holds them; ``before`` is the CRC of the record before the first."""
    parts = []
    for record in records:
        parts.append(_packed(before, record))
        before = record.crc
    return b"".join(parts)


def unpacked(data: bytes) -> CopyRead:
    """Undo `packed`; what is damaged is passed over: the next record is found by its mark."""
    records, at, whole = [], 0, bool(data)
    while 0 <= at < len(data):
        record = _unpacked(data, at)
        if record is None:
            whole, at = False, data.find(_MARK, at + 1)
        else:
            records.append(record)
            at += len(_MARK) + _HEAD.size + len(record.body)
    return CopyRead(tuple(records), whole)


def _packed(before: int, record: Record) -> bytes:
    kind = record.kind.encode().ljust(8, b"\0")
    return _MARK + _HEAD.pack(record.number, record.at, kind, len(record.body), before, record.crc) + record.body


def _unpacked(data: bytes, at: int) -> Record | None:
    """The record that begins here, if it is whole."""
    start = at + len(_MARK) + _HEAD.size
    if start > len(data) or data[at : at + len(_MARK)] != _MARK:
        return None
    number, when, kind, size, before, crc = _HEAD.unpack_from(data, at + len(_MARK))
    body = data[start : start + size]
    if len(body) != size or kind != kind.rstrip(b"\0").ljust(8, b"\0"):
        return None
    try:
        record = Record(number, kind.rstrip(b"\0").decode("ascii"), when, body, crc)
    except UnicodeDecodeError:
        return None
    return record if record.follows(before) else None
