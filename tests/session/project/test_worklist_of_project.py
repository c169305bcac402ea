"""The worklist of a project: what waits, of which patient, and what becomes of it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from session_cases import box_labels, box_scan
from test_project import break_database

from napari_boundaryseg.data.datasets.worklist import Listed
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project import accepting
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import repair


def listed(name: str, file: str = "", patient: str = "") -> Listed:
    return Listed(name, (Path(f"/data/{file or name}.nii.gz"),), patient)


def test_scans_wait_in_the_order_in_which_they_were_added_each_once(project: Project) -> None:
    assert project.add_work([listed("b"), listed("a", patient="P1")]) == 2
    assert project.add_work([listed("a"), listed("c"), listed("b", "other/b")]) == 2
    found = Project(project.folder).worklist()
    assert [(one.name, one.patient) for one in found] == [("b", None), ("a", "P1"), ("c", None), ("b (2)", None)]
    assert found[3].images == (Path("/data/other/b.nii.gz"),)
    assert check(project.folder) == []


def test_notes_of_a_scan_are_kept_and_it_can_be_taken_off(project: Project) -> None:
    project.add_work([listed("a"), listed("b")])
    first, second = project.worklist()
    project.note_comment(first.number, "apex unclear")
    project.note_patient(first.number, " sub-01 ")
    project.remove_work(second.number)
    (kept,) = project.worklist()
    assert (kept.name, kept.comment, kept.patient) == ("a", "apex unclear", "sub-01")
    for call in (project.remove_work, lambda number: project.note_comment(number, "x")):
        with pytest.raises(InputError, match="the worklist has no such scan"):
            call(second.number)


def test_an_accepted_scan_of_the_worklist_has_its_patient_and_who_drew_it(project: Project) -> None:
    scan = box_scan("a")
    project.add_work([listed("a", patient="P1")])
    project.note_opened(project.worklist()[0].number, hash_of(scan))
    first = project.add_case(scan, box_labels(scan), work=Work("Ada", 90.5))
    second = project.add_case(scan, box_labels(scan))
    (case,) = project.cases()
    assert case.patient == "P1"
    assert [(one.version, one.person, one.seconds) for one in project.versions_of(case)] == [
        (2, None, None),
        (1, "Ada", 90.5),
    ]
    assert [one.label for one in project.versions_of(case)] == [second.label, first.label]
    assert project.worklist()[0].case == case.label.parent.name


def test_a_scan_is_known_again_though_its_copy_in_the_project_is_of_another_format(project: Project) -> None:
    """A DICOM series' matrix has more digits than a NIfTI header."""
    scan = box_scan("a", affine=np.diag([1 / 3, 1 / 7, 1.1, 1.0]))
    project.add_work([listed("a", patient="P1")])
    project.note_opened(project.worklist()[0].number, hash_of(scan))
    case = project.add_case(scan, box_labels(scan))
    assert case.scan_hash != hash_of(scan)
    assert (project.worklist()[0].case, case.patient) == (case.label.parent.name, "P1")


def test_a_patients_word_is_the_same_for_one_project_and_tells_nothing_elsewhere(
    project: Project, tmp_path: Path
) -> None:
    word = project.pseudonym("1234567")
    assert word == Project(project.folder).pseudonym(" 1234567 ")
    assert word not in (project.pseudonym("1234568"), Project(tmp_path / "another").pseudonym("1234567"))
    assert word.startswith("P") and len(word) == 9
    assert b"1234567" not in (project.folder / "project.sqlite").read_bytes()


def test_a_damaged_worklist_is_said(project: Project) -> None:
    project.add_work([listed("a")])
    for text in ("[]", "[1]", '"/data/a.nii.gz"', "{", json.dumps([""])):
        with closing(sqlite3.connect(project.folder / "project.sqlite")) as database, database:
            database.execute("UPDATE worklist SET images = ?", (text,))
        with pytest.raises(InputError, match="the files of its worklist are damaged"):
            project.worklist()


def test_a_patient_is_named_on_the_worklist_and_of_the_case_or_of_neither(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = box_scan("a")
    project.add_work([listed("a")])
    (waiting,) = project.worklist()
    project.note_opened(waiting.number, hash_of(scan))
    project.add_case(scan, box_labels(scan))
    with monkeypatch.context() as patch:
        break_database(patch, "UPDATE cases SET patient")
        with pytest.raises(InputError, match="database or disk is full"):
            project.note_patient(waiting.number, "P1")
    assert (project.worklist()[0].patient, project.cases()[0].patient) == (None, None)
    project.note_patient(waiting.number, "P1")
    assert (project.worklist()[0].patient, project.cases()[0].patient) == ("P1", "P1")


def test_a_repair_that_lists_labels_takes_their_scan_off_the_worklist(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    scan = box_scan("a")
    project.add_work([listed("a", patient="P1")])
    project.note_opened(project.worklist()[0].number, hash_of(scan))
    with monkeypatch.context() as patch:
        patch.setattr(accepting, "_list", killed)
        with pytest.raises(KeyboardInterrupt):
            project.add_case(scan, box_labels(scan))
    assert repair(project, check(project.folder)) == []
    (case,) = project.cases()
    assert (project.worklist()[0].case, case.patient) == (case.image.parent.name, "P1")
