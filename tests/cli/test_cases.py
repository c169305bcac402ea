"""Which files are the scan of a case, and what the case is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_boundaryseg.cli.inputs.cases import name_of, sources
from napari_boundaryseg.errors import InputError


def touch(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).touch()
    return [folder / name for name in names]


def test_channels_are_joined_by_commas(tmp_path: Path) -> None:
    one, two = touch(tmp_path, "t1.nii.gz", "t2.nii.gz")
    assert sources(f"{one},{two}") == [one, two]


def test_a_comma_in_a_name_is_part_of_it(tmp_path: Path) -> None:
    (odd,) = touch(tmp_path, "a,b.nii.gz")
    assert sources(str(odd)) == [odd]


@pytest.mark.parametrize("text", ["", "  ", ","])
def test_nothing_is_not_the_current_folder(text: str) -> None:
    with pytest.raises(InputError, match=r"^scan: no file is named\. Give a file"):
        sources(text)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    (one,) = touch(tmp_path, "t1.nii.gz")
    with pytest.raises(InputError, match=r"^t9\.nii\.gz: "):
        sources(f"{one},{tmp_path / 't9.nii.gz'}")


@pytest.mark.parametrize(
    ("file", "case"),
    [
        ("case7_0000.nii.gz", "case7"), ("case.v2.nii.gz", "case.v2"), ("a.nrrd", "a"), ("a.mha", "a"), ("a.nii", "a"),
        ("amos_0004.nii.gz", "amos_0004"), ("FLARE22_Tr_0001.nii.gz", "FLARE22_Tr_0001"),
        ("FLARETs_0001_0000.nii.gz", "FLARETs_0001"), ("case_00000.nii.gz", "case_00000"),
        ("BraTS-GLI-00000-000-t1n.nii.gz", "BraTS-GLI-00000-000-t1n"),
    ],
)  # fmt: skip
def test_a_case_is_named_after_its_file(tmp_path: Path, file: str, case: str) -> None:
    assert name_of(touch(tmp_path, file)) == case


def test_a_series_is_named_after_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "series.12").mkdir()
    assert name_of([tmp_path / "series.12"]) == "series.12"
    monkeypatch.chdir(tmp_path / "series.12")
    assert name_of([Path()]) == "series.12"


def test_four_digits_are_a_patient_where_files_beside_bear_others(tmp_path: Path) -> None:
    first, second = touch(tmp_path, "case_0000.nii.gz", "case_0001.nii.gz")
    assert [name_of([first]), name_of([second])] == ["case_0000", "case_0001"]
    assert name_of([first, second]) == "case", "given together they are channels"
