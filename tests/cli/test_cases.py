"""Which files belong to which case."""

from __future__ import annotations

from pathlib import Path

import pytest

from napari_boundaryseg.cli.cases import cases_in, compared, known_as, name_of, sources
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


def test_four_digits_are_a_patient_where_files_beside_bear_others(tmp_path: Path) -> None:
    first, second = touch(tmp_path, "case_0000.nii.gz", "case_0001.nii.gz")
    assert [name_of([first]), name_of([second])] == ["case_0000", "case_0001"]
    assert name_of([first, second]) == "case", "given together they are channels"


def test_label_maps_keep_patient_numbers(tmp_path: Path) -> None:
    touch(tmp_path, "amos_0001_seg.nii.gz", "amos_0004.nii.gz", "p_0000.nii.gz")
    assert set(cases_in(tmp_path)) == {"amos_0001", "amos_0004", "p_0000"}


@pytest.mark.parametrize(
    ("predicted", "reference", "pairs"),
    [
        (["amos_0004.nii.gz"], ["amos_0001.nii.gz"], set()),
        (["FLARE22_Tr_0001_seg.nii.gz"], ["FLARE22_Tr_0001.nii.gz"], {"FLARE22_Tr_0001"}),
        (["a_seg.nii.gz"], ["a_0000.nii.gz"], {"a"}),
        (["a_0000_seg.nii.gz"], ["a.nii.gz"], {"a_0000"}),
        (["a_seg.nii.gz"], ["a_0000.nii.gz", "a.nii.gz"], {"a"}),
        (["a_0000_seg.nii.gz", "a_0001_seg.nii.gz"], ["a_0000.nii.gz", "a_0001.nii.gz"], {"a_0000", "a_0001"}),
        (["a_0001_seg.nii.gz"], ["a.nii.gz"], set()),
    ],
)
def test_predictions_meet_references_of_their_own_patient(
    tmp_path: Path, predicted: list[str], reference: list[str], pairs: set[str]
) -> None:
    for folder, names in (("p", predicted), ("r", reference)):
        (tmp_path / folder).mkdir()
        touch(tmp_path / folder, *names)
    found, truth = compared(tmp_path / "p", tmp_path / "r")
    assert set(found) & set(truth) == pairs
    assert (len(found), len(truth)) == (len(predicted), len(reference)), "none is lost"


def test_two_files_are_compared_whatever_their_names(tmp_path: Path) -> None:
    one, two = touch(tmp_path, "mine.nii.gz", "truth.nii.gz")
    assert compared(one, two) == ({"mine": one}, {"mine": two})


def test_a_name_is_not_taken_for_another_where_both_are_there() -> None:
    assert known_as("a", {"a", "a_0000"}) == "a"
    assert known_as("a_0000", {"a", "a_0000"}) == "a_0000"


def test_a_name_is_one_however_its_accents_are_written(tmp_path: Path) -> None:
    for system in ("mac", "linux"):
        (tmp_path / system).mkdir()
    (parts,) = touch(tmp_path / "mac", "Mu\u0308ller_seg.nii.gz")
    (whole,) = touch(tmp_path / "linux", "M\u00fcller.nii.gz")
    assert cases_in(tmp_path / "mac") == {"M\u00fcller": parts}
    assert cases_in(tmp_path / "linux") == {"M\u00fcller": whole}
