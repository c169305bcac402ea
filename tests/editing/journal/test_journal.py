"""Every step is on the disk, and comes back."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from pathlib import Path
from random import Random

import numpy as np
import pytest
from painter import HEADER, blank, states, step, stroke
from patience import PATIENCE_S

from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal import records
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.recovery import recover, recoverable
from napari_boundaryseg.editing.journal.store import Store
from napari_boundaryseg.errors import InputError


def test_the_state_at_the_end_comes_back(folder: Path, journal: Journal, history: History) -> None:
    rng = Random(1)
    for _ in range(60):
        step(history, rng)
    journal.close()
    (work,) = recoverable(folder)
    found = recover(work)
    assert found.complete
    assert np.array_equal(found.labels, history.array)
    assert (found.locks, found.position, found.steps) == (history.locks, history.position, history.steps)
    assert work.header == HEADER
    assert work.steps == history.position
    assert work.volumes_ml == pytest.approx(
        {int(i): 0.002 * np.count_nonzero(history.array == i) for i in np.unique(history.array) if i}
    )


def test_undo_goes_on_after_recovery_and_another_crash(folder: Path, journal: Journal, history: History) -> None:
    stroke(history, Random(1))
    history.lock(Lock(2))
    stroke(history, Random(2))
    history.undo()
    journal.close()
    first = recover(recoverable(folder)[0])
    second = Journal(first.header, first.start, folder, locks=first.start_locks)
    first.hand_to(second)
    goes_on = first.history()
    second.follow(goes_on)
    goes_on.redo()
    goes_on.go_to(0)
    second.close()
    found = recover(recoverable(folder)[0])
    assert np.array_equal(found.labels, blank())
    assert found.history().redo() == history.steps[0]


def test_it_follows_from_any_locks_and_labels(folder: Path) -> None:
    labels = np.full((2, 3, 4), 300, np.uint16)
    one = Journal(HEADER, labels, folder, locks=history_with_lock(labels).locks)
    one.append(History(labels.copy()).apply("Model", (slice(0, 1),) * 3, np.ones((1, 1, 1), int)).edit)  # type: ignore
    one.close()
    found = recover(recoverable(folder)[0])
    assert found.locks.held == {Lock(1)}
    assert found.labels.dtype == np.uint16
    assert found.labels[0, 0, 0] == 1


def history_with_lock(labels: np.ndarray) -> History:
    one = History(labels.copy())
    one.lock(Lock(1))
    return one


def test_append_returns_before_the_disk_and_says_when_it_is_safe(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, add = threading.Event(), records.add
    monkeypatch.setattr(records, "add", lambda *arguments: (gate.wait(PATIENCE_S), add(*arguments)))
    one, history = Journal(HEADER, blank(), folder), History(blank())
    one.follow(history)
    stroke(history, Random(1))
    assert one.handed == 1
    assert not one.is_durable(one.handed)
    with pytest.raises(InputError, match="has not answered"):
        one.flush(timeout_s=0.05)
    gate.set()
    one.flush()
    assert one.is_durable(one.handed)
    one.close()


def test_it_syncs_fully(journal: Journal) -> None:
    journal.flush()
    database = records.open_database(journal.folder / records.NAME)
    assert database.execute("PRAGMA synchronous").fetchone() == (2,)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()


@pytest.mark.skipif(os.name == "nt", reason="folders cannot be opened there")
def test_the_folders_of_a_new_journal_are_forced_to_the_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forced: list[os.stat_result] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: forced.append(os.fstat(descriptor)))
    journal = Journal(HEADER, blank(), folder)
    journal.flush()
    journal.close()
    for wanted in (journal.folder, *journal.folder.parents[:2]):
        assert any(os.path.samestat(wanted.stat(), found) for found in forced), wanted.name


@pytest.mark.skipif(os.name == "nt", reason="rights of files as on Unix")
def test_nobody_else_may_read_it(folder: Path, journal: Journal, history: History) -> None:
    stroke(history, Random(1))
    journal.flush()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(journal.folder.stat().st_mode) == 0o700
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in journal.folder.iterdir()}
    assert set(files) >= {"journal.sqlite", "journal.sqlite-wal", "owner.lock"}
    assert set(files.values()) == {0o600}


def test_a_full_disk_is_told_and_nothing_is_dropped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[InputError] = []
    one, history = Journal(HEADER, blank(), folder, on_error=told.append), History(blank())
    one.follow(history)
    one.flush()

    def full(*arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(Store, "add", full)
        for seed in range(3):
            stroke(history, Random(seed))
            with pytest.raises(InputError, match="disk is full"):
                one.flush()
        assert one.error is not None
        with pytest.raises(InputError):
            one.close()
        assert recover_or_none(folder) is None
    assert len(told) == 1


def recover_or_none(folder: Path) -> object:
    found = recoverable(folder)
    return recover(found[0]) if found else None


def test_when_there_is_space_again_everything_is_stored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[InputError] = []
    with monkeypatch.context() as patched:
        patched.setattr(records, "open_database", lambda *_: 1 / 0)
        one, history = Journal(HEADER, blank(), folder, on_error=told.append), History(blank())
        one.follow(history)
        stroke(history, Random(1))
        with pytest.raises(InputError):
            one.flush()
    stroke(history, Random(2))
    one.flush()
    assert one.error is None
    one.close()
    found = recover(recoverable(folder)[0])
    assert np.array_equal(found.labels, history.array)
    assert len(told) == 1


def test_a_try_from_before_a_flush_does_not_fail_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk refuses, there is space again, and the flush comes while the refused try is still under way."""
    one, history = Journal(HEADER, blank(), folder, on_error=lambda error: None), History(blank())
    one.follow(history)
    one.flush()
    add, tried, go_on = records.add, threading.Event(), threading.Event()

    def refused_once(*arguments: object) -> None:
        monkeypatch.setattr(records, "add", add)
        tried.set()
        go_on.wait()
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr(records, "add", refused_once)
    stroke(history, Random(1))
    assert tried.wait(PATIENCE_S)
    wait_for = one._news.wait_for
    monkeypatch.setattr(one._news, "wait_for", lambda *rest: (go_on.set(), wait_for(*rest))[1])
    one.flush()
    assert one.is_durable(one.handed)
    one.close()


def test_after_the_end_nothing_is_taken(journal: Journal, history: History) -> None:
    journal.close()
    stroke(history, Random(1))
    with pytest.raises(RuntimeError):
        journal.append(history.steps[0])


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="no journal can be kept"):
        Journal(HEADER, blank(), tmp_path / "file")


def test_states_are_the_same_for_the_same_seed() -> None:
    a, b = states(5, 30), states(5, 30)
    assert all(np.array_equal(one.array, two.array) for one, two in zip(a, b))
    assert len({one.array.tobytes() for one in a}) > 15
