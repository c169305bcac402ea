"""Check of SQLite's write-ahead log: which of its frames SQLite reads, and whether anything in it is not read.

SQLite ends a log without a word at the first frame whose checksum is wrong. Format: https://sqlite.org/fileformat2.html
"""

from __future__ import annotations

import array
import struct
import sys
from dataclasses import dataclass

_HEADER, _FRAME = struct.Struct(">8I"), struct.Struct(">6I")
_MAGIC = 0x377F0682
"""With the lowest bit set, checksums take words in big-endian order."""
_OLDER = 1 << 16
"""SQLite counts the first salt up whenever it begins the log anew; more often than this no session does."""


@dataclass(frozen=True)
class LogCheck:
    """What SQLite reads of a log."""

    committed: int = 0
    """Frames up to the last that ends a transaction."""
    unread: bool = False
    """Whether there are bytes that are neither in those frames nor left from before the log was last begun anew."""


def check_log(data: bytes) -> LogCheck:
    """Follow a log's salts and checksums from its start as SQLite does.

    Parameters
    ----------
    data : bytes
        The whole ``-wal`` file.

    Examples
    --------
    >>> check_log(b"")
    LogCheck(committed=0, unread=False)
    >>> check_log(b"no log")
    LogCheck(committed=0, unread=True)
    """
    if not data:
        return LogCheck()
    if len(data) < _HEADER.size:
        return LogCheck(unread=True)
    magic, _, page, _, *salts, one, two = _HEADER.unpack_from(data)
    swapped = (sys.byteorder == "big") != bool(magic & 1)
    sums = _checksum((0, 0), data[: _HEADER.size - 8], swapped)
    if magic & ~1 != _MAGIC or sums != (one, two) or not 512 <= page <= 65536:
        return LogCheck(unread=True)
    size, committed = _FRAME.size + page, 0
    for frame, at in enumerate(range(_HEADER.size, len(data) - size + 1, size), start=1):
        number, pages, *mine, one, two = _FRAME.unpack_from(data, at)
        sums = _checksum(sums, data[at : at + 8] + data[at + _FRAME.size : at + size], swapped)
        if mine != salts or sums != (one, two) or number == 0:
            break
        committed = frame if pages else committed
    rest = range(_HEADER.size + committed * size, len(data), size)
    return LogCheck(committed, not all(_is_left_over(data[at : at + size], size, salts) for at in rest))


def frames_in_index(index: bytes, log: bytes) -> int:
    """How many frames SQLite last knew to be in a log, by its ``-shm`` file; 0 where that is not about this log."""
    if len(index) < 48 or len(log) < _HEADER.size:
        return 0
    words = struct.unpack_from("=12I", index)
    sums = _checksum((0, 0), index[:40], False)
    of_log = struct.unpack("=2I", log[16:24]) == words[8:10]  # salts are copied as they stand
    return words[4] if sums == words[10:12] and of_log else 0


def _is_left_over(frame: bytes, size: int, salts: list[int]) -> bool:
    if len(frame) < size:
        return False
    one, two = struct.unpack_from(">2I", frame, 8)
    return two != salts[1] and 0 < (salts[0] - one) % (1 << 32) < _OLDER


def _checksum(sums: tuple[int, int], data: bytes, swapped: bool) -> tuple[int, int]:
    words = array.array("I", data)
    if swapped:
        words.byteswap()
    one, two = sums
    for at in range(0, len(words), 2):
        one = (one + words[at] + two) & 0xFFFFFFFF
        two = (two + words[at + 1] + one) & 0xFFFFFFFF
    return one, two
