"""A check of a project finds everything that is wrong and nothing else; a repair deletes nothing."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from project_holder import held
from session_cases import box_labels, box_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.data.volume import Volume
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import repair

CLAIM = "INSERT INTO versions (slug, version, accepted, scheme, file, state) VALUES ('{}', 3, '', '', 'x', 'claimed')"


@pytest.fixture
def full(project: Project, scan: Volume, tiny_model: Path) -> Project:
    """A project with a case of two versions, one of another scan, and a model."""
    project.add_case(scan, box_labels(scan))
    project.add_case(scan, box_labels(scan).with_scheme(preset("pelvis-mr")))
    project.add_case(box_scan("other", seed=4), box_labels(scan))
    project.add_model(tiny_model)
    return project


def place(project: Project, name: str = "case1") -> Path:
    return next(case.image.parent for case in project.cases() if case.name == name)


def change(project: Project, *statements: str) -> None:
    with closing(sqlite3.connect(project.folder / "project.sqlite")) as database, database:
        for statement in statements:
            database.execute(statement)


def hashes(project: Project) -> set[str]:
    files = (path for path in project.folder.rglob("*") if path.is_file())
    return {hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.suffix in (".gz", ".safetensors")}


def test_a_whole_project_has_no_finding(full: Project) -> None:
    assert check(full.folder) == []


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x55
    path.write_bytes(data)


def swapped_scan(project: Project) -> None:
    formats.write(box_scan(seed=9), place(project) / "scan.nii.gz")


def other_labels(project: Project) -> None:
    scan = formats.read(place(project) / "scan.nii.gz")
    formats.write(scan.with_labels(np.ones(scan.geometry.shape, np.uint8)), place(project) / "labels-v1.nii.gz")


def other_grid(project: Project) -> None:
    scan = box_scan(affine=np.diag([1, 1, 2, 1.0]))
    formats.write(box_labels(scan), place(project) / "labels-v2.nii.gz")


LOST: dict[str, tuple[Callable[[Project], object], str, str]] = {
    "a scan that is gone": (lambda p: (place(p) / "scan.nii.gz").unlink(), "scan.nii.gz", "is not there"),
    "a scan that is damaged": (lambda p: flipped(place(p) / "scan.nii.gz"), "scan.nii.gz", ""),
    "another scan": (swapped_scan, "scan.nii.gz", "is not the scan that was stored"),
    "labels that are gone": (lambda p: (place(p) / "labels-v2.nii.gz").unlink(), "labels-v2.nii.gz", "not there"),
    "earlier labels that are gone": (
        lambda p: (place(p) / "labels-v1.nii.gz").unlink(),
        "labels-v1.nii.gz",
        "not there",
    ),
    "labels that are damaged": (lambda p: flipped(place(p) / "labels-v2.nii.gz"), "labels-v2.nii.gz", ""),
    "labels that were changed": (other_labels, "labels-v1.nii.gz", "is not what was stored"),
    "labels of another grid": (other_grid, "labels-v2.nii.gz", "does not lie on its scan"),
    "a model that is gone": (lambda p: p.models()[0].path.unlink(), "tiny-v2.safetensors", "not there"),
    "a model that is no model": (
        lambda p: p.models()[0].path.write_bytes(b"x"),
        "tiny-v2.safetensors",
        "cannot be used",
    ),
    "a version that nothing knows": (
        lambda p: change(p, "UPDATE cases SET version = 7"),
        "case1-38fcde7f",
        "version 7",
    ),
}


@pytest.mark.parametrize("fault", LOST)
def test_what_is_lost_is_named_and_no_repair_makes_it_up(full: Project, fault: str) -> None:
    damage, name, problem = LOST[fault]
    damage(full)
    found = check(full.folder)
    (wrong,) = [finding for finding in found if finding.subject.endswith(name)]
    assert problem in wrong.problem
    assert wrong.act is None
    assert wrong in repair(full, found)
    assert wrong in check(full.folder)


def unlisted(project: Project) -> None:
    change(project, "DELETE FROM versions WHERE version = 2", "UPDATE cases SET version = 1")


def unlisted_case(project: Project) -> None:
    change(project, "DELETE FROM versions WHERE slug LIKE 'case1%'", "DELETE FROM cases WHERE name = 'case1'")


MENDED: dict[str, tuple[Callable[[Project], object], list[tuple[str, int]]]] = {
    "labels that are not listed": (unlisted, [("case1", 2), ("other", 1)]),
    "a case that is not listed": (unlisted_case, [("case1", 2), ("other", 1)]),
    "labels of which nothing says what they show": (
        lambda p: (place(p) / "labels-v9.nii.gz").write_bytes((place(p) / "labels-v2.nii.gz").read_bytes()),
        [("case1", 2), ("other", 1)],
    ),
    "a file that was not written to its end": (
        lambda p: (place(p) / ".boundaryseg-0a.nii.gz").write_bytes(b"half"),
        [("case1", 2), ("other", 1)],
    ),
    "a model that was not written to its end": (
        lambda p: (p.models_folder / ".boundaryseg-0a.safetensors").write_bytes(b"half"),
        [("case1", 2), ("other", 1)],
    ),
    "a claim without labels": (
        lambda p: change(p, CLAIM.format("case1-38fcde7f")),
        [("case1", 2), ("other", 1)],
    ),
    "a claim with nothing at all": (
        lambda p: change(p, CLAIM.format("gone")),
        [("case1", 2), ("other", 1)],
    ),
    "a case whose files were moved": (
        lambda p: place(p, "other").rename(p.folder / "elsewhere"),
        [("case1", 2)],
    ),
    "a model that is not listed": (
        lambda p: change(p, "DELETE FROM models", "DELETE FROM active"),
        [("case1", 2), ("other", 1)],
    ),
    "a copy of a model that is listed": (
        lambda p: (p.models_folder / "tiny-v3.safetensors").write_bytes(p.models()[0].path.read_bytes()),
        [("case1", 2), ("other", 1)],
    ),
    "a page of no model": (
        lambda p: (p.models_folder / "tiny-v3.html").write_text("of a model that was never listed"),
        [("case1", 2), ("other", 1)],
    ),
    "a training that never began": (lambda p: p.training_folder(), [("case1", 2), ("other", 1)]),
    "a training that was half removed": (
        lambda p: (p.training_folder() / "log.jsonl").write_text(""),
        [("case1", 2), ("other", 1)],
    ),
    "an empty folder": (lambda p: (p.folder / "cases" / "empty").mkdir(mode=0o700), [("case1", 2), ("other", 1)]),
    "rights": (lambda p: (place(p) / "case.json").chmod(0o644), [("case1", 2), ("other", 1)]),
}


@pytest.mark.parametrize("fault", MENDED)
def test_what_can_be_mended_is_and_every_file_is_kept(full: Project, fault: str) -> None:
    damage, cases = MENDED[fault]
    damage(full)
    before = hashes(full)
    found = check(full.folder)
    assert found, "it is found"
    assert all(finding.remedy and finding.act for finding in found)
    assert hashes(full) == before, "a check changes nothing"
    assert repair(full, found) == []
    assert check(full.folder) == []
    assert hashes(full) == before
    assert [(case.name, case.version) for case in full.cases()] == cases
    for case in full.cases():
        assert full.meaning_of(case)["scheme"]["name"] == ("pelvis-mr" if case.name == "case1" else "hippocampus")
    assert [model.version for model in full.models()] == [2]


def test_while_another_process_writes_what_it_has_begun_is_no_finding_and_no_repair_is_made(full: Project) -> None:
    MENDED["a claim without labels"][0](full)
    (place(full) / ".boundaryseg-0a.nii.gz").touch(0o600)
    found = check(full.folder)
    assert len(found) == 2
    full._hold = None
    with held(full.folder):
        assert check(full.folder) == []
        with pytest.raises(ReadOnly, match="held by a window"):
            repair(full, found)
    assert check(full.folder) == found


def test_a_folder_without_a_project_is_refused_and_nothing_is_made(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(InputError, match="it holds no project"):
            check(folder)
    assert list(tmp_path.iterdir()) == []
