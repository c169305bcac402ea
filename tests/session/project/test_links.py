"""Nothing in a project is a link that is followed: neither read nor written through."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from session_cases import box_labels, box_scan

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.cases import slug_of
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.project import Project

SLUG = slug_of("case1")
FILES = [
    "project.sqlite",
    "project.sqlite-journal",
    "owner.lock",
    f"cases/{SLUG}/case.json",
    f"cases/{SLUG}/scan.nii.gz",
    f"cases/{SLUG}/labels-v1.nii.gz",
    "models/tiny-v2.safetensors",
]
FOLDERS = ["cases", f"cases/{SLUG}", "models", "removed", "models/training-1"]


def every_call(folder: Path, scan: Volume, model: Path) -> list[str]:
    """What each call says that refuses; all of them are made."""
    calls: list[Callable[[], object]] = [
        lambda: Project(folder).cases(),
        lambda: Project(folder).models(),
        lambda: Project(folder).add_case(scan, box_labels(scan)),
        lambda: Project(folder).add_case(box_scan("other"), box_labels(scan)),
        lambda: Project(folder).add_model(model),
        lambda: Project(folder).training_folder(),
        lambda: Project(folder).remove_case("case1"),
    ]
    said = []
    for call in calls:
        try:
            call()
        except InputError as error:
            said.append(str(error))
    return said


def outside_of(folder: Path) -> dict[str, tuple[bytes | None, int]]:
    return {
        str(path): (path.read_bytes() if path.is_file() else None, path.lstat().st_mode)
        for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.parametrize("dangling", [False, True])
@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("place", [*FILES, *FOLDERS])
def test_a_link_is_refused_by_name_and_nothing_happens_at_its_other_end(
    tmp_path: Path, scan: Volume, tiny_model: Path, place: str, stored: bool, dangling: bool
) -> None:
    folder, outside = tmp_path / "study", tmp_path / "home"
    project = Project(folder)
    if stored:
        project.add_case(scan, box_labels(scan))
        project.add_model(tiny_model)
    del project
    outside.mkdir()
    link = folder / place
    link.parent.mkdir(parents=True, exist_ok=True)
    target = outside / "precious"
    if os.path.lexists(link):
        link.rename(target)
    elif not dangling and place in FOLDERS:
        target.mkdir()
    elif not dangling:
        target.write_bytes(b"precious")
    if dangling and os.path.lexists(target):
        target.rename(outside / "moved")
    link.symlink_to(target)
    before = outside_of(outside)

    said = every_call(folder, scan, tiny_model)
    assert outside_of(outside) == before
    assert [path for path in folder.rglob(link.name + "*") if path.is_symlink()], "nor is the link replaced"
    assert any(text.startswith(f"{link.name}: it is a link") for text in said), said
    if link.is_symlink() and (folder / "project.sqlite").is_file():
        assert place in [finding.subject for finding in check(folder)]


@pytest.mark.parametrize("name", ["scan.nii.gz", "case.json", "labels-v1.nii.gz"])
def test_a_pipe_is_refused_and_nobody_waits_for_it(project: Project, scan: Volume, name: str) -> None:
    case = project.add_case(scan, box_labels(scan))
    (case.image.parent / name).unlink()
    os.mkfifo(case.image.parent / name)
    if name == "case.json":
        with pytest.raises(InputError, match=r"case\.json: it is a device, pipe or socket"):
            project.meaning_of(case)
    else:
        with pytest.raises(InputError, match="it is a device, pipe or socket"):
            project.cases()
    with pytest.raises(InputError, match="it is a device, pipe or socket"):
        project.add_case(scan, box_labels(scan))
    assert f"cases/{SLUG}/{name}" in [finding.subject for finding in check(project.folder)]


def test_a_database_with_a_second_name_is_not_written(project: Project, scan: Volume, tmp_path: Path) -> None:
    os.link(project.folder / "project.sqlite", tmp_path / "other.sqlite")
    before = (tmp_path / "other.sqlite").read_bytes()
    with pytest.raises(InputError, match=r"project\.sqlite: it has a second name"):
        project.add_case(scan, box_labels(scan))
    assert (tmp_path / "other.sqlite").read_bytes() == before


def test_a_file_with_a_second_name_keeps_its_content_and_rights(project: Project, scan: Volume, tmp_path: Path) -> None:
    case = project.add_case(scan, box_labels(scan))
    precious = tmp_path / "precious"
    precious.write_bytes(b"precious")
    precious.chmod(0o644)
    notes = case.image.with_name("case.json")
    notes.unlink()
    os.link(precious, notes)
    project._hold = None
    project.add_case(scan, box_labels(scan))
    assert precious.read_bytes() == b"precious"
    assert precious.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("slug", ["", ".", "..", "a/b", "/etc", "a\0b"])
def test_a_case_of_the_list_lies_directly_in_its_folder(project: Project, scan: Volume, slug: str) -> None:
    import sqlite3
    from contextlib import closing

    project.add_case(scan, box_labels(scan))
    with closing(sqlite3.connect(project.folder / "project.sqlite")) as database, database:
        database.execute("UPDATE cases SET slug = ?", (slug,))
    for call in (project.cases, lambda: project.remove_case("case1"), lambda: project.add_case(scan, box_labels(scan))):
        with pytest.raises(InputError):
            call()
    assert (project.folder / "cases" / SLUG / "scan.nii.gz").is_file()
