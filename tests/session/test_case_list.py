"""One list of cases: waiting, in work, accepted; and which is next."""

from __future__ import annotations

from pathlib import Path

import pytest
from session_cases import box_labels, box_scan

from napari_boundaryseg.data.datasets.worklist import Listed
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.case_list import CaseRow, case_rows, neighbour
from napari_boundaryseg.session.project.accepting import Work
from napari_boundaryseg.session.project.project import Project


@pytest.fixture
def study(project: Project) -> Project:
    """Three scans wait, of which the first is accepted; one more was accepted that never waited."""
    project.add_work([Listed(name, (Path(f"/data/{name}.nii.gz"),), "P1") for name in ("c", "b", "a")])
    first = box_scan("c")
    project.note_opened(project.worklist()[0].number, hash_of(first))
    project.add_case(first, box_labels(first), work=Work("Ada", 60.0))
    other = box_scan("own", seed=3)
    project.add_case(other, box_labels(other))
    return project


def test_the_worklist_comes_first_in_its_order_and_each_scan_once(study: Project) -> None:
    rows = case_rows(study)
    assert [(row.name, row.status, row.patient) for row in rows] == [
        ("c", "accepted", "P1"),
        ("b", "new", "P1"),
        ("a", "new", "P1"),
        ("own", "accepted", None),
    ]
    assert rows[0].images == (Path("/data/c.nii.gz"),)
    assert rows[3].images == (rows[3].case.image,)
    assert [(row.case.person, row.case.seconds) for row in (rows[0], rows[3])] == [("Ada", 60.0), (None, None)]


def test_work_that_nobody_accepted_is_in_work_also_on_an_accepted_scan(study: Project) -> None:
    waiting = box_scan("b", seed=9)
    study.note_opened(study.worklist()[1].number, hash_of(waiting))
    in_work = {hash_of(waiting), hash_of(box_scan("own", seed=3))}
    assert [row.status for row in case_rows(study, in_work)] == ["accepted", "in work", "new", "in work"]


def test_next_and_previous_in_the_order_of_the_list(study: Project) -> None:
    rows = case_rows(study)
    one, two, three, four = rows
    assert [neighbour(rows, row, 1) for row in (None, one, two, three, four)] == [one, two, three, four, None]
    assert [neighbour(rows, row, -1) for row in (None, four, three, two, one)] == [four, three, two, one, None]
    assert neighbour([], None, 1) is None


def test_the_next_that_is_to_be_done_passes_accepted_ones_over_and_begins_again(study: Project) -> None:
    rows = case_rows(study)
    c, b, a, own = rows

    def to_do(current: CaseRow | None) -> CaseRow | None:
        return neighbour(rows, current, 1, unaccepted=True)

    assert [to_do(row) for row in (None, c, b, a, own)] == [b, b, a, b, b]
    assert neighbour([c, b], b, 1, unaccepted=True) is None, "it is the one that is open"
    assert neighbour([c, own], c, 1, unaccepted=True) is None


def test_a_comment_is_that_of_the_waiting_scan_or_of_the_accepted_case(study: Project) -> None:
    study.note_comment(study.worklist()[1].number, "apex unclear")
    study.note_case("own", "for teaching")
    assert [row.comment for row in case_rows(study)] == ["", "apex unclear", "", "for teaching"]
    with pytest.raises(InputError, match="the project has no such case"):
        study.note_case("nobody", "x")
