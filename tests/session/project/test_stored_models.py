"""A model of a project whose file is another one is told by the check and used by nobody."""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import torch
from session_cases import Told, box_labels, box_scan
from typer.testing import CliRunner

from napari_boundaryseg.cli import app, main
from napari_boundaryseg.data import formats
from napari_boundaryseg.engine.checkpoints.checkpoint import load_model, save
from napari_boundaryseg.engine.checkpoints.model_library import read_card
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.actions import fine_tune, segment
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.model_versions import ModelVersion
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import repair
from napari_boundaryseg.session.project.stored_models import sha256_of

CHANGED = "it is not the model that the project stored under this name"
OLD = Path(__file__).parents[2] / "made_by_0_1" / "project"


def other_weights(path: Path) -> None:
    """Another valid model in its place, of the same size and with the same dates."""
    found, model = path.stat(), load_model(path)
    save(path, model.card, {name: torch.roll(value, 1) for name, value in model.network.state_dict().items()})
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert path.stat().st_size == found.st_size


def flipped_weight(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)


def older_version(path: Path) -> None:
    shutil.copy2(path.with_name("tiny-v2.safetensors"), path)


CHANGES = {
    "other weights": other_weights,
    "a flipped bit": flipped_weight,
    "the file of another version": older_version,
}


@pytest.fixture
def second(project: Project, tiny_model: Path, make_model: Callable[..., Path]) -> ModelVersion:
    """The version in use of two."""
    project.add_model(tiny_model)
    later = make_model()
    flipped_weight(later)
    return project.add_model(later)


def test_every_model_is_listed_with_its_hash(project: Project, second: ModelVersion) -> None:
    assert [model.sha256 for model in project.models()] == [sha256_of(model.path) for model in project.models()]
    with closing(sqlite3.connect(project.folder / "project.sqlite")) as database, database:
        database.execute("DELETE FROM models WHERE version = 3")
    found = check(project.folder)
    repair(project, found)
    assert [model.sha256 for model in project.models()] == [sha256_of(model.path) for model in project.models()]


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_model_is_told_by_the_check_and_kept_by_a_repair(
    project: Project, second: ModelVersion, change: Callable[[Path], None]
) -> None:
    assert check(project.folder) == []
    change(second.path)
    (finding,) = check(project.folder)
    assert finding.subject == "models/tiny-v3.safetensors"
    assert finding.problem == "is listed, and is not the model that was stored"
    left = second.path.read_bytes()
    assert repair(project, [finding]) == [finding]
    assert second.path.read_bytes() == left


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_model_is_used_by_nobody_until_it_is_put_back(
    told: Told, project: Project, second: ModelVersion, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    good = second.path.read_bytes()
    project.add_case(box_scan(), box_labels(box_scan()))
    load_model(second.path)  # what was known of the file that was there before is not what counts
    change(second.path)

    segment.segment(told.session, second.path)
    assert told.one_error().startswith(f"tiny-v3.safetensors: {CHANGED}. Put a copy of that one back")
    assert told.session.prediction is None
    with pytest.raises(InputError, match=CHANGED):
        fine_tune.fine_tune(told.session, second.path, ["case1"])
    assert list(project.models_folder.glob("training-*")) == []
    with pytest.raises(InputError, match=CHANGED):
        project.use_model("tiny", second.path.name)
    project.use_model("tiny", None)
    with pytest.raises(InputError, match=CHANGED):
        project.roll_back("tiny")
    assert project.active_model("tiny") is None

    second.path.write_bytes(good)
    assert project.roll_back("tiny") == second.path
    segment.segment(told.session, second.path)
    assert told.session.prediction is not None
    assert check(project.folder) == []


@pytest.mark.parametrize("how", ["whole path", "from the folder", "through a link"])
@pytest.mark.parametrize("command", ["predict", "finetune", "locator"])
def test_the_command_line_refuses_a_changed_model_of_a_project(
    project: Project,
    second: ModelVersion,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    how: str,
) -> None:
    flipped_weight(second.path)
    scan = formats.write(box_scan(), tmp_path / "scan.nii.gz") or tmp_path / "scan.nii.gz"
    model: Path = second.path
    if how == "from the folder":
        monkeypatch.chdir(second.path.parent)
        model = Path(second.path.name)
    elif how == "through a link":
        if sys.platform == "win32":
            pytest.skip("links need a right there")
        (tmp_path / "mine.safetensors").symlink_to(second.path)
        model = tmp_path / "mine.safetensors"
    words = {
        "predict": ["predict", str(scan), "--model", str(model), "-o", str(tmp_path / "out")],
        "locator": [
            "predict",
            str(scan),
            "--model",
            "hippocampus-sgm",
            "--locator",
            str(model),
            "-o",
            str(tmp_path / "out"),
        ],
        "finetune": ["finetune", str(model), "--data", str(tmp_path), "-o", str(tmp_path / "out")],
    }[command]
    monkeypatch.setattr(sys, "argv", ["boundaryseg", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith(f"error: tiny-v3.safetensors: {CHANGED}.")
    assert not (tmp_path / "out").exists()


def test_a_model_of_no_project_and_one_that_is_not_listed_are_used(
    told: Told, project: Project, tiny_model: Path
) -> None:
    unlisted = project.models_folder / "mine.safetensors"
    shutil.copy(tiny_model, unlisted)
    for path in (tiny_model, unlisted):
        told.session.prediction = None
        segment.segment(told.session, path)
        assert told.of("error") == []
        assert told.session.prediction is not None


def test_the_check_says_unchanged_only_of_what_it_compared(tmp_path: Path, project: Project, tiny_model: Path) -> None:
    def said(folder: Path) -> str:
        return CliRunner().invoke(app, ["project", "check", str(folder)]).output

    project.add_model(tiny_model)
    assert said(project.folder) == "Every listed scan, label map and model is there and unchanged.\n"
    old = Path(shutil.copytree(OLD, tmp_path / "old"))
    for path in (old, *old.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    expected = (
        "Every listed scan, label map and model is there and can be read. All but 1 scan, 2 label maps and 1 model are "
        "unchanged: an earlier version of the program stored those, without a hash.\n"
    )
    assert said(old) == expected
    Project(old).begin_writing()
    assert said(old) == expected, "also after it was migrated"


def of_version_1(project: Project) -> None:
    """Turn the tables into those that the program made before models had a hash."""
    with closing(sqlite3.connect(project.folder / "project.sqlite")) as database, database:
        for column in ("models DROP COLUMN sha256", "cases DROP COLUMN comment", "versions DROP COLUMN person"):
            database.execute(f"ALTER TABLE {column}")
        database.execute("ALTER TABLE versions DROP COLUMN seconds")
        for table in ("worklist", "patient_key", "certificates", "limits_anew"):
            database.execute(f"DROP TABLE {table}")
        database.execute("PRAGMA user_version = 1")


def test_a_project_of_version_1_is_read_as_it_is_and_gets_hashes_for_what_comes(
    told: Told, project: Project, second: ModelVersion
) -> None:
    of_version_1(project)
    before = (project.folder / "project.sqlite").read_bytes()
    read = Project(project.folder)
    assert [model.sha256 for model in read.models()] == [None, None]
    assert check(project.folder) == []
    segment.segment(told.session, second.path)
    assert told.session.prediction is not None
    assert (project.folder / "project.sqlite").read_bytes() == before

    project._hold = None
    added = Project(project.folder).add_model(second.path)
    assert [model.sha256 for model in project.models()] == [None, None, sha256_of(added.path)]


def test_a_model_that_was_replaced_is_read_anew_whatever_its_dates_say(tmp_path: Path, tiny_model: Path) -> None:
    path = Path(shutil.copy2(tiny_model, tmp_path / "model.safetensors"))
    before = read_card(path)[1]
    other_weights(path)
    assert (read_card(path)[1], load_model(path).sha256) == (sha256_of(path), sha256_of(path))
    assert read_card(path)[1] != before
