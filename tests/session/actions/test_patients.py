"""The patient of a case: asked for at its first accept, kept with it, and never asked for again."""

from __future__ import annotations

from pathlib import Path

import pytest
from session_cases import Told, accept_all, box_labels, box_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.session.actions import accept, patients
from napari_boundaryseg.session.actions.cases import add_folder, open_case, remove
from napari_boundaryseg.session.case_list import case_rows
from napari_boundaryseg.session.project.project import Project


def asked(told: Told) -> str | None:
    return told.session.patient_questions.first(told.session.project)


@pytest.mark.parametrize("word, kept", [("sub-07", "sub-07"), ("", "")])
def test_a_person_is_asked_at_the_first_accept_and_never_again(told: Told, word: str, kept: str) -> None:
    session = told.session
    assert asked(told) is None
    accept_all(session, box_scan("a", 1))
    assert asked(told) == "a"
    patients.answer(session, f" {word} ")
    assert (asked(told), session.project.cases()[0].patient) == (None, kept)
    accept.accept(session, box_labels(session.scan))
    assert asked(told) is None
    assert Project(session.project.folder).cases()[0].patient == kept, "also in another window"


def test_one_is_asked_after_the_other_and_until_it_is_answered(told: Told) -> None:
    accept_all(told.session, box_scan("a", 1), box_scan("b", 2), box_scan("a", 1))
    assert asked(told) == "a"
    patients.answer(told.session, "P1")
    assert asked(told) == "b"
    patients.answer(told.session, "P2")
    assert asked(told) is None
    assert patients.known_patients(told.session) == ["P1", "P2"]
    patients.answer(told.session, "nobody is asked")
    assert [case.patient for case in told.session.project.cases()] == ["P1", "P2"]


def test_the_answer_stands_in_the_list_too_and_a_word_of_the_list_is_an_answer(told: Told, tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    for n, name in enumerate("abc"):
        formats.write(box_scan(name, n), tmp_path / "scans" / f"{name}.nii.gz")
    session = told.session
    add_folder(session, tmp_path / "scans")
    rows = case_rows(session.project)
    patients.note_patient(session, rows[2], "P9")
    for row in rows:
        open_case(session, row)
        accept.accept(session, box_labels(session.scan))
    assert asked(told) == "a"
    patients.answer(session, "P1")
    assert session.project.worklist()[0].patient == "P1"
    assert asked(told) == "b"
    patients.note_patient(session, case_rows(session.project)[1], "P2")
    assert asked(told) is None, "c was known"
    assert [case.patient for case in session.project.cases()] == ["P1", "P2", "P9"]


def test_a_case_that_was_removed_is_not_asked_about_and_one_on_no_list_can_be_named(told: Told) -> None:
    session = told.session
    accept_all(session, box_scan("a", 1), box_scan("b", 2))
    patients.note_patient(session, case_rows(session.project)[0], "P1")
    assert (session.project.cases()[0].patient, asked(told)) == ("P1", "b")
    remove(session, case_rows(session.project)[1])
    assert asked(told) is None


def test_a_question_belongs_to_the_project_of_its_case(told: Told, tmp_path: Path) -> None:
    session, first = told.session, told.session.project
    accept_all(session, box_scan("a", 1))
    session.project = Project(tmp_path / "other")
    assert asked(told) is None
    patients.answer(session, "P1")
    session.project = first
    assert asked(told) == "a"
