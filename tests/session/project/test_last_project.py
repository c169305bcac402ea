"""The next window opens the project of the last one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions.project import open_last_project, open_project
from napari_boundaryseg.session.project import last_project
from napari_boundaryseg.session.project import project as projects
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.session import Session


@pytest.fixture(autouse=True)
def nothing_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOUNDARYSEG_PROJECT", raising=False)
    monkeypatch.setattr(projects, "user_data_path", lambda name: tmp_path / "data")


def folder_found() -> Path | None:
    found = last_project.find()
    return found.folder if found else None


def test_at_first_there_is_none_and_none_is_made(tmp_path: Path) -> None:
    assert last_project.find() is None
    assert list(tmp_path.iterdir()) == []


def test_the_default_project_is_opened_once_it_exists(tmp_path: Path) -> None:
    Project.default()
    assert folder_found() == tmp_path / "data" / "project"


def test_the_folder_chosen_last_is_opened_again(tmp_path: Path) -> None:
    Project.default()
    for name in ("a", "b"):
        last_project.remember(Project(tmp_path / name).folder)
    assert folder_found() == tmp_path / "b"


def test_the_environment_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last_project.remember(Project(tmp_path / "a").folder)
    monkeypatch.setenv("BOUNDARYSEG_PROJECT", str(tmp_path / "b"))
    assert last_project.find() is None
    Project(tmp_path / "b")
    assert folder_found() == tmp_path / "b"


def test_a_folder_that_has_gone_is_told_and_not_made_again(tmp_path: Path) -> None:
    last_project.remember(Project(tmp_path / "study").folder)
    shutil.rmtree(tmp_path / "study")
    with pytest.raises(InputError, match="study: the project folder used last is not there"):
        last_project.find()
    assert not (tmp_path / "study").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"project": 3}'])
def test_a_damaged_memory_is_no_memory(config: Path, text: str) -> None:
    (config / "napari-boundaryseg").mkdir(parents=True)
    (config / "napari-boundaryseg" / "last_project.json").write_text(text)
    assert last_project.find() is None


def test_a_memory_that_cannot_be_written_stops_nobody(config: Path, project: Project) -> None:
    config.write_text("a file is in the way")
    last_project.remember(project.folder)
    assert last_project.find() is None


def test_choosing_a_project_is_remembered_by_the_next_session(tmp_path: Path) -> None:
    from napari_boundaryseg.jobs.runner import InlineRunner

    for expected in (None, tmp_path / "study"):
        session = Session(InlineRunner())
        open_last_project(session)
        assert (session.project.folder if session.project else None) == expected
        open_project(session, tmp_path / "study")
        session.close()


def test_a_folder_is_seen_once_it_was_chosen_or_shown_also_by_the_next_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_project, "_SEEN", set())
    default, chosen, other = Project.default_folder(), tmp_path / "chosen", tmp_path / "other"
    assert not any(map(last_project.is_seen, (default, chosen, other)))
    last_project.remember(Project(chosen).folder)
    last_project.see(default)
    monkeypatch.setattr(last_project, "_SEEN", set())
    assert [last_project.is_seen(one) for one in (default, chosen, other)] == [True, True, False]
    assert folder_found() == chosen, "what was only seen is not the one used last"


def test_the_folder_that_an_earlier_version_remembers_was_chosen_by_the_person(tmp_path: Path, config: Path) -> None:
    file = config / "napari-boundaryseg" / "last_project.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"project": str(tmp_path / "chosen")}))
    assert last_project.is_seen(tmp_path / "chosen")
    for damaged in ("", "[]", '{"project": 3, "seen": {}}', '{"project": null, "seen": [3]}'):
        file.write_text(damaged)
        assert not last_project.is_seen(tmp_path / "other")
        assert last_project.find() is None


def test_where_nothing_can_be_kept_a_folder_is_seen_by_this_window(tmp_path: Path, config: Path) -> None:
    config.write_text("no folder")
    last_project.see(tmp_path / "here")
    assert last_project.is_seen(tmp_path / "here")
