"""Notes in a journal: effort, organ and segmented part come back; journals of older versions still open."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from painter import HEADER, blank

from napari_boundaryseg.editing.effort import Effort, Work
from napari_boundaryseg.editing.history.edit import OPENED, Edit
from napari_boundaryseg.editing.history.history import History
from napari_boundaryseg.editing.history.locks import Lock
from napari_boundaryseg.editing.journal import records
from napari_boundaryseg.editing.journal.journal import Journal
from napari_boundaryseg.editing.journal.migration import migrated
from napari_boundaryseg.editing.journal.note import note_body
from napari_boundaryseg.editing.journal.recovery import recover, recoverable
from napari_boundaryseg.editing.remarks import Remarks

BOX = (slice(1, 5), slice(0, 9), slice(2, 3))


def painted(journal: Journal) -> None:
    history = History(blank())
    journal.follow(history)
    history.array[3, 2:5, 2:5] = 1
    history.commit("Paint: Bladder, slice 3")
    history.lock(Lock(2, 3), "Lock: Prostate on slice 3")


def test_the_last_note_counts_and_effort_adds_up(folder: Path) -> None:
    journal = Journal(replace(HEADER, source=("/scans/one.nii.gz",)), blank(), folder)
    painted(journal)
    first, second = Work(2, 12.5, 30.25, 1), Work(1, 3.0, 4.0, 0)
    journal.note(note_body({(1, 3): first}, 1, None))
    journal.note(note_body({(2, 5): second}, 2, BOX))
    journal.note(note_body({(1, 3): Work(3, 13.0, 31.0, 1)}, 2, BOX))
    journal.close()
    (work,) = recoverable(folder)
    assert work.header.source == ("/scans/one.nii.gz",)
    found = recover(work)
    assert found.complete
    assert found.note.effort == {(1, 3): Work(3, 13.0, 31.0, 1), (2, 5): second}
    assert (found.note.organ, found.note.box) == (2, BOX)
    assert found.position == 2
    other = Journal(found.header, found.start, folder, locks=found.start_locks)
    found.hand_to(other)
    other.close()
    again = next(recover(one) for one in recoverable(folder) if one.folder == other.folder)
    assert again.note == found.note


def test_remarks_come_back_subject_by_subject_and_are_handed_on(folder: Path) -> None:
    journal = Journal(HEADER, blank(), folder)
    painted(journal)
    remarks = Remarks()
    remarks.put("queue", {"items": [1, 2, 3]})
    remarks.put("answers", {"0": "accept"})
    journal.note(note_body({}, 0, None, remarks=remarks.news()))
    remarks.put("answers", {"0": "flag", "1": "accept"})
    news = remarks.news()
    assert set(news) == {"answers"}, "what has not changed is not written again"
    journal.note(note_body({}, 0, None, remarks=news))
    journal.note(note_body({}, 0, None, remarks=remarks.news()))
    journal.close()
    (work,) = recoverable(folder)
    found = recover(work)
    assert found.note.remarks == {"queue": {"items": [1, 2, 3]}, "answers": {"0": "flag", "1": "accept"}}
    other = Journal(found.header, found.start, folder, locks=found.start_locks)
    found.hand_to(other)
    other.close()
    again = next(recover(one) for one in recoverable(folder) if one.folder == other.folder)
    assert again.note.remarks == found.note.remarks


def test_what_was_said_of_labels_that_nobody_drew_is_kept_until_it_is_stored(folder: Path) -> None:
    journal = Journal(HEADER, blank(), folder)
    history = History(blank())
    journal.follow(history)
    history.apply("Opened labels", (slice(3, 4),) * 3, np.ones((1, 1, 1), np.uint8), OPENED)
    body = note_body({}, 0, None, remarks={"answers": {"0": "accept"}})
    journal.note(body)
    journal.flush()
    journal.close()
    assert recoverable(folder) == [], "nobody's work would be lost"
    (work,) = recoverable(folder, results=True)
    assert recover(work).note.remarks == {"answers": {"0": "accept"}}
    other = Journal(HEADER, blank(), folder / "stored")
    other.follow(history)
    other.append(history.steps[0])
    other.note(body)
    other.stored(1)
    other.note(note_body({}, 2, None))
    other.close()
    assert recoverable(folder / "stored", results=True) == []


def test_remarks_are_plain_values() -> None:
    remarks = Remarks()
    with pytest.raises(TypeError):
        remarks.put("answers", {1, 2})
    with pytest.raises(ValueError):
        remarks.put("answers", float("nan"))
    assert list(remarks) == []
    assert remarks.is_stored


def test_a_note_that_cannot_be_understood_ends_what_is_believed(folder: Path) -> None:
    journal = Journal(HEADER, blank(), folder)
    painted(journal)
    journal.note(b'{"effort": [[1]]}')
    journal.close()
    (work,) = recoverable(folder)
    assert (work.steps, work.complete) == (2, False)


def test_a_journal_of_the_first_version_opens_and_counts_slices_as_the_window_does_now(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = json.dumps

    def as_before(value: Any) -> str:
        return real({name: one for name, one in value.items() if name != "source"} if "host" in value else value)

    with monkeypatch.context() as patched:
        patched.setattr(records, "VERSION", 1)
        patched.setattr(records.json, "dumps", as_before)
        journal = Journal(HEADER, blank(), folder)
        painted(journal)
        journal.close()
    (work,) = recoverable(folder)
    found = recover(work)
    assert (work.complete, work.header.source, found.note.effort) == (True, (), {})
    assert [step.name for step in found.steps] == ["Paint: Bladder, slice 4", "Lock: Prostate on slice 4"]
    assert np.array_equal(found.history().array, found.labels)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Paint: Prostate, slices 3 to 5", "Paint: Prostate, slices 4 to 6"),
        ("Erase, coronal slice 0", "Erase, coronal slice 1"),
        ("Lock: Bladder; slice 41", "Lock: Bladder; slice 42"),
        ("Change", "Change"),
    ],
)
def test_names_of_the_first_version(before: str, after: str) -> None:
    assert migrated(Edit(before, "paint"), 1).name == after
    assert migrated(Edit(after, "paint"), 2).name == after


def test_a_models_name_is_no_number_of_a_slice() -> None:
    assert migrated(Edit("Model: slice 3", "model"), 1).name == "Model: slice 3"


def test_effort_goes_on_where_an_earlier_window_left_it() -> None:
    before = {(2, 41): Work(3, 20.0, 60.0, 1)}
    effort = Effort(clock=lambda: 0.0, before=before)
    assert effort.news() == {}
    effort.stroke(2, 41, [(0, 0, 0), (0, 0, 5)])
    (work,) = effort.news().values()
    assert (work.strokes, work.path_mm) == (4, 25.0)
    assert effort.news() == {}
    assert before[2, 41].strokes == 3
