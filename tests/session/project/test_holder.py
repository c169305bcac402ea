"""One process writes to a project; another may read, is told who writes, and follows when that one ends."""

from __future__ import annotations

import gc
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project_holder import held
from session_cases import Told, box_labels

from napari_boundaryseg.data.scratch.folder_lock import FolderLock
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.jobs.runner import InlineRunner
from napari_boundaryseg.session.actions.accept import accept
from napari_boundaryseg.session.actions.project import open_project
from napari_boundaryseg.session.project import holder
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session

WRITES: dict[str, Callable[[Project, Volume, Path], object]] = {
    "add_case": lambda project, scan, model: project.add_case(scan, box_labels(scan)),
    "remove_case": lambda project, scan, model: project.remove_case(scan.name),
    "add_model": lambda project, scan, model: project.add_model(model),
    "use_model": lambda project, scan, model: project.use_model("tiny", None),
    "roll_back": lambda project, scan, model: project.roll_back("tiny"),
    "training_folder": lambda project, scan, model: project.training_folder(),
}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def release_all(*projects: Project) -> None:
    for project in projects:
        project._hold = None
    gc.collect()


@pytest.mark.parametrize("write", WRITES)
def test_while_another_process_holds_a_project_nothing_is_written_and_all_is_read(
    project: Project, scan: Volume, tiny_model: Path, write: str
) -> None:
    project.add_case(scan, box_labels(scan))
    project.add_model(tiny_model)
    release_all(project)
    with held(project.folder) as child:
        before = contents(project.folder)
        who = rf"study: it is read-only: held by a window on {re.escape(socket.gethostname())} \(process {child.pid}\) "
        with pytest.raises(ReadOnly, match=who + r"since \d{4}-\d\d-\d\d \d\d:\d\d\. Close"):
            WRITES[write](project, scan, tiny_model)
        assert contents(project.folder) == before
        assert [case.name for case in project.cases()] == ["case1"]
        assert [model.version for model in Project(project.folder).models()] == [2]
    WRITES[write](project, scan, tiny_model)  # the other one was killed
    assert project.read_only == ""


def test_a_holder_that_ends_gives_the_project_free(project: Project, scan: Volume, labels: LabelMap) -> None:
    with held(project.folder) as child:
        child.communicate("")
        assert project.add_case(scan, labels).version == 1


def test_several_objects_of_one_process_share_the_right_until_the_last_has_gone(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    project.add_case(scan, labels)
    other = Project(project.folder)
    assert other.add_case(scan, labels).version == 2
    take = "import sys; from pathlib import Path; from napari_boundaryseg.session.project.project import Project; "
    command = [sys.executable, "-c", f"{take}Project(Path(sys.argv[1])).begin_writing()", str(project.folder)]
    release_all(project)
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "ReadOnly: study: it is read-only: held by a program" in refused.stderr
    release_all(other)
    assert subprocess.run(command, check=False).returncode == 0


def test_a_window_opens_a_held_project_to_be_read_and_accepts_once_it_is_free(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    session = Session(InlineRunner())
    told = Told(session)
    session.scan = scan
    with held(project.folder) as child:
        open_project(session, project.folder)
        assert session.project is not None
        assert f"(process {child.pid})" in session.project.read_only
        (warning,) = told.of("warning")
        assert warning.startswith("study is read-only: held by a window on ")
        assert accept(session, labels).state == "failed"
        assert "it is read-only: held by a window on " in told.one_error()
        assert session.project.cases() == []
    assert accept(session, labels).state == "returned"
    assert session.project.read_only == ""
    assert told.of("info") == ["Accepted case1, version 1. It has a certificate: Certificate, in Cases, shows it."]
    session.close()


def test_a_window_that_opens_another_project_gives_the_first_one_free(tmp_path: Path, scan: Volume) -> None:
    session = Session(InlineRunner())
    session.scan = scan
    for name in ("a", "b"):
        open_project(session, tmp_path / name)
        assert accept(session, box_labels(scan)).state == "returned"
    gc.collect()
    with held(tmp_path / "a"):
        assert accept(session, box_labels(scan)).result.version == 2
    session.close()


def test_a_lock_file_that_somebody_deleted_is_taken_again(project: Project, scan: Volume, labels: LabelMap) -> None:
    project.add_case(scan, labels)
    (project.folder / FolderLock.FILE).unlink()
    assert project.add_case(scan, labels).version == 2
    release_all(project)
    with held(project.folder), pytest.raises(ReadOnly):
        project.add_case(scan, labels)


def test_where_locks_do_not_hold_the_last_to_come_writes_and_the_first_is_told(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lying(FolderLock):
        @classmethod
        def of(cls, folder: Path) -> FolderLock:
            return cls(os.open(folder / cls.FILE, os.O_RDWR | os.O_CREAT, 0o600))

    monkeypatch.setattr(holder, "FolderLock", Lying)
    assert project.add_case(scan, labels).version == 1
    holder._HOLDS.clear()  # as if the next one were of another computer
    other = Project(project.folder, "window")
    assert other.add_case(scan, labels).version == 2
    with pytest.raises(ReadOnly, match="held by a window on "):
        project.add_case(scan, labels)
    assert other.add_case(scan, labels).version == 3


def test_a_file_system_without_locks_can_be_used_by_one_at_a_time(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Without(FolderLock):
        @classmethod
        def of(cls, folder: Path) -> None:
            return None

    with held(project.folder) as child:
        monkeypatch.setattr(holder, "FolderLock", Without)
        with pytest.raises(ReadOnly, match=rf"process {child.pid}"):
            project.add_case(scan, labels)
    assert project.add_case(scan, labels).version == 1
    assert not [path.name for path in project.folder.iterdir() if path.name.startswith(".boundaryseg-")]


def test_a_folder_that_cannot_be_written_is_read_only_and_says_so(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.add_case(scan, labels)
    release_all(project)
    monkeypatch.setattr(holder, "FolderLock", type("None", (FolderLock,), {"of": classmethod(lambda cls, path: None)}))
    monkeypatch.setattr(holder.os, "access", lambda *_: False)
    with pytest.raises(ReadOnly, match="study: it is read-only: the folder cannot be written"):
        project.add_case(scan, labels)
    assert [case.version for case in Project(project.folder).cases()] == [1]


def test_since_is_told_also_where_the_list_says_nonsense() -> None:
    assert str(holder.Holder("pc", 3, "window", "yesterday")) == "a window on pc (process 3) since an unknown time"
