"""Roles in fine-tunings belong to patients, and outlive the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from session_cases import box_labels, box_scan

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "study")
    for n, (name, patient) in enumerate((("a", "1"), ("b", "1"), ("c", "2"), ("d", None), ("e", ""))):
        scan = box_scan(name, n + 1)
        made.add_case(scan, box_labels(scan))
        made.note_patient_of(name, patient)
    return made


def test_a_role_is_that_of_all_of_a_patients_cases_and_survives_reopening(project: Project) -> None:
    assert project.roles() == {}
    project.give_roles({"a": "Held out", "c": "Train", "d": "Train"})
    wanted = {"a": "Held out", "b": "Held out", "c": "Train", "d": "Train"}
    assert project.roles() == wanted
    assert Project(project.folder).roles() == wanted
    project.give_roles({"b": "Train"})
    assert project.roles() == {**wanted, "a": "Train", "b": "Train"}, "and not of who is not known: e has none"


def test_a_case_is_left_out_alone(project: Project) -> None:
    project.give_roles({"a": "Train"})
    project.give_roles({"b": "Leave out"})
    assert project.roles() == {"a": "Train", "b": "Leave out"}
    project.give_roles({"a": "Held out"})
    assert project.roles() == {"a": "Held out", "b": "Leave out"}


def test_it_stays_when_the_case_is_accepted_again(project: Project) -> None:
    project.give_roles({"c": "Held out"})
    scan = box_scan("c", 3)
    project.add_case(scan, box_labels(scan))
    assert project.roles() == {"c": "Held out"}


def test_all_roles_are_kept_or_none(project: Project) -> None:
    with pytest.raises(InputError, match="no such case"):
        project.give_roles({"a": "Train", "nobody": "Train"})
    with pytest.raises(ValueError, match="Judge is none of Train"):
        project.give_roles({"a": "Judge"})
    assert project.roles() == {}
