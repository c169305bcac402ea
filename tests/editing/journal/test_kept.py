"""A journal kept with accepted labels: every step up to the accept, nothing of the machine, and every byte counts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from random import Random

import numpy as np
import pytest
from painter import HEADER, blank, step, stroke

from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.kept import JournalUpTo, kept, read_kept
from napari_boundaryseg.editing.journal.note import note_body
from napari_boundaryseg.editing.journal.records import JournalHeader
from napari_boundaryseg.editing.journal.recovery import recover, recoverable
from napari_boundaryseg.editing.journal.replay import replay_of
from napari_boundaryseg.errors import InputError


def drawn(journal: Journal, history: History, steps: int = 40) -> bytes:
    rng = Random(3)
    for _ in range(steps):
        step(history, rng)
    return kept(JournalUpTo(journal, journal.handed).records())


def test_it_holds_every_step_up_to_the_accept_and_none_after(journal: Journal, history: History) -> None:
    rng = Random(5)
    for _ in range(30):
        step(history, rng)
    moment, labels, position = JournalUpTo(journal, journal.handed), history.array.copy(), history.position
    for _ in range(20):
        stroke(history, rng)
    back = replay_of(read_kept(kept(moment.records()))).recovered()
    np.testing.assert_array_equal(back.labels, labels)
    assert (back.position, back.complete) == (position, True)
    assert not np.array_equal(history.array, labels)


def test_nothing_of_the_machine_is_kept(folder: Path) -> None:
    header = JournalHeader("case one", "0" * 32, "{}", 0.002, ("/home/doe/scans/DOE^JANE.nii.gz",))
    journal = Journal(header, blank(), folder)
    data = kept(JournalUpTo(journal, journal.handed).records())
    journal.finish()
    start = replay_of(read_kept(data)).start
    assert (start.host, start.pid, start.header.source) == ("", 0, ())
    assert b"DOE" not in data and b"/home" not in data


def test_each_flipped_or_missing_byte_is_noticed(journal: Journal, history: History) -> None:
    data = drawn(journal, history, 12)
    digest = hashlib.sha256(data).hexdigest()
    missed = []
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 0x10
        try:
            read_kept(bytes(changed))
        except (ValueError, KeyError, TypeError):
            continue
        missed.append(at)
    assert missed == []
    for end in range(0, len(data), 7):
        cut = data[:end]
        try:
            records = read_kept(cut)
        except ValueError:
            continue
        assert len(records) < 13 and hashlib.sha256(cut).hexdigest() != digest, (
            "whole records may be cut off: its hash tells"
        )


def test_the_first_damaged_record_is_named(journal: Journal, history: History) -> None:
    data = drawn(journal, history, 12)
    marks = [at for at in range(len(data)) if data.startswith(b"\x89BSJ1", at)]
    changed = bytearray(data)
    changed[marks[4] + 20] ^= 1
    with pytest.raises(ValueError, match="record 5 is damaged"):
        read_kept(bytes(changed))
    with pytest.raises(ValueError, match="record 3 is damaged or missing"):
        read_kept(data[: marks[2]] + data[marks[3] :])
    with pytest.raises(ValueError, match="record 1 is"):
        read_kept(b"")


def test_records_of_another_journal_are_none_of_this(folder: Path) -> None:
    both = []
    for seed in (1, 2):
        journal, history = Journal(HEADER, blank(), folder), History(blank())
        journal.follow(history)
        stroke(history, Random(seed))
        both.append(kept(JournalUpTo(journal, journal.handed).records()))
        journal.finish()
    one, two = both
    at = [data.rindex(b"\x89BSJ1") for data in both]
    with pytest.raises(ValueError, match="record 2 is damaged"):
        read_kept(one[: at[0]] + two[at[1] :])


def test_a_journal_that_is_gone_is_one_sentence(journal: Journal) -> None:
    moment = JournalUpTo(journal, journal.handed + 5)
    with pytest.raises(InputError, match="its last steps are not on the disk"):
        moment.records()


def test_which_model_made_a_result_survives_recovery_and_goes_with_its_step(folder: Path) -> None:
    journal, history = Journal(HEADER, blank(), folder), History(blank())
    journal.follow(history)
    everywhere = (slice(None),) * 3
    history.apply("Model: one", everywhere, np.ones(blank().shape, np.uint8), "model")
    journal.note(note_body({}, 1, None, {1: {"model": "one", "sha256": "aa"}}))
    journal.close()
    first = recover(recoverable(folder, results=True)[0])
    assert first.note.results == {1: {"model": "one", "sha256": "aa"}}
    second, goes_on = Journal(HEADER, first.start, folder), first.history()
    first.hand_to(second)
    second.follow(goes_on)
    assert replay_of(JournalUpTo(second, second.handed).records()).note.results == first.note.results
    goes_on.undo()
    goes_on.apply("Model: two", everywhere, np.full(blank().shape, 2, np.uint8), "model")
    assert replay_of(JournalUpTo(second, second.handed).records()).note.results == {}
    second.finish()


def test_a_note_of_an_older_journal_has_no_results() -> None:
    assert "results" not in json.loads(note_body({}, 1, None))
