"""Every kind of damage at many places of a journal: all steps come back, or it is said, and nothing is deleted."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from painter import HEADER, blank, stroke

from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Locks
from napari_boundaryseg.editing.journal import recovery
from napari_boundaryseg.editing.journal.folders import DAMAGED, DISCARDED, untold
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import EDIT, NAME, START, Record, add, open_database, start_body
from napari_boundaryseg.editing.journal.recovery import clean_up, recover, recoverable
from napari_boundaryseg.editing.journal.second_copy import COPY

Files = dict[str, bytes]
STEPS, PLACES, PAGE = 12, 150, 4096
WAL, INDEX = f"{NAME}-wal", f"{NAME}-shm"
LONG_AGO = time.time() - 30 * 86400


def painted(seed: int = 0) -> History:
    history, rng = History(blank()), Random(seed)
    while history.position < STEPS:
        stroke(history, rng)
    return history


TRUTH = [painted().steps[:n] for n in range(STEPS + 1)]


def read_files(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("journal*"))}


def journal_files(folder: Path, *, closed: bool = False, seed: int = 0) -> Files:
    """A journal of `STEPS` strokes as a killed window leaves it, or a closed one."""
    journal = Journal(HEADER, blank(), folder)
    for step in painted(seed).steps:
        journal.append(step)
        journal.flush()
    files = read_files(journal.folder)
    journal.close()
    return read_files(journal.folder) if closed else files


def older_files(folder: Path, *, closed: bool = False, seed: int = 0) -> Files:
    """The same as version 0.2 wrote it: without a second copy."""
    folder.mkdir(parents=True)
    database, crc = open_database(folder / NAME), 0
    bodies = [(START, start_body(HEADER, blank(), Locks(), 0))]
    bodies += [(EDIT, step.to_bytes()) for step in painted(seed).steps]
    for number, (kind, body) in enumerate(bodies):
        record = Record.after(crc, number, kind, 1.7e9 + number + 100 * seed, body)
        add(database, [record])
        crc = record.crc
    files = read_files(folder)
    database.close()
    return read_files(folder) if closed else files


def put(root: Path, files: Files) -> Path:
    """A session of these files, last touched long ago."""
    folder = root / "20260101T000000-aaaaaaaa"
    folder.mkdir(parents=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def age(root: Path) -> None:
    for path in root.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))


def outcome(root: Path, files: Files) -> int:
    """How many steps come back, -1 for no offer; fails if that is a lie, or if a byte of it is deleted then."""
    shutil.rmtree(root, ignore_errors=True)
    put(root, files)
    age(root)
    found, steps = recoverable(root), -1
    if found:
        back = recover(found[0])
        steps, complete = back.position, back.complete
        assert back.steps == TRUTH[steps]
        assert found[0].complete == complete
        assert not (complete and steps < STEPS), f"{steps} of {STEPS} steps are called complete"
    else:
        assert [path.parent.name for path in untold(root)] == [DAMAGED], "neither offered nor put aside"
    age(root)
    if steps < STEPS:
        assert clean_up(root) == 0
        assert kept(root) == files
        if found:
            recovery.discard(found[0])
            age(root)
            assert clean_up(root) == 0
            assert kept(root, DAMAGED) == files
            assert len(untold(root)) == 1
    return steps


def kept(root: Path, place: str = "*") -> Files:
    """What is there of the journal, but for SQLite's index, which is made anew."""
    return {path.name: path.read_bytes() for path in root.rglob("journal*") if place in ("*", path.parts[-3])}


def flipped(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), max(1, len(data) // PLACES)):
        yield data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :]


def cut(data: bytes) -> Iterator[bytes]:
    for at in range(1, len(data), 1 + 4 * len(data) // PLACES):
        yield data[:at]


def without_a_page(data: bytes) -> Iterator[bytes]:
    for at in range(0, len(data), PAGE):
        size = min(PAGE, len(data) - at)
        yield data[:at] + bytes(size) + data[at + size :]


DAMAGE: dict[str, Callable[[bytes], Iterator[bytes]]] = {"flipped": flipped, "cut": cut, "zeroed": without_a_page}


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", [NAME, WAL, COPY])
def test_one_damage_anywhere_in_a_killed_windows_journal_loses_no_step(tmp_path: Path, name: str, how: str) -> None:
    files = journal_files(tmp_path / "made")
    for data in DAMAGE[how](files[name]):
        assert outcome(tmp_path / "root", {**files, name: data}) == STEPS


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", [NAME, COPY])
def test_one_damage_anywhere_in_a_closed_journal_loses_no_step(tmp_path: Path, name: str, how: str) -> None:
    files = journal_files(tmp_path / "made", closed=True)
    for data in DAMAGE[how](files[name]):
        assert outcome(tmp_path / "root", {**files, name: data}) == STEPS


@pytest.mark.parametrize("closed", [False, True])
def test_a_missing_file_loses_no_step(tmp_path: Path, closed: bool) -> None:
    files = journal_files(tmp_path / "made", closed=closed)
    for name in files:
        left = {other: data for other, data in files.items() if other != name}
        assert outcome(tmp_path / "root", left) == STEPS


@pytest.mark.parametrize("how", DAMAGE)
@pytest.mark.parametrize("name", [NAME, WAL])
def test_without_a_second_copy_fewer_steps_are_never_called_complete(tmp_path: Path, name: str, how: str) -> None:
    """Journals of version 0.2; `outcome` looks that nothing is a lie, and nothing is deleted."""
    files = older_files(tmp_path / "made")
    assert outcome(tmp_path / "root", files) == STEPS
    found = Counter(outcome(tmp_path / "root", {**files, name: data}) for data in DAMAGE[how](files[name]))
    assert (set(found) == {STEPS} or min(found) < STEPS) and sum(found.values()) >= len(files[name]) // PAGE


@pytest.mark.parametrize("how", DAMAGE)
def test_without_a_second_copy_a_closed_journal_is_never_called_complete(tmp_path: Path, how: str) -> None:
    files = older_files(tmp_path / "made", closed=True)
    assert set(files) == {NAME}
    assert outcome(tmp_path / "root", files) == STEPS
    found = Counter(outcome(tmp_path / "root", {NAME: data}) for data in DAMAGE[how](files[NAME]))
    assert min(found) < STEPS


def test_a_log_that_ends_early_between_two_steps_is_noticed_by_sqlites_index(tmp_path: Path) -> None:
    files = older_files(tmp_path / "made")
    ends = range(32, len(files[WAL]), 24 + PAGE)
    found = [outcome(tmp_path / "root", {**files, WAL: files[WAL][:end]}) for end in ends]
    assert sorted(set(found)) == [-1, *range(1, STEPS)]


def test_whatever_two_damages_do_nothing_is_a_lie(tmp_path: Path) -> None:
    files, rng = journal_files(tmp_path / "made"), Random(0)
    found: Counter[int] = Counter()
    for _ in range(100):
        worse = dict(files)
        for name in rng.sample([NAME, WAL, COPY], 2):
            at = rng.randrange(len(files[name]))
            worse[name] = files[name][:at] + bytes([files[name][at] ^ rng.randrange(1, 256)]) + files[name][at + 1 :]
        found[outcome(tmp_path / "root", worse)] += 1
    assert found[STEPS] > 50
    assert len(found) > 1


def test_the_copies_make_up_for_each_other(tmp_path: Path) -> None:
    """The log is damaged near its end and the second copy near its start: together they have everything."""
    files = journal_files(tmp_path / "made")
    log, copy = bytearray(files[WAL]), bytearray(files[COPY])
    log[-100] ^= 1
    copy[copy.index(b"BSJ1", 20) + 60] ^= 1
    shutil.rmtree(tmp_path / "root", ignore_errors=True)
    put(tmp_path / "root", {**files, WAL: bytes(log), COPY: bytes(copy)})
    (work,) = recoverable(tmp_path / "root")
    assert recover(work).steps == TRUTH[STEPS]


def test_a_log_of_another_journal_is_not_taken_for_its_own(tmp_path: Path) -> None:
    files, other = journal_files(tmp_path / "made"), journal_files(tmp_path / "other", seed=1)
    assert outcome(tmp_path / "root", {**files, WAL: other[WAL]}) == STEPS
    del files[COPY], files[INDEX]
    put(tmp_path / "alone", {**files, WAL: other[WAL]})
    assert all(not work.complete for work in recoverable(tmp_path / "alone"))


def test_a_second_copy_of_another_journal_is_not_taken_for_its_own(tmp_path: Path) -> None:
    files, other = journal_files(tmp_path / "made"), journal_files(tmp_path / "other", seed=1)
    put(tmp_path / "root", {**files, COPY: other[COPY]})
    (work,) = recoverable(tmp_path / "root")
    labels = recover(work).labels
    assert any(np.array_equal(labels, painted(seed).array) for seed in (0, 1)), "one or the other, never a mixture"


def test_a_damaged_journal_that_was_discarded_is_kept_when_its_days_are_over(tmp_path: Path) -> None:
    files = older_files(tmp_path / "made")
    put(tmp_path / "root" / DISCARDED, {**files, WAL: files[WAL][:-5000]})
    (work,) = recoverable(tmp_path / "root", discarded=True)
    assert (work.complete, work.steps) == (False, STEPS - 2)
    age(tmp_path / "root")
    assert clean_up(tmp_path / "root") == 0
    assert [path.name for path in untold(tmp_path / "root")] == [work.folder.name]
