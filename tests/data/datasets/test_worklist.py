"""Folders of scans as a list of work."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pydicom")

from dicom_files import Edit, series
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from napari_boundaryseg.data import formats
from napari_boundaryseg.data.datasets.worklist import worklist
from napari_boundaryseg.data.volume import Geometry, Volume
from napari_boundaryseg.errors import InputError


def scan(path: Path, value: int = 1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    array = np.full((1, 3, 4, 5), value, np.int16)
    formats.write(Volume(array, Geometry((3, 4, 5), np.diag([1.0, 1.0, 2.0, 1.0]))), path)
    return path


def of_patient(patient: str, number: int = 1, description: str = "t2") -> Edit:
    uid = generate_uid()

    def edit(ds: Dataset, n: int) -> None:
        ds.PatientID, ds.SeriesInstanceUID, ds.SeriesNumber, ds.SeriesDescription = patient, uid, number, description

    return edit


def pseudonym(patient: str) -> str:
    return {"SECRET-A": "P1", "SECRET-B": "P2"}[patient]


def test_loose_files_are_listed_with_all_folders_below_and_without_results(tmp_path: Path) -> None:
    scan(tmp_path / "b.nii.gz")
    scan(tmp_path / "a.nrrd")
    for end in ("seg", "edges", "contours", "probabilities", "uncertainty"):
        scan(tmp_path / f"b_{end}.nii.gz")
    scan(tmp_path / "knee_edges.nii.gz")
    scan(tmp_path / "p1" / "t2.nii.gz")
    scan(tmp_path / "p2" / "t2.nii.gz")
    scan(tmp_path / "p2" / ".hidden.nii.gz")
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "p1")
    found, said = worklist(tmp_path)
    assert said == ()
    assert {one.name: one.images for one in found} == {
        "a": (tmp_path / "a.nrrd",),
        "b": (tmp_path / "b.nii.gz",),
        "knee_edges": (tmp_path / "knee_edges.nii.gz",),
        "p1_t2": (tmp_path / "p1" / "t2.nii.gz",),
        "p2_t2": (tmp_path / "p2" / "t2.nii.gz",),
    }


def test_digits_of_loose_files_are_patients_unless_a_dataset_says_channels(tmp_path: Path) -> None:
    for name in ("amos_0001", "amos_0004"):
        scan(tmp_path / f"{name}.nii.gz")
    assert [one.name for one in worklist(tmp_path)[0]] == ["amos_0001", "amos_0004"]


def test_a_data_set_is_listed_by_its_own_layout(tmp_path: Path) -> None:
    for name in ("case1", "case2"):
        scan(tmp_path / "images" / f"{name}.nii.gz")
    scan(tmp_path / "labels" / "case1.nii.gz")
    bids = tmp_path / "bids" / "sub-03" / "anat"
    scan(bids / "sub-03_T1w.nii.gz")
    scan(bids / "sub-03_T2w.nii.gz")
    found, said = worklist(tmp_path)
    assert [one.name for one in found] == ["case1", "case2"]
    assert said == ("1 of 2 scans in images have no label: case2.",)
    ((one,), _) = worklist(tmp_path / "bids")
    assert (one.name, one.patient) == ("sub-03", "sub-03")
    assert [path.name for path in one.images] == ["sub-03_T1w.nii.gz", "sub-03_T2w.nii.gz"]


def test_dicom_series_are_told_apart_by_patient_and_series_without_saying_who(tmp_path: Path) -> None:
    (tmp_path / "DOE^JOHN").mkdir()
    series(tmp_path / "DOE^JOHN" / "one", 4, of_patient("SECRET-B"))
    series(tmp_path / "DOE^JOHN" / "two", 4, of_patient("SECRET-B"))
    series(tmp_path / "x", 4, of_patient("SECRET-A", 3, "adc"), name="A{}")
    series(tmp_path / "x", 5, of_patient("SECRET-A", 4), name="B{}")
    scan(tmp_path / "other.nii.gz")
    found, said = worklist(tmp_path, pseudonym)
    assert said == ()
    assert [(one.name, one.patient) for one in found] == [
        ("P1_adc_3", "P1"),
        ("P1_t2_4", "P1"),
        ("P2_t2_1", "P2"),
        ("P2_t2_1 (2)", "P2"),
        ("other", ""),
    ]
    assert [formats.read(*one.images).array.shape[-1] for one in found] == [4, 5, 4, 4, 5]
    assert "SECRET" not in repr(found)


def test_a_series_that_makes_no_volume_is_listed_with_the_reason(tmp_path: Path) -> None:
    series(tmp_path / "s", 6, of_patient("SECRET-A"))
    (tmp_path / "s" / "IM0002").unlink()
    ((one,), (said,)) = worklist(tmp_path, pseudonym)
    assert "slice" in one.problem
    assert said.startswith("1 of 1 series make no volume: t2_1 (")


def test_a_folder_without_a_scan_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(InputError, match="it holds no scan that can be read"):
        worklist(tmp_path)
    with pytest.raises(InputError, match="there is no such folder"):
        worklist(tmp_path / "nowhere")


def test_scans_are_found_four_folders_down_and_no_deeper(tmp_path: Path) -> None:
    place = tmp_path
    for depth in range(6):
        scan(place / f"scan{depth}.nii.gz", depth + 1)
        place /= f"below{depth}"
    assert [one.name for one in worklist(tmp_path)[0]] == [f"scan{depth}" for depth in range(5)]


def test_a_list_of_series_says_how_far_it_is(tmp_path: Path) -> None:
    for n in (1, 2):
        series(tmp_path / f"p{n}", 4, of_patient("SECRET-A", n))
    heard: list[float] = []
    worklist(tmp_path, pseudonym, progress=lambda fraction, text: heard.append(fraction))
    assert heard and heard == sorted(heard) and 0 <= heard[0] <= heard[-1] <= 1
