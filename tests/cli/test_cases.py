"""Which files belong to which case."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_boundaryseg.cli.cases import cases_in, name_of, refuse_repeated, sources
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
    [("case7_0000.nii.gz", "case7"), ("case.v2.nii.gz", "case.v2"), ("a.nrrd", "a"), ("a.mha", "a"), ("a.nii", "a")],
)
def test_a_case_is_named_after_its_file(tmp_path: Path, file: str, case: str) -> None:
    assert name_of(touch(tmp_path, file)) == case


def test_a_series_is_named_after_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "series.12").mkdir()
    assert name_of([tmp_path / "series.12"]) == "series.12"
    monkeypatch.chdir(tmp_path / "series.12")
    assert name_of([Path()]) == "series.12"


def test_two_scans_of_one_name_are_refused() -> None:
    refuse_repeated(["a", "b"])
    with pytest.raises(InputError, match=r"^a: two scans"):
        refuse_repeated(["a", "b", "a"])


def test_label_maps_of_a_folder_by_case(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "a_seg.nii.gz",
        "a_edges.nii.gz",
        "a_contours.nii.gz",
        "a_probabilities.nii.gz",
        "a.json",
        "b.nii.gz",
        "._b.nii.gz",
    )
    assert cases_in(tmp_path) == {"a": tmp_path / "a_seg.nii.gz", "b": tmp_path / "b.nii.gz"}


def test_a_case_with_two_label_maps_is_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a_seg.nii.gz", "a.nii.gz")
    with pytest.raises(InputError, match="'a' has two"):
        cases_in(tmp_path)
