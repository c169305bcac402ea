"""A project whose list is damaged, lost or closed: a sentence says what to do, and nothing is told as stored."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from session_cases import Told, box_labels, box_scan

from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions.project import open_project
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.database import FILE
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import repair

PAGE = 4096


@pytest.fixture
def full(project: Project, scan: Volume, tiny_model: Path) -> Project:
    project.add_case(scan, box_labels(scan))
    project.add_model(tiny_model)
    return project


def copied(full: Project, tmp_path: Path) -> Path:
    return Path(shutil.copytree(full.folder, tmp_path / "copy"))


def test_nothing_is_stored_in_a_list_of_which_any_page_is_lost(full: Project, tmp_path: Path) -> None:
    pages = (full.folder / FILE).stat().st_size // PAGE
    told = []
    for page in range(pages):
        folder = copied(full, tmp_path)
        data = bytearray((folder / FILE).read_bytes())
        data[page * PAGE : (page + 1) * PAGE] = bytes(PAGE)
        (folder / FILE).write_bytes(data)
        with pytest.raises(InputError) as caught:
            Project(folder).add_case(box_scan("other", seed=3), box_labels(box_scan()))
        told.append(str(caught.value))
        assert len(list((folder / "cases").iterdir())) == 1
        shutil.rmtree(folder)
    assert pages > 5
    advice = "Put a copy of project.sqlite from before in its place; scans, labels and models lie in the folder as"
    assert all(advice in text for text in told), told


def empty(folder: Path) -> None:
    (folder / FILE).write_bytes(b"")


def gone(folder: Path) -> None:
    (folder / FILE).unlink()


def of_another(folder: Path) -> None:
    shutil.copy(Project(folder.with_name("another")).folder / FILE, folder / FILE)


@pytest.mark.parametrize("lose", [empty, gone, of_another])
def test_a_folder_whose_list_was_lost_is_not_shown_as_empty_and_is_listed_again(
    told: Told, full: Project, tmp_path: Path, lose
) -> None:
    folder = copied(full, tmp_path)
    lose(folder)
    for _ in range(2):
        with pytest.raises(InputError, match=r"names no case, though labels lie in the folder.*check FOLDER --repair"):
            open_project(told.session, folder)
        assert told.session.project is full
        found = check(folder)
        assert {"cases/case1-38fcde7f/labels-v1.nii.gz", "models/tiny-v2.safetensors"} <= {f.subject for f in found}
    assert repair(Project(folder, relist=True), found) == []
    assert check(folder) == []
    assert [case.name for case in Project(folder).cases()] == ["case1"]
    assert [model.version for model in Project(folder).models()] == [2]


def test_a_list_that_another_program_has_open_says_so(full: Project) -> None:
    with closing(sqlite3.connect(full.folder / FILE, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InputError, match=r"database is locked\. Close the program that has it open"):
            full.cases()


def test_a_project_that_was_moved_while_it_is_open_is_named_and_nothing_is_made_in_its_place(
    full: Project, scan: Volume
) -> None:
    moved = full.folder.rename(full.folder.with_name("moved"))
    for change in (
        lambda: full.add_case(scan, box_labels(scan)),
        lambda: full.use_model("tiny", None),
        full.training_folder,
    ):
        with pytest.raises(ReadOnly, match=r"its folder is not there any more\. Open the project where it lies now"):
            change()
    assert not full.folder.exists()
    assert Project(moved).add_case(scan, box_labels(scan)).version == 2


def test_a_copy_is_a_project_of_its_own_also_while_the_original_is_held(full: Project, tmp_path: Path) -> None:
    full.begin_writing()
    copy = Project(copied(full, tmp_path))
    other = box_scan("other", seed=3)
    assert copy.add_case(other, box_labels(other)).version == 1
    assert [len(one.cases()) for one in (full, copy)] == [1, 2]
    assert check(copy.folder) == check(full.folder) == []


WITHOUT_RIGHTS = """
import sys
from pathlib import Path
from napari_boundaryseg.session.project.check import check
for finding in check(Path(sys.argv[1])):
    print(finding.subject, "|", finding.problem)
"""


def powerless() -> list[str]:
    """What begins a command that has only the rights that files give; empty for who has no others."""
    if sys.platform == "win32":
        pytest.skip("rights are others there")
    if os.getuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("root may read everything")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]


@pytest.mark.parametrize("part", ["cases", "cases/case1-38fcde7f", "cases/case1-38fcde7f/labels-v1.nii.gz"])
def test_a_check_lists_what_it_may_not_read(full: Project, part: str) -> None:
    path = full.folder / part
    rights = path.stat().st_mode
    command = [*powerless(), sys.executable, "-c", WITHOUT_RIGHTS, str(full.folder)]
    path.chmod(0)
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    finally:
        path.chmod(rights)
    assert (done.returncode, done.stderr) == (0, "")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith(f"{part} |")]
    assert line.endswith("Permission denied")
