"""The database of a project: what is old is migrated, later or foreign refused, damaged a sentence."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from session_cases import box_labels

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.project import Project

OLD = Path(__file__).parents[2] / "made_by_0_1" / "project"


def change(folder: Path, *statements: str) -> None:
    with closing(sqlite3.connect(folder / "project.sqlite")) as database, database:
        for statement in statements:
            database.execute(statement)


def ask(folder: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "project.sqlite")) as database:
        return database.execute(statement).fetchall()


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return Path(shutil.copytree(OLD, tmp_path / "old"))


def test_reading_and_checking_what_0_1_made_changes_no_byte_of_it(old: Path) -> None:
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    project = Project(old)
    assert [(case.name, case.version) for case in project.cases()] == [("neck 1", 2)]
    assert [model.version for model in project.models()] == [2]
    assert {finding.subject for finding in check(old)} <= {"."}
    assert {path: path.read_bytes() for path in old.rglob("*") if path.is_file()} == before


def test_what_0_1_made_is_migrated_once_it_is_written(old: Path) -> None:
    project = Project(old)
    cases, models = project.cases(), project.models()
    project.begin_writing()
    assert ask(old, "PRAGMA user_version") == [(5,)]
    assert (project.cases(), project.models()) == (cases, models)
    assert ask(old, "SELECT patient, role, scan_hash FROM cases") == [(None, None, None)]
    listed = "SELECT slug, version, file, sha256, state FROM versions ORDER BY version"
    assert ask(old, listed) == [
        ("neck-1-716f9a60", 1, "labels-v1.nii.gz", None, "valid"),
        ("neck-1-716f9a60", 2, "labels-v2.nii.gz", None, "valid"),
    ]
    assert check(old) == []
    fresh = Project(old.with_name("fresh"))
    schema = "SELECT name, sql FROM sqlite_master ORDER BY name"
    assert ask(old, schema) and {row[0] for row in ask(old, schema)} == {row[0] for row in ask(fresh.folder, schema)}
    for table in ("cases", "versions", "holder", "models", "worklist", "patient_key", "certificates", "limits_anew"):
        columns = "SELECT name, type FROM pragma_table_info('TABLE')".replace("TABLE", table)
        assert ask(old, columns) == ask(fresh.folder, columns)


def test_a_case_of_0_1_gets_the_hash_of_its_scan_when_it_is_accepted_again(old: Path) -> None:
    project = Project(old)
    (case,) = project.cases()
    scan = formats.read(case.image)
    scan = Volume(scan.array, scan.geometry, scan.channels, "neck 1")
    again = project.add_case(scan, formats.read_labels(case.label).with_scheme(preset("hippocampus")))
    assert again.version == 3
    assert ask(old, "SELECT length(scan_hash) FROM cases") == [(32,)]
    assert check(old) == []


def test_a_database_of_a_later_version_is_refused_and_left_alone(project: Project, scan: Volume) -> None:
    change(project.folder, "PRAGMA user_version = 6")
    before = (project.folder / "project.sqlite").read_bytes()
    for call in (project.cases, lambda: project.add_case(scan, box_labels(scan)), lambda: Project(project.folder)):
        with pytest.raises(InputError, match=r"project\.sqlite: a later version of the program wrote it. Update"):
            call()
    assert (project.folder / "project.sqlite").read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    change(tmp_path / "study", "CREATE TABLE bookmarks (title TEXT)")
    before = (tmp_path / "study" / "project.sqlite").read_bytes()
    with pytest.raises(InputError, match=r"project\.sqlite: it is no project of this program"):
        Project(tmp_path / "study")
    assert (tmp_path / "study" / "project.sqlite").read_bytes() == before


@pytest.mark.parametrize(
    "hidden",
    [
        "CREATE TRIGGER gone AFTER INSERT ON versions BEGIN DELETE FROM cases; END",
        "CREATE VIEW also AS SELECT * FROM cases",
    ],
)
def test_a_database_that_acts_by_itself_is_refused(project: Project, scan: Volume, hidden: str) -> None:
    change(project.folder, hidden)
    with pytest.raises(InputError, match="it does more than to hold lists"):
        project.add_case(scan, box_labels(scan))


def test_an_empty_file_of_a_crash_becomes_a_project(tmp_path: Path, scan: Volume) -> None:
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "project.sqlite").touch()
    assert Project(tmp_path / "study").add_case(scan, box_labels(scan)).version == 1


WRONG = {
    "a name that is bytes": "UPDATE cases SET name = x'00ff'",
    "a name that is no UTF-8": "UPDATE cases SET name = CAST(x'ff41' AS TEXT)",
    "a slug that is no UTF-8": "UPDATE cases SET slug = CAST(x'ff41' AS TEXT)",
    "a version in words": "UPDATE cases SET version = 'two'",
    "a version with decimals": "UPDATE cases SET version = 1.5",
    "a scheme that is bytes": "UPDATE cases SET scheme = x'00'",
    "a hash that is a number": "UPDATE cases SET scan_hash = 1.5",
    "a model's file that is bytes": "UPDATE models SET file = x'00ff'",
    "a model's hash that is a number": "UPDATE models SET sha256 = 1.5",
    "a model's version in words": "UPDATE models SET version = 'two'",
    "a model's date that is bytes": "UPDATE models SET added = x'00'",
    "a comparison with NaN": """UPDATE models SET comparison = '{"change": {"mean": NaN}}'""",
    "a comparison with infinity": """UPDATE models SET comparison = '{"change": -Infinity}'""",
    "a comparison that is a list": "UPDATE models SET comparison = '[]'",
    "a comparison that is cut off": "UPDATE models SET comparison = '{'",
    "a deep comparison": "UPDATE models SET comparison = 'DEEP'".replace("DEEP", "[" * 50_000),
    "an active model that is bytes": "UPDATE active SET file = x'00'",
    "no table of cases": "DROP TABLE cases",
    "a table of cases with other columns": "ALTER TABLE cases RENAME COLUMN name TO title",
    "no table of versions": "DROP TABLE versions",
    "no table of the holder": "DROP TABLE holder",
}


def every_call(folder: Path, scan: Volume, model: Path) -> list[Callable[[], object]]:
    return [
        lambda: Project(folder).cases(),
        lambda: Project(folder).models(),
        lambda: Project(folder).active_model("tiny"),
        lambda: Project(folder).add_case(scan, box_labels(scan)),
        lambda: Project(folder).add_model(model),
        lambda: Project(folder).use_model("tiny", "tiny-v2.safetensors"),
        lambda: Project(folder).roll_back("tiny"),
        lambda: Project(folder).training_folder(),
        lambda: check(folder),
        lambda: Project(folder).remove_case("case1"),
    ]


def sentences(folder: Path, scan: Volume, model: Path) -> list[str]:
    """Every call is made; what it refuses is one sentence."""
    said = []
    for call in every_call(folder, scan, model):
        try:
            call()
        except InputError as error:
            said.append(str(error))
            assert "\n" not in said[-1]
            assert str(folder.parent) not in said[-1]
    return said


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_a_sentence(project: Project, scan: Volume, tiny_model: Path, wrong: str) -> None:
    project.add_case(scan, box_labels(scan))
    project.add_model(tiny_model)
    change(project.folder, wrong)
    assert sentences(project.folder, scan, tiny_model)


@pytest.mark.parametrize("seed", range(24))
def test_damaged_bytes_are_a_sentence_or_do_no_harm(
    project: Project, scan: Volume, tiny_model: Path, seed: int
) -> None:
    project.add_case(scan, box_labels(scan))
    project.add_model(tiny_model)
    rng, file = random.Random(seed), project.folder / "project.sqlite"
    data = bytearray(file.read_bytes())
    for _ in range(rng.choice([1, 4, 40])):
        data[rng.randrange(len(data))] = rng.randrange(256)
    file.write_bytes(data[: rng.choice([len(data), rng.randrange(len(data))])])
    labels = {path: path.read_bytes() for path in project.folder.rglob("labels-*")}
    sentences(project.folder, scan, tiny_model)
    left = {path.read_bytes() for path in project.folder.rglob("labels-*")}
    assert set(labels.values()) <= left
