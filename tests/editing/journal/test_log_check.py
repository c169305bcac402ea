"""Frames of SQLite's log, against SQLite itself: on whole logs, on logs begun anew, and on damaged ones."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from napari_boundaryseg.editing.journal.log_check import LogCheck, check_log, frames_in_index

PAGE = 4096
FRAME = 24 + PAGE


def database(folder: Path, *, checkpoint_at: int = 200, page: int = PAGE) -> tuple[sqlite3.Connection, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    one = sqlite3.connect(folder / "a.sqlite", isolation_level=None)
    one.execute(f"PRAGMA page_size = {page}")
    one.execute("PRAGMA journal_mode = WAL")
    one.execute("PRAGMA synchronous = OFF")
    one.execute(f"PRAGMA wal_autocheckpoint = {checkpoint_at}")
    one.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB)")
    return one, folder / "a.sqlite-wal"


def put(one: sqlite3.Connection, rng: Random) -> None:
    one.execute("INSERT INTO t (body) VALUES (?)", (rng.randbytes(rng.randrange(1, 9000)),))


def as_sqlite_reads_it(log: bytes, folder: Path, made: Path) -> int:
    """How many frames of a log SQLite takes; it is given a copy, which it may change."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copy(made.parent / "a.sqlite", folder)
    (folder / "a.sqlite-wal").write_bytes(log)
    with closing(sqlite3.connect(folder / "a.sqlite")) as one:
        return int(one.execute("PRAGMA wal_checkpoint").fetchone()[1])


@pytest.mark.parametrize("page", [512, 4096, 65536])
def test_whole_logs_are_read_to_their_end(tmp_path: Path, page: int) -> None:
    rng = Random(page)
    one, log = database(tmp_path / "made", page=page)
    with closing(one):
        for _ in range(12):
            put(one, rng)
            data = log.read_bytes()
            found = check_log(data)
            assert found == LogCheck(as_sqlite_reads_it(data, tmp_path / "copy", log), unread=False)
            assert found.committed == (len(data) - 32) // (24 + page)
            assert frames_in_index(log.with_name("a.sqlite-shm").read_bytes(), data) == found.committed


def test_what_is_left_from_before_a_log_was_begun_anew_is_no_damage(tmp_path: Path) -> None:
    rng = Random(0)
    one, log = database(tmp_path / "made", checkpoint_at=20)
    left = 0
    with closing(one):
        for _ in range(80):
            put(one, rng)
            data = log.read_bytes()
            found = check_log(data)
            assert not found.unread
            assert found.committed == as_sqlite_reads_it(data, tmp_path / "copy", log)
            assert frames_in_index(log.with_name("a.sqlite-shm").read_bytes(), data) == found.committed
            left += found.committed < (len(data) - 32) // FRAME
    assert left > 20, "most logs were begun anew"


def test_one_changed_bit_anywhere_ends_what_is_read_and_is_noticed(tmp_path: Path) -> None:
    rng = Random(1)
    one, log = database(tmp_path / "made")
    with closing(one):
        for _ in range(6):
            put(one, rng)
        data = log.read_bytes()
    one, log = database(tmp_path / "made again")
    with closing(one):
        for at in [*range(60), *rng.sample(range(60, len(data)), 100)]:
            worse = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
            found = check_log(worse)
            assert found.unread, at
            assert found.committed == as_sqlite_reads_it(worse, tmp_path / "copy", log), at


def test_a_log_cut_anywhere_but_behind_a_transaction_is_noticed(tmp_path: Path) -> None:
    rng = Random(2)
    one, log = database(tmp_path / "made")
    with closing(one):
        ends = {0, 32, len(log.read_bytes())}
        for _ in range(6):
            put(one, rng)
            ends.add(len(log.read_bytes()))
        data = log.read_bytes()
        for end in {*ends, *range(32, len(data), FRAME), *rng.sample(range(len(data)), 60)}:
            found = check_log(data[:end])
            assert found.committed == as_sqlite_reads_it(data[:end], tmp_path / "copy", log)
            assert found.unread == (end not in ends)


def test_an_index_of_another_log_says_nothing(tmp_path: Path) -> None:
    (one, log), (two, other) = database(tmp_path / "one"), database(tmp_path / "two")
    with closing(one), closing(two):
        index = log.with_name("a.sqlite-shm").read_bytes()
        assert frames_in_index(index, log.read_bytes()) > 0
        assert frames_in_index(index, other.read_bytes()) == 0
        assert frames_in_index(index[:16] + b"\xff" + index[17:], log.read_bytes()) == 0
        assert frames_in_index(b"", log.read_bytes()) == 0
