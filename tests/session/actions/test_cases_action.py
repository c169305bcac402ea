"""Cases of a study: a folder added, cases opened and reopened, noted and taken off."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from session_cases import Told, box_labels, box_scan

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.labels import preset
from napari_boundaryseg.editing.journal.scan_hash import hash_of
from napari_boundaryseg.session.actions.accept import accept
from napari_boundaryseg.session.actions.cases import add_folder, note, open_case, remove
from napari_boundaryseg.session.actions.patients import note_patient
from napari_boundaryseg.session.actions.scan import open_scan
from napari_boundaryseg.session.case_list import CaseRow, case_rows


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three scans."""
    (tmp_path / "scans").mkdir()
    for seed, name in enumerate(("a", "b", "c")):
        formats.write(box_scan(name, seed=seed), tmp_path / "scans" / f"{name}.nii.gz")
    return tmp_path / "scans"


def rows(told: Told) -> list[CaseRow]:
    return case_rows(told.session.project)


def test_a_folder_is_added_once(told: Told, folder: Path) -> None:
    add_folder(told.session, folder)
    (folder / "d.nii.gz").write_bytes((folder / "c.nii.gz").read_bytes())
    add_folder(told.session, folder)
    assert [(row.name, row.status) for row in rows(told)] == [(name, "new") for name in "abcd"]
    assert told.of("info") == [
        "3 scans of scans added.",
        "1 scan of scans added, 3 were on the list already.",
    ]


def test_a_folder_without_scans_changes_nothing(told: Told, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    add_folder(told.session, tmp_path / "none")
    assert "it holds no scan that can be read" in told.one_error()
    assert rows(told) == []


def test_an_accepted_case_is_reopened_with_its_newest_or_earlier_labels(told: Told, folder: Path) -> None:
    add_folder(told.session, folder)
    open_case(told.session, rows(told)[1])
    scan = told.session.scan
    assert (scan.name, told.session.labels) == ("b", None)
    assert rows(told)[1].item.scan_hash == hash_of(scan)
    first = box_labels(scan)
    accept(told.session, first)
    second = scan.with_labels(np.roll(first.array, 1, axis=2), preset("pelvis-mr"))
    accept(told.session, second)
    open_case(told.session, rows(told)[0])
    assert told.session.labels is None
    row = rows(told)[1]
    assert (row.status, row.case.version) == ("accepted", 2)
    open_case(told.session, row)
    assert told.session.scan.name == "b"
    np.testing.assert_array_equal(told.session.labels.array, second.array)
    assert told.session.labels.scheme == second.scheme
    open_case(told.session, row, told.session.project.versions_of(row.case)[1])
    np.testing.assert_array_equal(told.session.labels.array, first.array)
    assert told.session.labels.scheme == first.scheme
    open_case(told.session, row, labels=False)
    assert told.session.labels is None


def test_the_projects_copy_keeps_the_names_of_channels_and_the_modality(told: Told) -> None:
    """A NIfTI file holds neither; a model finds its channels by name, and asks for its modality."""
    one = box_scan("brain")
    array = np.concatenate([one.array, 2 * one.array, 3 * one.array])
    told.session.scan = replace(one, array=array, channels=("t1", "flair", "t2"), modality="MR")
    accept(told.session, box_labels(told.session.scan))
    told.session.scan = None
    (row,) = rows(told)
    open_case(told.session, row)
    scan = told.session.scan
    assert (scan.channels, scan.modality) == (("t1", "flair", "t2"), "MR")
    np.testing.assert_array_equal(scan.array, array)
    notes = row.case.image.parent / "case.json"
    for text in ("no json", notes.read_text("utf-8").replace('"flair"', '"t1"')):
        notes.write_text(text, "utf-8")
        open_case(told.session, row)
        assert len(set(told.session.scan.channels)) == 3, "what was changed by hand names nothing"


def test_a_case_that_is_on_no_worklist_is_opened_from_the_projects_copy(told: Told, labels: object) -> None:
    accept(told.session, box_labels(told.session.scan))
    told.session.scan = None
    (row,) = rows(told)
    open_case(told.session, row)
    assert told.session.scan.name == "case1"
    assert told.session.labels.array.any()


def test_a_scan_that_is_no_longer_there_is_said_and_nothing_is_closed(told: Told, folder: Path) -> None:
    add_folder(told.session, folder)
    (folder / "a.nii.gz").unlink()
    before = told.session.scan
    open_case(told.session, rows(told)[0])
    assert told.one_error().startswith("a.nii.gz: it cannot be opened")
    assert told.session.scan is before


def test_notes_and_removal(told: Told, folder: Path) -> None:
    add_folder(told.session, folder)
    accept(told.session, box_labels(told.session.scan))
    note(told.session, rows(told)[0], "apex unclear")
    note(told.session, rows(told)[3], "for teaching")
    assert [row.comment for row in rows(told)] == ["apex unclear", "", "", "for teaching"]
    for n in (3, 1):
        remove(told.session, rows(told)[n])
    assert [row.name for row in rows(told)] == ["a", "c"]
    assert sorted(path.name for path in folder.iterdir()) == ["a.nii.gz", "b.nii.gz", "c.nii.gz"]


def test_the_patient_of_a_scan_is_that_of_its_case_too_and_the_version_says_who_and_how_long(
    told: Told, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    add_folder(told.session, folder)
    open_case(told.session, rows(told)[0])
    note_patient(told.session, rows(told)[0], "sub-01")
    accept(told.session, box_labels(told.session.scan), seconds=90.0)
    (case,) = told.session.project.cases()
    assert (case.patient, case.person, case.seconds) == ("sub-01", "ada", 90.0)
    note_patient(told.session, rows(told)[0], "sub-02")
    assert told.session.project.cases()[0].patient == rows(told)[0].patient == "sub-02"
    note_patient(told.session, rows(told)[0], "")
    assert told.session.project.cases()[0].patient is None


def test_a_label_map_that_is_opened_as_a_case_is_told(told: Told, tmp_path: Path) -> None:
    (tmp_path / "maps").mkdir()
    formats.write(box_labels(box_scan("a")), tmp_path / "maps" / "a.nii.gz")
    formats.write(box_scan("b", seed=2), tmp_path / "maps" / "b.nii.gz")
    add_folder(told.session, tmp_path / "maps")
    open_case(told.session, rows(told)[0])
    assert any("as those of a label map" in warning for warning in told.session.scan.warnings)
    open_case(told.session, rows(told)[1])
    assert not any("label map" in warning for warning in told.session.scan.warnings)


def test_a_file_of_a_case_is_opened_as_that_case_with_what_was_accepted(
    told: Told, folder: Path, tmp_path: Path
) -> None:
    """By the file of the worklist, the project's own copy, or any other file of the same voxels."""
    add_folder(told.session, folder)
    open_case(told.session, rows(told)[1])
    accept(told.session, box_labels(told.session.scan))
    case = rows(told)[1].case
    formats.write(formats.read(folder / "b.nii.gz"), tmp_path / "elsewhere.nrrd")
    for path in (folder / "b.nii.gz", case.image, tmp_path / "elsewhere.nrrd"):
        told.session.scan = None
        open_scan(told.session, path)
        assert (told.session.scan.name, told.session.labels.array.any()) == ("b", True), path.name
        assert "This scan is the case b" in told.of("info")[-1]
        open_scan(told.session, path, unsaved={case.scan_hash})
        assert (told.session.scan.name, told.session.labels) == ("b", None), "work waits, which comes first"
    accept(told.session, box_labels(told.session.scan))
    assert [row.status for row in rows(told)] == ["new", "accepted", "new"], "no second case of one scan"


def test_a_file_that_is_another_scan_now_and_labels_that_cannot_be_read_keep_no_scan_closed(
    told: Told, folder: Path
) -> None:
    add_folder(told.session, folder)
    open_case(told.session, rows(told)[0])
    accept(told.session, box_labels(told.session.scan))
    case = rows(told)[0].case
    case.label.write_bytes(b"damaged")
    told.session.scan = None
    open_scan(told.session, folder / "a.nii.gz")
    assert (told.session.scan.name, told.session.labels) == ("a", None)
    formats.write(box_scan("a", seed=9), folder / "a.nii.gz")
    told.session.scan = None
    open_scan(told.session, folder / "a.nii.gz")
    assert (told.session.scan.name, told.session.labels) == ("a", None)
    assert hash_of(told.session.scan) != case.scan_hash
