"""Every change of a certificate, its page, its journal or the chain is found; crashes leave what a repair mends."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from certified import Bench, bench, paint
from session_cases import box_labels, box_scan

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.session.certificate.document import sealed, text_of
from napari_boundaryseg.session.certificate.replaying import replay
from napari_boundaryseg.session.certificate.verify import verify
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import repair


@pytest.fixture
def full(project: Project, tmp_path: Path) -> Project:
    """Three accepts of two cases."""
    work = bench(tmp_path / "journal")
    work.accept(project)
    bench(tmp_path / "journal", "other", 1).accept(project)
    paint(work.history, 3, 2, "Paint: Hippocampus_P, slice 4")
    work.accept(project)
    return project


def place(project: Project, name: str = "case1") -> Path:
    return next(case.label.parent for case in project.cases() if case.name == name)


def change(project: Project, *statements: str) -> None:
    with closing(sqlite3.connect(project.folder / "project.sqlite")) as database, database:
        for statement in statements:
            database.execute(statement)


def rows(project: Project) -> list[tuple[str, int, str, str]]:
    with closing(sqlite3.connect(project.folder / "project.sqlite")) as database:
        return database.execute("SELECT slug, version, sha256, previous FROM certificates ORDER BY number").fetchall()


def test_the_chain_runs_over_all_accepts_of_the_project(full: Project) -> None:
    before = None
    for slug, version, sha256, previous in rows(full):
        said = json.loads((full.folder / "cases" / slug / f"certificate-v{version}.json").read_text("utf-8"))
        assert (said["sha256"], said["previous"], previous) == (sha256, before, before or "")
        before = sha256
    found = verify(full)
    assert (len(found.whole), found.changed, found.missing, found.without, found.problems) == (3, (), (), 0, ())
    assert check(full.folder) == []


def forged(project: Project) -> None:
    """A certificate made anew, with a hash of its own."""
    path = place(project) / "certificate-v1.json"
    said = json.loads(path.read_text("utf-8"))
    said["minutes"] = 0.1
    path.write_bytes(text_of(sealed(said)))


def forged_in_the_list_too(project: Project) -> None:
    before = rows(project)[0][2]
    forged(project)
    after = json.loads((place(project) / "certificate-v1.json").read_text("utf-8"))["sha256"]
    change(
        project,
        "UPDATE certificates SET sha256 = 'AFTER' WHERE sha256 = 'BEFORE'".replace("AFTER", after).replace(
            "BEFORE", before
        ),
    )


def swapped(project: Project) -> None:
    one, two = (place(project) / f"certificate-v{version}.json" for version in (1, 2))
    data = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(data)


CHANGED: dict[str, tuple[Callable[[Project], object], str, str]] = {
    "a word": (
        lambda p: (place(p) / "certificate-v1.json").write_bytes(
            (place(p) / "certificate-v1.json").read_bytes().replace(b"reader", b"writer")
        ),
        "certificate-v1.json",
        "its content was changed",
    ),
    "a new hash": (forged, "certificate-v1.json", "its content was changed"),
    "a new hash in the list too": (forged_in_the_list_too, "certificate-v1.json", "the chain is broken"),
    "swapped": (swapped, "certificate-v2.json", "its content was changed"),
    "no certificate any more": (
        lambda p: (place(p) / "certificate-v2.json").write_text("{"),
        "certificate-v2.json",
        "was changed",
    ),
    "gone": (lambda p: (place(p) / "certificate-v2.json").unlink(), "certificate-v2.json", "not there"),
    "the page": (
        lambda p: (place(p) / "certificate-v1.html").write_text("all good"),
        "certificate-v1.html",
        "is not the page",
    ),
    "no page": (lambda p: (place(p) / "certificate-v1.html").unlink(), "certificate-v1.html", "not there"),
    "the journal": (
        lambda p: (place(p) / "journal-v1.steps").write_bytes((place(p) / "journal-v2.steps").read_bytes()),
        "journal-v1.steps",
        "is not the journal",
    ),
    "no journal": (lambda p: (place(p) / "journal-v1.steps").unlink(), "journal-v1.steps", "not there"),
    "a row of the list": (lambda p: change(p, "DELETE FROM certificates WHERE number = 1"), "certificate-v1.json", ""),
    "other labels in the list": (
        lambda p: change(p, "UPDATE versions SET sha256 = 'ff' WHERE version = 1 AND slug LIKE 'case1%'"),
        "certificate-v1.json",
        "names other labels",
    ),
}


@pytest.mark.parametrize("kind", CHANGED)
def test_what_was_changed_is_found_and_named(full: Project, kind: str) -> None:
    act, name, words = CHANGED[kind]
    act(full)
    found = [finding for finding in check(full.folder) if finding.subject.endswith(name)]
    assert any(words in finding.problem for finding in found), check(full.folder)


def test_a_deleted_row_breaks_the_chain_behind_it(full: Project) -> None:
    change(full, "DELETE FROM certificates WHERE number = 2")
    assert any("the chain is broken" in problem.what for problem in verify(full).problems)


def test_two_certificates_cannot_follow_one(full: Project) -> None:
    change(
        full, "UPDATE certificates SET previous = (SELECT previous FROM certificates WHERE number = 2) WHERE number = 3"
    )
    assert [problem.file.rpartition("/")[2] for problem in verify(full).problems if "broken" in problem.what] == [
        "certificate-v2.json"
    ]


def test_an_unbroken_list_in_another_order_than_the_certificates_say_is_found(full: Project) -> None:
    hashes = [sha256 for *_, sha256, _ in rows(full)]
    for number, before in ((2, hashes[2]), (3, hashes[0])):
        change(full, f"UPDATE certificates SET previous = '{before}' WHERE number = {number:d}")  # noqa: S608
    problems = verify(full).problems
    assert [problem.what for problem in problems] == 2 * ["names another certificate before it than the project's list"]


def test_any_byte_of_a_certificate_counts(full: Project) -> None:
    path, rng = place(full) / "certificate-v1.json", random.Random(4)
    data = path.read_bytes()
    for _ in range(150):
        at = rng.randrange(len(data))
        changed = bytearray(data)
        changed[at] ^= 1 << rng.randrange(7)
        path.write_bytes(changed)
        try:
            same = json.loads(changed) == json.loads(data)
        except ValueError:
            same = False
        assert same or verify(full).problems, at
    path.write_bytes(data)
    assert verify(full).problems == ()


def test_a_removed_case_leaves_its_links_in_the_chain(full: Project, tmp_path: Path) -> None:
    full.remove_case("case1")
    assert (check(full.folder), len(verify(full).whole)) == ([], 1)
    (kept,) = (full.folder / "removed").iterdir()
    assert replay(kept / "certificate-v2.json").same, "what was set aside can still be replayed"
    again = bench(tmp_path / "journal2").accept(full)
    assert again.version == 1 and check(full.folder) == []
    assert len(rows(full)) == 4


def test_accepts_of_an_earlier_program_have_none_and_that_is_counted(project: Project, scan: Volume) -> None:
    project.add_case(scan, box_labels(scan))
    change(project, "DELETE FROM certificates")
    for path in place(project).glob("certificate-*"):
        path.unlink()
    project.add_case(scan, box_labels(scan))
    assert check(project.folder) == []
    assert verify(project).in_words() == "1 certificate is whole. 1 accepted label map has none."


def crash(project: Project, work: Bench, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """An accept that ends where a certificate is listed, or before its page is written."""
    from napari_boundaryseg.session.certificate import chain, writing

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(*{"list": (chain, "add"), "page": (writing, "page_of")}[at], die)
        if at == "half":
            patch.setattr(writing, "page_of", die)
        with pytest.raises(Killed):
            work.accept(project)


def test_a_crash_before_the_list_leaves_a_certificate_that_is_listed_with_its_labels(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = bench(tmp_path / "journal")
    work.accept(project)
    crash(project, work, monkeypatch, "list")
    assert [case.version for case in project.cases()] == [1]
    found = check(project.folder)
    assert [finding.remedy for finding in found] == ["list it as version 2, the newest of its case"]
    assert repair(project, found) == [] and check(project.folder) == []
    assert len(verify(project).whole) == 2
    assert replay(place(project) / "certificate-v2.json").same


def test_a_certificate_of_a_crash_that_another_one_has_overtaken_is_set_aside(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = bench(tmp_path / "journal")
    crash(project, work, monkeypatch, "list")
    assert work.accept(project).version == 2
    assert repair(project, check(project.folder)) == [] and check(project.folder) == []
    assert verify(project).in_words() == "1 certificate is whole. 1 accepted label map has none."
    assert sorted(path.name.rpartition("-v")[2] for path in (project.folder / "removed").iterdir()) == [
        "1.html",
        "1.json",
        "1.steps",
    ]


def test_a_crash_before_the_certificate_leaves_a_journal_that_is_set_aside(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = bench(tmp_path / "journal")
    crash(project, work, monkeypatch, "page")
    assert repair(project, check(project.folder)) == [] and check(project.folder) == []
    assert [case.version for case in project.cases()] == [1]
    assert [path.name.rpartition("-")[2] for path in (project.folder / "removed").iterdir()] == ["v1.steps"]


def test_where_the_list_was_lost_the_chain_comes_back_with_the_labels(full: Project) -> None:
    before = {row[2:] for row in rows(full)}
    full._hold = None
    (full.folder / "project.sqlite").unlink()
    lost = Project(full.folder, relist=True)
    assert repair(lost, check(full.folder)) == []
    assert check(full.folder) == []
    assert {row[2:] for row in rows(full)} == before
    assert len(verify(lost).whole) == 3


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_in_place_of_a_certificate_is_not_followed(full: Project, tmp_path: Path) -> None:
    path = place(full) / "certificate-v1.json"
    path.rename(tmp_path / "elsewhere.json")
    path.symlink_to(tmp_path / "elsewhere.json")
    found = {finding.problem for finding in check(full.folder) if finding.subject.endswith(path.name)}
    assert found == {"is a link, which is not followed", "is listed, and not there"}


def test_strangers_cannot_read_them(full: Project) -> None:
    if os.name == "posix":
        assert {path.stat().st_mode & 0o077 for path in place(full).iterdir()} == {0}


def test_two_scans_of_one_name_have_certificates_of_their_own(project: Project, tmp_path: Path) -> None:
    for seed in (1, 2):
        bench(tmp_path / "journal", "t1", seed).accept(project)
    project.add_case(box_scan("t1", 3), box_labels(box_scan("t1", 3)))
    assert [case.name for case in project.cases()] == ["t1", "t1 (2)", "t1 (3)"]
    assert check(project.folder) == [] and len(verify(project).whole) == 3


def test_a_version_whose_labels_were_taken_away_gives_its_number_to_no_other(project: Project, tmp_path: Path) -> None:
    work = bench(tmp_path / "journal")
    case = work.accept(project)
    case.label.unlink()
    change(project, "DELETE FROM versions")
    assert work.accept(project).version == 2
    change(project, "DELETE FROM versions", "DELETE FROM cases")
    case.label.with_name("labels-v2.nii.gz").unlink()
    assert work.accept(project).version == 3, "its certificate lies there"
    assert not case.label.exists(), "nothing was tried under an old number"
