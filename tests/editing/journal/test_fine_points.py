"""Small points of journals that nothing else looks at: the mark of a pair of files, rights, removals, stored states."""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import stat
import time
from dataclasses import FrozenInstanceError
from pathlib import Path
from random import Random

import numpy as np
import pytest
from painter import HEADER, blank, stroke
from test_damage import older_files, put

from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal.folders import DAMAGED, DISCARDED, mark_told, remove_folder, sessions, untold
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.note import Note
from napari_boundaryseg.editing.journal.records import STORED, Record, token_of
from napari_boundaryseg.editing.journal.recovery import clean_up, discard, recover, recoverable
from napari_boundaryseg.editing.journal.replay import read
from napari_boundaryseg.editing.journal.scan_hash import is_same, scan_hash
from napari_boundaryseg.editing.journal.stored import stored


def test_a_journals_two_files_bear_a_number_drawn_from_all_that_sqlite_can_keep(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def drawn(below: int) -> int:
        asked.append(below)
        return 41

    monkeypatch.setattr(secrets, "randbelow", drawn)
    journal = Journal(HEADER, blank(), folder)
    journal.close()
    assert asked == [2**31 - 1], "1 to 2147483647: an application's number in SQLite is a signed one of 32 bits"
    assert token_of(stored(journal.folder).records[0]) == 42


def test_a_record_that_is_no_start_has_no_such_number() -> None:
    assert token_of(Record.after(0, 0, STORED, 0.0, b"3")) == 0


def test_a_stored_state_stays_stored_until_it_is_undone_and_drawn_over(folder: Path) -> None:
    journal, history, rng = Journal(HEADER, blank(), folder), History(blank()), Random(1)
    journal.follow(history)
    stroke(history, rng)
    journal.stored(1)
    for _ in range(2):
        stroke(history, rng)
    journal.flush()
    assert read(journal.folder).stored == 1, "work went on from it"
    history.go_to(0)
    history.apply("Again", (slice(0, 1),) * 3, np.ones((1, 1, 1), int))
    journal.close()
    assert read(journal.folder).stored == 0, "it cannot be reached any more"


@pytest.mark.parametrize(("kind", "is_result"), [("model", True), ("opened", False), ("unlock", False)])
def test_only_a_models_step_is_a_result_that_waits(folder: Path, kind: str, is_result: bool) -> None:
    journal, history = Journal(HEADER, blank(), folder), History(blank())
    journal.follow(history)
    history.apply("A step", (slice(0, 1),) * 3, np.ones((1, 1, 1), int), kind=kind)
    journal.close()
    assert read(journal.folder).holds_result == is_result


def test_a_folder_that_cannot_be_renamed_is_removed_all_the_same(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(HEADER, blank(), folder)
    journal._end()

    def refused(self: Path, target: Path) -> Path:
        raise PermissionError(13, "not allowed")

    monkeypatch.setattr(Path, "rename", refused)
    remove_folder(journal.folder, journal._folder_lock)
    assert not journal.folder.exists()
    assert sessions(folder) == []


def test_discarded_work_is_nobody_elses_to_read(folder: Path) -> None:
    journal, history = Journal(HEADER, blank(), folder), History(blank())
    journal.follow(history)
    stroke(history, Random(1))
    journal.close()
    discard(recoverable(folder)[0])
    assert stat.S_IMODE((folder / DISCARDED).stat().st_mode) == 0o700


def test_a_damaged_session_is_told_once(folder: Path) -> None:
    damaged = put(folder / DAMAGED, {"journal": b"nothing"})
    assert untold(folder) == [damaged]
    mark_told(damaged)
    assert untold(folder) == []


def test_a_closed_journal_of_version_0_2_is_complete(tmp_path: Path) -> None:
    one = put(tmp_path / "root", older_files(tmp_path / "made", closed=True))
    found = stored(one)
    assert (len(found.records), found.complete) == (13, True)
    with pytest.raises(FrozenInstanceError):
        found.complete = False  # type: ignore[misc]


def test_a_scans_hash_is_32_digits_of_what_is_said() -> None:
    array, affine = np.arange(24, dtype="<i2").reshape(1, 2, 3, 4), np.eye(4)
    said = b"(1, 2, 3, 4) <i2" + affine.astype("<f8").tobytes() + array.tobytes()
    assert scan_hash(array, affine) == hashlib.blake2b(said, digest_size=16).hexdigest()
    assert len(scan_hash(array, affine)) == 32


def test_before_its_first_note_no_organ_is_known() -> None:
    assert (Note().organ, Note().box, Note().effort) == (0, None, {})


def test_two_scans_are_one_or_two_whichever_is_asked_about_the_other() -> None:
    grid = Geometry((2, 3, 4), np.eye(4))
    scans = [Volume(np.full((1, 2, 3, 4), float(n), np.float32), grid) for n in range(4)]
    for one, other in itertools.permutations(scans, 2):
        assert not is_same(one, other)


@pytest.mark.parametrize(("days_ago", "is_kept"), [(6.9, True), (7.1, False)])
def test_discarded_work_stays_for_seven_days_and_no_longer(folder: Path, days_ago: float, is_kept: bool) -> None:
    journal, history = Journal(HEADER, blank(), folder), History(blank())
    journal.follow(history)
    stroke(history, Random(1))
    journal.close()
    discard(recoverable(folder)[0])
    then = time.time() - days_ago * 86400
    for path in (folder / DISCARDED).rglob("*"):
        os.utime(path, (then, then))
    clean_up(folder)
    assert bool(sessions(folder / DISCARDED)) == is_kept


def test_a_recovered_history_counts_slices_along_the_first_axis(folder: Path) -> None:
    journal, history = Journal(HEADER, blank(), folder), History(blank())
    journal.follow(history)
    stroke(history, Random(1))
    journal.close()
    found = recover(recoverable(folder)[0]).history()
    found.lock(Lock(None, 0))
    before = found.array.copy()
    found.apply("Everything", tuple(slice(0, n) for n in before.shape), np.full(before.shape, 2))
    assert np.array_equal(found.array[0], before[0]), "the first slice is locked"
    assert (found.array[1:] == 2).all()
