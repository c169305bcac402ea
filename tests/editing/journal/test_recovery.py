"""Sessions that were lost: found, kept for a while, never in the way."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest
from painter import HEADER, blank, states, step, stroke

from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.editing.history.edit import MODEL
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal import records, recovery
from napari_boundaryseg.editing.journal.folders import DAMAGED, DISCARDED, sessions
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.records import NAME
from napari_boundaryseg.editing.journal.recovery import clean_up, discard, finish, recover, recoverable
from napari_boundaryseg.editing.journal.second_copy import COPY
from napari_boundaryseg.errors import InputError

STEPS = 40


def lost(folder: Path, seed: int = 0, steps: int = 3, *, copy: bool = True) -> Path:
    """A session that was left behind; also without its second copy, as version 0.2 did."""
    one, history, rng = Journal(HEADER, blank(), folder), History(blank()), Random(seed)
    one.follow(history)
    for _ in range(steps):
        step(history, rng)
    one.close()
    if not copy:
        (one.folder / COPY).unlink()
    return one.folder


def test_a_session_that_is_open_is_not_offered(folder: Path, journal: Journal, history: History) -> None:
    stroke(history, Random(1))
    journal.flush()
    assert recoverable(folder) == []
    code = "import sys, pathlib; from napari_boundaryseg.editing.journal.recovery import recoverable as r"
    code += "; print(r(pathlib.Path(sys.argv[1])))"
    done = subprocess.run([sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
    journal.close()
    assert len(recoverable(folder)) == 1


def test_one_window_recovers_at_a_time(folder: Path) -> None:
    lost(folder)
    (work,) = recoverable(folder)
    lock = FolderLock.of(work.folder)
    assert lock is not None
    for act in (recover, discard, finish):
        with pytest.raises(InputError, match="no longer there"):
            act(work)
    lock.release()
    finish(work)
    assert sessions(folder) == []
    with pytest.raises(InputError, match="no longer there"):
        recover(work)


def test_a_models_result_waits_for_its_scan_and_is_offered_to_nobody(folder: Path) -> None:
    one, history = Journal(HEADER, blank(), folder), History(blank())
    one.follow(history)
    history.apply("Model: m", (slice(0, 2), slice(0, 3), slice(0, 3)), np.ones((2, 3, 3), np.uint8), MODEL)
    one.close()
    assert recoverable(folder) == []
    (work,) = recoverable(folder, results=True)
    assert not work.by_hand and np.array_equal(recover(work).labels, history.array)
    os.utime(one.folder, (time.time() - 2 * 86400,) * 2)
    assert clean_up(folder) == 0, "not after a day"
    os.utime(one.folder, (time.time() - 8 * 86400,) * 2)
    assert clean_up(folder) == 1


def test_a_models_result_that_was_stored_or_undone_leaves_nothing(folder: Path) -> None:
    for last in ("stored", "undone"):
        one, history = Journal(HEADER, blank(), folder), History(blank())
        one.follow(history)
        history.apply("Model: m", (slice(0, 2),) * 3, np.ones((2, 2, 2), np.uint8), MODEL)
        if last == "stored":
            one.stored(1)
        else:
            history.undo()
        one.close()
    assert recoverable(folder, results=True) == []


def test_the_newest_comes_first(folder: Path) -> None:
    paths = [lost(folder, seed) for seed in range(3)]
    assert [work.folder for work in recoverable(folder)] == paths[::-1]


def test_without_a_step_there_is_nothing_to_offer(folder: Path) -> None:
    lost(folder, steps=0)
    assert recoverable(folder) == []
    assert recoverable(folder / "nowhere") == []


def test_discarded_work_is_kept_for_seven_days(folder: Path) -> None:
    discard_all = [lost(folder, seed) for seed in range(2)]
    long_ago = time.time() - 7.1 * 86400
    for work in recoverable(folder):
        os.utime(work.folder / FolderLock.FILE, (long_ago, long_ago))  # the days count from the discarding
        discard(work)
    assert recoverable(folder) == []
    assert clean_up(folder) == 0
    kept = recoverable(folder, discarded=True)
    assert {work.folder.name for work in kept} == {path.name for path in discard_all}
    old = kept[0].folder
    os.utime(old / FolderLock.FILE, (long_ago, long_ago))
    recoverable(folder, discarded=True)  # looking makes nothing younger
    assert clean_up(folder) == 1
    (left,) = recoverable(folder, discarded=True)
    assert recover(left).steps
    finish(left)
    assert recoverable(folder, discarded=True) == []


def test_a_journal_is_discarded_or_finished(folder: Path) -> None:
    for end in ("discard", "finish"):
        one, history = Journal(HEADER, blank(), folder), History(blank())
        one.follow(history)
        stroke(history, Random(1))
        getattr(one, end)()
        assert sessions(folder) == []
    assert len(recoverable(folder, discarded=True)) == 1


def test_empty_folders_go_after_a_day(folder: Path) -> None:
    for name in ("new", "old"):
        (folder / name).mkdir(parents=True)
    long_ago = time.time() - 90_000
    os.utime(folder / "old", (long_ago, long_ago))
    assert recoverable(folder) == []
    os.utime(folder / "old", (long_ago, long_ago))
    assert clean_up(folder) == 1
    assert [path.name for path in sessions(folder)] == ["new"]


def test_what_cannot_be_read_is_put_aside_and_kept(folder: Path) -> None:
    path = lost(folder, copy=False)
    (path / NAME).write_bytes(b"no database at all" * 100)
    assert recoverable(folder) == []
    assert sessions(folder) == []
    assert (folder / DAMAGED / path.name / NAME).read_bytes().startswith(b"no database")
    assert recoverable(folder) == []


def test_what_is_damaged_in_the_middle_gives_back_what_was_before(folder: Path) -> None:
    path = lost(folder, steps=20, copy=False)
    database = sqlite3.connect(path / NAME)
    database.execute("UPDATE records SET body = zeroblob(length(body)) WHERE number = 12")
    database.commit()
    database.close()
    (work,) = recoverable(folder)
    assert not work.complete
    assert len(recover(work).steps) <= 11
    finish(work)
    assert (folder / DAMAGED / path.name).is_dir()


def test_a_missing_record_ends_what_comes_back(folder: Path) -> None:
    path = lost(folder, steps=20, copy=False)
    database = sqlite3.connect(path / NAME)
    database.execute("DELETE FROM records WHERE number = 5")
    database.commit()
    database.close()
    (work,) = recoverable(folder)
    assert (work.complete, len(recover(work).steps)) == (False, 4)


def test_a_record_of_another_journal_is_no_record(folder: Path) -> None:
    one, two = lost(folder, 1, 9, copy=False), lost(folder, 2, 9, copy=False)
    database = sqlite3.connect(one / NAME)
    database.execute("ATTACH ? AS other", (str(two / NAME),))
    database.execute(
        "UPDATE records SET (kind, at, body, crc) = (SELECT kind, at, body, crc FROM other.records AS o "
        "WHERE o.number = records.number) WHERE number = 5"
    )
    database.commit()
    database.close()
    (found,) = [work for work in recoverable(folder) if work.folder == one]
    assert not found.complete
    assert found.steps <= 4


def test_a_newer_version_is_left_where_it_is(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(records, "VERSION", 3)
        path = lost(folder)
    assert recoverable(folder) == []
    assert path.is_dir()


def test_trouble_with_the_disk_is_no_damage(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lost(folder)

    def busy(folder: Path) -> None:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(recovery, "read", busy)
        assert recoverable(folder) == []
    assert path.is_dir()
    assert len(recoverable(folder)) == 1


def spoil(path: Path, rng: Random) -> None:
    """Cut a file, or flip some of its bytes."""
    data = bytearray(path.read_bytes())
    if rng.random() < 0.4:
        data = data[: rng.randrange(len(data))]
    else:
        for _ in range(rng.choice((1, 1, 5, 50))):
            data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
    path.write_bytes(data)


def test_reading_changes_nothing(folder: Path) -> None:
    one, history = Journal(HEADER, blank(), folder), History(blank())
    one.follow(history)
    stroke(history, Random(1))
    one.flush()
    files = {path.name: path.read_bytes() for path in one.folder.glob(f"{NAME}*") if not path.name.endswith("-shm")}
    one.close()
    files[f"{NAME}-wal"] = b"?" + files[f"{NAME}-wal"][1:]  # SQLite would take the whole log for nothing, and delete it
    for name, data in files.items():
        (one.folder / name).write_bytes(data)
    (one.folder / COPY).unlink()
    assert recoverable(folder) == []
    aside = folder / DAMAGED / one.folder.name
    assert {name: (aside / name).read_bytes() for name in files} == files
    assert {path.name for path in aside.iterdir()} == {*files, "owner.lock"}


def torn(folder: Path, truth: list[History], seed: int) -> int:
    """Spoil a journal, and check that what comes back is a state that was; return the number of steps, -1 for none."""
    rng = Random(seed)
    one, history, painting = Journal(HEADER, blank(), folder), History(blank()), Random(0)
    one.follow(history)
    for _ in range(STEPS):
        step(history, painting)
        one.flush()
    files = {path.name: path.read_bytes() for path in one.folder.glob(f"{NAME}*")}  # as a power cut leaves them
    one.close()
    for path in one.folder.glob(f"{NAME}*"):
        path.unlink()
    for name, data in files.items() if rng.random() < 0.5 else [(NAME, checkpointed(one.folder, files))]:
        (one.folder / name).write_bytes(data)
    spoil(rng.choice([path for path in one.folder.glob(f"{NAME}*") if path.stat().st_size]), rng)
    found = recoverable(folder)
    if not found:
        return -1
    back = recover(found[0])
    same = [
        now
        for now in truth
        if (now.position, now.locks) == (back.position, back.locks)
        and np.array_equal(now.array, back.labels)
        and now.steps[: now.position] == back.steps[: back.position]
    ]
    assert same
    return back.position


def checkpointed(folder: Path, files: dict[str, bytes]) -> bytes:
    """The same journal in one file."""
    for name, data in files.items():
        (folder / name).write_bytes(data)
    sqlite3.connect(folder / NAME).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    data = (folder / NAME).read_bytes()
    for path in folder.glob(f"{NAME}*"):
        path.unlink()
    return data


def test_torn_journals_give_back_a_state_that_was(tmp_path: Path) -> None:
    truth = states(0, STEPS)
    found = [torn(tmp_path / str(seed), truth, seed) for seed in range(30)]
    assert sum(position > 0 for position in found) >= 10
    for folder in tmp_path.iterdir():
        assert len([*sessions(folder), *sessions(folder / DAMAGED)]) == 1  # nothing was deleted


def test_a_journal_that_breaks_after_it_was_listed(folder: Path) -> None:
    path = lost(folder, copy=False)
    (work,) = recoverable(folder)
    (path / NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(InputError, match="can no longer be read"):
        recover(work)


def test_steps_that_cannot_be_are_damage(folder: Path) -> None:
    larger = History(np.zeros((9, 24, 24), np.uint8))
    larger.array[8] = 1
    too_large = larger.commit("Paint").edit
    assert too_large is not None
    for wrong in (lambda one: one.append(too_large), lambda one: one.move(2), lambda one: one.move(-1)):
        one, history = Journal(HEADER, blank(), folder), History(blank())
        one.follow(history)
        stroke(history, Random(1))
        wrong(one)
        one.close()
        work = recoverable(folder)[0]
        assert (work.complete, work.steps) == (False, 1)
        assert np.array_equal(recover(work).labels, history.array)


def test_a_new_folder_that_somebody_looks_at_is_left_to_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    owner_of, answers = FolderLock.of, [None, None]
    monkeypatch.setattr(FolderLock, "of", lambda path: answers.pop() if answers else owner_of(path))
    Journal(HEADER, blank(), folder).close()
    answers += [None] * 3
    with pytest.raises(InputError, match="cannot be locked"):
        Journal(HEADER, blank(), folder)


def test_what_cannot_be_moved_is_told_and_free_again(folder: Path) -> None:
    lost(folder)
    (work,) = recoverable(folder)
    (folder / DISCARDED).write_text("in the way")
    with pytest.raises(InputError):
        discard(work)
    assert recoverable(folder) == [work]


def test_only_work_that_is_stored_nowhere_is_offered(folder: Path) -> None:
    """A model's result can be had again, and accepted labels are in the project."""
    for acts, offered in (
        ((), False),
        (("stroke",), True),
        (("stroke", "stored"), False),
        (("stroke", "stored", "stroke"), True),
        (("stroke", "stored", "undo"), True),
        (("stroke", "stored", "undo", "stroke"), True),
        (("stroke", "undo"), True),
    ):
        journal, history = Journal(HEADER, blank(), folder), History(blank())
        journal.follow(history)
        history.apply("Model", (slice(None),) * 3, np.full(blank().shape, 1, np.uint8), MODEL)
        for at, act in enumerate(acts):
            if act == "stroke":
                history.apply("Paint", (slice(at, at + 1),) * 3, np.full((1, 1, 1), 2, np.uint8), "paint")
            elif act == "undo":
                history.undo()
            else:
                journal.stored(history.position)
        journal.close()
        found = recoverable(folder)
        assert bool(found) == offered, acts
        for work in found:
            assert np.array_equal(recover(work).labels, history.array)
            finish(work)


def test_old_sessions_without_work_are_cleaned_up_and_others_stay(folder: Path) -> None:
    idle = Journal(HEADER, blank(), folder)
    idle.close()
    for path in (idle.folder, lost(folder, 1)):
        os.utime(path, (time.time() - 3 * 86400,) * 2)
    assert len(recoverable(folder)) == 1  # looking makes nothing younger
    assert clean_up(folder) == 1
    assert not idle.folder.exists()
    assert len(recoverable(folder)) == 1


def test_what_a_killed_removal_or_reader_left_is_no_session_and_goes(folder: Path) -> None:
    path = lost(folder)
    (folder / ".removed-20260101T000000-aaaaaaaa").mkdir()
    (folder / ".removed-20260101T000000-aaaaaaaa" / NAME).write_bytes(b"rest")
    (path / "reading-1234").mkdir()
    (path / "reading-1234" / NAME).write_bytes(b"rest")
    assert [work.folder for work in recoverable(folder)] == [path]
    assert not (path / "reading-1234").exists()
    clean_up(folder)
    assert sorted(folder.iterdir()) == [path]


def test_a_journal_whose_database_is_gone_is_not_taken_for_an_empty_one(folder: Path) -> None:
    path = lost(folder, copy=False)
    (path / NAME).rename(path / f"{NAME}-wal")
    for one in (path, path / f"{NAME}-wal"):
        os.utime(one, (time.time() - 3 * 86400,) * 2)
    assert clean_up(folder) == 0
    assert recoverable(folder) == []
    assert (folder / DAMAGED / path.name / f"{NAME}-wal").stat().st_size


def test_what_a_newer_version_discarded_is_left_to_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(records, "VERSION", 3)
        path = lost(folder)
        discard(recoverable(folder)[0])
    gone = folder / DISCARDED / path.name
    for one in gone.iterdir():
        os.utime(one, (time.time() - 30 * 86400,) * 2)
    assert clean_up(folder) == 0
    assert recoverable(folder, discarded=True) == []
    assert (gone / NAME).exists()


def test_a_journal_that_has_not_changed_is_read_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, read_again, read = lost(folder), [], recovery.read
    monkeypatch.setattr(recovery, "read", lambda folder: (read_again.append(folder), read(folder))[1])
    first = recoverable(folder)
    assert recoverable(folder) == first
    assert read_again == [path]
    with (path / COPY).open("ab") as stream:
        stream.write(b"more")
    recoverable(folder)
    assert read_again == [path, path]
