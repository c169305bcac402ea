"""Acceptance of labels: read back before it is told, whole or not at all, numbered by versions and not by the clock."""

from __future__ import annotations

import errno
import hashlib
import os
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from session_cases import box_labels, box_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.volume import LabelMap, Volume
from napari_boundaryseg.editing.journal.scan_hash import scan_hash
from napari_boundaryseg.errors import InputError
from napari_boundaryseg.session.project import accepting
from napari_boundaryseg.session.project.cases import slug_of
from napari_boundaryseg.session.project.check import check
from napari_boundaryseg.session.project.holder import ReadOnly
from napari_boundaryseg.session.project.paths import Taken, make_new
from napari_boundaryseg.session.project.project import Project
from napari_boundaryseg.session.project.repair import repair


class FullDisk:
    """Lets the n-th call that writes fail as a full disk does, and all that follow."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, last: int) -> None:
        self.calls, self.last = 0, last
        for name in ("fsync", "mkdir", "open"):
            monkeypatch.setattr(os, name, self.failing(getattr(os, name), name))

    def failing(self, real: Any, name: str) -> Any:
        def call(path: Any, flags: Any = 0, *arguments: Any, **named: Any) -> Any:
            folder = name == "fsync" and stat.S_ISDIR(os.fstat(path).st_mode)  # where that fails, nothing is lost yet
            if not folder and (name != "open" or flags & (os.O_WRONLY | os.O_RDWR)):
                self.calls += 1
                if self.calls > self.last:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(path, flags, *arguments, **named) if name != "fsync" else real(path)

        return call


def test_a_disk_that_fills_up_at_any_moment_loses_nothing_and_tells(project: Project, scan: Volume) -> None:
    first = project.add_case(scan, box_labels(scan))
    old = first.label.read_bytes()
    failed = 0
    for last in range(60):
        with pytest.MonkeyPatch.context() as patch:
            disk = FullDisk(patch, last)
            try:
                case = project.add_case(box_scan("new"), box_labels(scan))
            except InputError as error:
                assert "No space left" in str(error)
                failed += 1
            else:
                assert disk.calls <= last
                break
        assert project.cases() == [first]
        assert [finding for finding in check(project.folder) if finding.act is None] == []
    else:
        raise AssertionError("it never went through")
    assert failed > 3
    assert first.label.read_bytes() == old
    assert np.array_equal(formats.read_labels(case.label).array, box_labels(scan).array)
    assert repair(project, check(project.folder)) == []
    assert check(project.folder) == []


def test_labels_that_the_disk_changed_are_not_told_as_accepted(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = project.add_case(scan, labels)
    real = accepting.make_new

    def changed(path: Path, make: Any) -> None:
        real(path, make)
        if path.name.startswith("labels"):
            array = labels.array.copy()
            array[0, 0, 0] = 1
            path.unlink()
            formats.write(LabelMap(array, labels.geometry), path)

    with monkeypatch.context() as patch:
        patch.setattr(accepting, "make_new", changed)
        with pytest.raises(InputError, match=r"labels-v2\.nii\.gz: it does not read back as it was written"):
            project.add_case(scan, labels)
    assert project.cases() == [first]
    assert project.add_case(scan, labels).version == 3


def test_a_scan_that_the_disk_changed_is_not_listed(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = accepting.make_new

    def changed(path: Path, make: Any) -> None:
        real(path, lambda new: formats.write(box_scan(seed=5), new) if path.name == "scan.nii.gz" else make(new))

    with monkeypatch.context() as patch:
        patch.setattr(accepting, "make_new", changed)
        with pytest.raises(InputError, match=r"scan\.nii\.gz: it does not read back as it was written"):
            project.add_case(scan, labels)
    assert project.cases() == []
    assert list((project.folder / "cases").iterdir()) == []
    case = project.add_case(scan, labels)
    assert (case.name, case.version) == ("case1", 1)
    np.testing.assert_array_equal(formats.read(case.image).array, scan.array)


def test_a_scan_that_was_replaced_in_the_project_gets_no_further_labels(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    case = project.add_case(scan, labels)
    formats.write(box_scan(seed=7), case.image)
    with pytest.raises(InputError, match="case1: the scan in the project is no longer the one that was accepted"):
        project.add_case(scan, labels)
    with pytest.raises(InputError, match="no longer the one that was accepted"):
        project.add_case(box_scan(seed=7), labels)
    assert project.cases() == [case]


def test_a_scan_that_a_crash_left_is_not_overwritten_by_another_of_its_name(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    left = project.folder / "cases" / slug_of("case1") / "scan.nii.gz"
    left.parent.mkdir()
    formats.write(box_scan(seed=3), left)
    before = left.read_bytes()
    assert project.add_case(scan, labels).name == "case1 (2)"
    assert left.read_bytes() == before
    assert project.add_case(box_scan(seed=3), labels).name == "case1"


def test_labels_that_a_crash_left_without_their_scan_get_no_scan(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    left = project.folder / "cases" / slug_of("case1") / "labels-v1.nii.gz"
    left.parent.mkdir()
    formats.write(labels, left)
    assert project.add_case(scan, labels).name == "case1 (2)"
    assert [path.name for path in left.parent.iterdir()] == ["labels-v1.nii.gz"]


@pytest.mark.parametrize("step", [timedelta(0), timedelta(days=-400), timedelta(microseconds=-1)])
def test_versions_do_not_follow_the_clock(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    class Clock(datetime):
        time = datetime(2026, 3, 1, tzinfo=UTC)

        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            cls.time += step
            return cls.time

    import napari_boundaryseg.session.project.folder as folder

    for module in (accepting, folder):
        monkeypatch.setattr(module, "datetime", Clock)
    made = [project.add_case(scan, labels) for _ in range(3)]
    assert [case.version for case in made] == [1, 2, 3]
    assert [case.version for case in project.cases()] == [3]
    for _ in range(3):
        project.remove_case("case1")
        project.add_case(scan, labels)
    kept = list((project.folder / "removed").iterdir())
    assert len(kept) == 3
    assert sum((path / "labels-v3.nii.gz").is_file() for path in kept) == 1
    assert all((path / "scan.nii.gz").is_file() for path in kept)


def test_each_version_knows_its_file_and_the_case_its_scan(project: Project, scan: Volume, labels: LabelMap) -> None:
    case = project.add_case(scan, labels)
    stored = formats.read(case.image)
    with closing(sqlite3.connect(project.folder / "project.sqlite")) as database:
        assert database.execute("SELECT version, file, sha256, state FROM versions").fetchall() == [
            (1, "labels-v1.nii.gz", hashlib.sha256(case.label.read_bytes()).hexdigest(), "valid")
        ]
        assert database.execute("SELECT scan_hash FROM cases").fetchone() == (scan_hash(stored.array, stored.affine),)


@pytest.mark.skipif(os.name != "posix", reason="rights")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_strangers_cannot_look_into_a_project(tmp_path: Path, scan: Volume, tiny_model: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        project = Project(tmp_path / "study")
        project.add_case(scan, box_labels(scan))
        project.add_case(scan, box_labels(scan))
        project.add_model(tiny_model)
        (project.training_folder() / "log.jsonl").touch(0o666)
        assert [one.subject for one in check(project.folder)] == ["models/training-1"], "it holds nothing to resume"
        project.remove_case("case1")
    finally:
        os.umask(before)
    for path in [project.folder, *(path for path in project.folder.rglob("*") if path.name != "log.jsonl")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), (path.name, oct(mode))


@pytest.mark.skipif(os.name != "posix", reason="rights")
def test_an_older_project_loses_the_rights_of_strangers_when_it_is_written_and_a_shared_one_keeps_its_group(
    project: Project, scan: Volume, labels: LabelMap
) -> None:
    def modes() -> set[int]:
        return {stat.S_IMODE(path.stat().st_mode) for path in [project.folder, *project.folder.rglob("*")]}

    project.add_case(scan, labels)
    for shared, wanted in ((0o755, {0o700, 0o600}), (0o775, {0o770, 0o660})):
        for path in [project.folder, *project.folder.rglob("*")]:
            path.chmod(shared if path.is_dir() else shared & 0o666)
        assert Project(project.folder).cases()
        assert shared in modes(), "reading changes nothing"
        project._hold = None
        project.add_case(scan, labels)
        assert modes() == wanted


@pytest.mark.skipif(os.name != "posix", reason="rights")
def test_a_project_in_a_folder_with_other_things_leaves_those_alone(
    tmp_path: Path, scan: Volume, labels: LabelMap
) -> None:
    (tmp_path / "home").mkdir(0o755)
    (tmp_path / "home" / "letter.txt").touch(0o644)
    Project(tmp_path / "home").add_case(scan, labels)
    assert stat.S_IMODE((tmp_path / "home").stat().st_mode) == 0o755
    assert stat.S_IMODE((tmp_path / "home" / "letter.txt").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "home" / "cases").stat().st_mode) == 0o700


def test_where_a_disk_has_no_hard_links_files_are_still_new_and_none_is_replaced(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(*_: Any, **__: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", without)
    assert [project.add_case(scan, labels).version for _ in range(2)] == [1, 2]
    assert check(project.folder) == []
    there = project.cases()[0].label
    before = there.read_bytes()
    with pytest.raises(Taken, match=r"labels-v2\.nii\.gz: it is there already"):
        make_new(there, lambda path: path.write_bytes(b"other"))
    assert there.read_bytes() == before
    assert not list(there.parent.glob(".boundaryseg-*"))


@pytest.mark.parametrize("reached", ["scan", "labels"])
def test_who_loses_the_right_to_write_in_the_middle_is_told_and_lists_nothing(
    project: Project, scan: Volume, labels: LabelMap, monkeypatch: pytest.MonkeyPatch, reached: str
) -> None:
    real = accepting.make_new

    def lost(path: Path, make: Any) -> None:
        real(path, make)
        if path.name.startswith(reached):
            with closing(sqlite3.connect(project.folder / "project.sqlite")) as database, database:
                database.execute("UPDATE holder SET token = 'of another', host = 'elsewhere', pid = 7")

    with monkeypatch.context() as patch:
        patch.setattr(accepting, "make_new", lost)
        with pytest.raises(ReadOnly, match=r"held by a program on elsewhere \(process 7\)"):
            project.add_case(scan, labels)
    assert project.cases() == []
    assert project.add_case(scan, labels).version == 2
