"""Limits set anew: kept in the project by who may write to it, after the last accept; older tables have none."""

from __future__ import annotations

import gc
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from corrected_cases import accept_corrected
from session_cases import box_labels, box_scan

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project import database
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.trend.limits_anew import EVERY_ORGAN, begun_after, set_anew
from napari_boundaryseg.session.trend.trend import read_trends


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "project.sqlite")) as tables, tables:
        for statement in statements:
            tables.execute(statement)


def of_version_4(folder: Path) -> Path:
    """A project with a case as the program before this table left it; nobody holds it."""
    Project(folder).add_case(box_scan(), box_labels(box_scan()))
    gc.collect()
    change(folder, "DROP TABLE limits_anew", "PRAGMA user_version = 4")
    return folder


def test_charts_of_an_organ_and_of_cases_begin_after_the_last_accept(project: Project, tmp_path: Path) -> None:
    set_anew(project, "ab", "Bladder")
    assert begun_after(project) == {("ab", "Bladder"): 0, ("ab", EVERY_ORGAN): 0}
    for n in range(3):
        accept_corrected(project, tmp_path / "journals", f"case{n}", 1, 2.0, seed=n)
    project.remove_case("case2")
    set_anew(project, "ab", "Rectum")
    again = Project(project.folder)
    assert begun_after(again) == {("ab", "Bladder"): 0, ("ab", "Rectum"): 3, ("ab", EVERY_ORGAN): 3}
    assert check(project.folder) == []


def test_what_a_program_before_left_is_read_unchanged_and_migrated_once_it_is_written(tmp_path: Path) -> None:
    folder = of_version_4(tmp_path / "old")
    before = (folder / "project.sqlite").read_bytes()
    opened = Project(folder)
    assert begun_after(opened) == {} and [case.name for case in opened.cases()] == ["case1"]
    assert read_trends(opened) == [] and check(folder) == []
    assert (folder / "project.sqlite").read_bytes() == before
    set_anew(opened, "ab", "Bladder")
    assert begun_after(opened)["ab", "Bladder"] == 1
    assert [case.name for case in opened.cases()] == ["case1"] and check(folder) == []


def test_an_older_program_says_that_it_is_older(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "VERSION", 4)
    with pytest.raises(InputError, match=r"a later version of the program wrote it\. Update the program"):
        project.cases()


WRONG = {
    "a model that is bytes": "UPDATE limits_anew SET model = x'00'",
    "an organ that is bytes": "UPDATE limits_anew SET organ = x'00'",
    "a number in words": "UPDATE limits_anew SET after = 'two'",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_a_sentence(project: Project, wrong: str) -> None:
    set_anew(project, "ab", "Bladder")
    change(project.folder, wrong)
    with pytest.raises(InputError, match="a value of its lists is of the wrong kind"):
        begun_after(project)
